"""The whole evaluation on the tiny sources: reliability, drift, pictures, and a page that holds every table."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.evaluate import drift, study
from stillwatch.evaluate.charts import bars, lines
from stillwatch.evaluate.pages import write_page
from stillwatch.evaluate.reliability_table import reliability, unseen_bits
from stillwatch.evaluate.study import Scale, Study
from stillwatch.evaluate.tables import Table
from stillwatch.evaluate.unseen_tables import unseen_totals
from stillwatch.model.errors import StoreError
from stillwatch.statistics.isotonic import probability

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.evaluate.accounts import AccountSet
    from stillwatch.evaluate.sources import Source
    from stillwatch.evaluate.unseen import Examination

TINY = Scale(per=4, training_per=4, windows=1, peer_size=30, peer_sizes=(30,), seeds=2, world_scale=0.1)
WORLDS = (
    Table("personas", "Simulated personas", ("persona",), (("person",),)),
    Table("worlds_ablation", "Simulated ablation", ("detector",), (("rhythm",),)),
    Table("replay", "Simulated replay", ("what",), (("found",),)),
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def made(sources: tuple[Source, ...]) -> Study:
    """Run the evaluation small, with worlds that are tested by themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "SIZES", (10, 30))
        patch.setattr(drift, "POOL", 6)
        patch.setattr(study, "persona_rates", lambda *_, **__: WORLDS)
        return study.run(sources, DEFAULT, seed=3, scale=TINY, peers=False, told=lambda _: None)


def test_promised_probabilities_are_those_of_the_unseen_bits(exam: Examination) -> None:
    rows = exam.accounts.size >= 30
    table = reliability(exam)
    label = exam.accounts.cls == "A"
    promised = probability(unseen_bits(exam), float(label[rows].mean()))[rows]
    shown = [row for row in table.rows if row[0] == "all"]

    assert np.array_equal(unseen_bits(exam), unseen_totals(exam) - DEFAULT.prior_bits)
    assert sum(row[1] for row in shown) == int(rows.sum())
    assert sum(row[1] * row[2] for row in shown) == pytest.approx(promised.sum())
    assert sum(row[1] * row[3] for row in shown) == pytest.approx(label[rows].sum())
    assert [row[0] for row in table.rows if row[0] != "all"] == ["10 requests", "30 requests"]


def test_within_the_traffic_of_the_reference_the_rate_holds(
    sources: tuple[Source, ...], accounts: AccountSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "POOL", 20)
    table = drift.error_control(sources, accounts, DEFAULT, seeds=6, rng=np.random.default_rng(2))

    assert [row[0] for row in table.rows] == ["0.01", "0.05", "0.10", "0.25"]
    for row in table.rows:
        nominal, same = float(row[0]), float(str(row[1]).split(" ", 1)[0])
        shared, plain = float(str(row[4])), float(str(row[5]))
        assert same <= nominal + 0.03
        assert shared <= plain
        assert shared <= nominal + 0.03
        worst, name = str(row[3]).split(" ", 1)
        assert float(worst) >= float(str(row[2])) - 1e-9
        assert name.strip("()") in {"b1", "b2", "c1", "c2", "c3"}
    assert float(str(table.rows[-1][5])) > 0.25


def test_drift_compares_honest_accounts_by_models_that_did_not_see_them(
    sources: tuple[Source, ...], accounts: AccountSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "POOL", 3)
    asked: list[int] = []
    plain = drift._unseen_totals

    def told(exam: object, full: object, number: int) -> np.ndarray:
        asked.append(number)
        return plain(exam, full, number)

    monkeypatch.setattr(drift, "_unseen_totals", told)
    drift.error_control(sources, accounts, DEFAULT, seeds=1, rng=np.random.default_rng(2))

    assert asked == [4, 5, 6, 7, 8]


def test_a_tenant_is_judged_by_a_model_that_did_not_see_him(exam: Examination) -> None:
    found = drift._unseen_totals(exam, exam, 6)

    assert np.array_equal(found, exam.totals((6,)))
    assert not np.array_equal(found, exam.totals(()))


RATES = Table(
    "error_control",
    "Rates & more",
    ("nominal", "same", "new"),
    (("0.01", "0.00", "0.02 (b1)"), ("0.10", "0.10 [0.0, 0.2]", "0.9 (x)")),
)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  our own picture


def points(svg: str) -> list[tuple[float, float]]:
    return [(float(c.get("cx", "nan")), float(c.get("cy", "nan"))) for c in parsed(svg).iter(f"{SVG}circle")]


def test_lines_are_drawn_inside_the_frame_and_every_column_is_named() -> None:
    svg = lines(RATES)

    assert len(points(svg)) == 4
    assert all(0 <= x <= 560 and 0 <= y <= 320 for x, y in points(svg))
    # A larger rate stands higher.
    heights = [y for _, y in points(svg)]
    assert heights[3] < heights[1] < heights[0]
    words = "".join(parsed(svg).itertext())
    assert "same" in words
    assert "new" in words
    assert "Rates & more" in words


@pytest.mark.parametrize("measured", ["0.000", "0.001"])
def test_rates_of_nought_and_small_ones_leave_the_line_of_equality_inside(measured: str) -> None:
    svg = lines(Table("error_control", "Rates", ("nominal", "same"), (("0.01", measured), ("0.25", measured))))

    numbers = [
        float(n) for path in parsed(svg).iter(f"{SVG}path") for n in re.findall(r"-?\d+\.?\d*", path.get("d", ""))
    ]
    assert min(numbers) >= 0
    assert max(numbers) <= 560


def test_bars_show_the_rows_of_all_accounts_alone() -> None:
    table = Table(
        "reliability",
        "Reliability",
        ("cohort", "accounts", "promised", "observed", "interval", "parts"),
        (
            ("all", 5, 0.1, 0.0, "0.00 to 0.40", ""),
            ("all", 5, 0.9, 0.8, "0.30 to 1.00", ""),
            ("30 requests", 10, 0.5, 0.4, "Brier 0.1", ""),
        ),
    )

    assert len(points(bars(table))) == 2


def test_a_run_says_how_much_it_judged(made: Study) -> None:
    assert made.accounts == 2 * 4 * 9
    assert made.events == 4 * 9 * (10 + 30)
    assert len({table.key for table in made.tables}) == len(made.tables)
    json.dumps([table.rows for table in made.tables])


def test_the_same_seed_gives_the_same_tables(
    made: Study, sources: tuple[Source, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "SIZES", (10, 30))
    monkeypatch.setattr(drift, "POOL", 6)
    monkeypatch.setattr(study, "persona_rates", lambda *_, **__: WORLDS)

    again = study.run(sources, DEFAULT, seed=3, scale=TINY, peers=False, told=lambda _: None)

    assert repr(again.tables) == repr(made.tables)


def test_a_page_holds_every_table_and_every_picture(made: Study, tmp_path: Path) -> None:
    page = tmp_path / "evaluation.md"
    write_page(made, page, command="stillwatch evaluate --small", today=date(2026, 1, 31))
    text = page.read_text(encoding="utf-8")

    for table in made.tables:
        assert f"### {table.title}\n" in text, table.key
        assert "| " + " | ".join(table.head) + " |" in text
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert pictures == ["evaluation-reliability.svg", "evaluation-error-control.svg"]
    for name in pictures:
        parsed((tmp_path / name).read_text(encoding="utf-8"))
    assert "`stillwatch evaluate --small`, 2026-01-31" in text
    assert "4 sources of A, 2 of B and 3 of C" in text
    assert f"{made.accounts:,} accounts" in text


def test_a_page_that_cannot_be_written_is_said(made: Study, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="folder does not exist"):
        write_page(made, tmp_path / "nowhere" / "page.md", command="", today=date(2026, 1, 31))
