"""Nobody is judged by a model that saw his source: tables of the tiny sources against plain counting."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.detectors import combine, examine_all
from stillwatch.evaluate import unseen_tables
from stillwatch.evaluate.accounts import AccountSet, draw_accounts, fold_draws, mix_accounts
from stillwatch.evaluate.fractions import by_fraction
from stillwatch.evaluate.learn import kin
from stillwatch.evaluate.scores import auc
from stillwatch.evaluate.unseen import Examination, detectors_asked, examine_accounts
from stillwatch.evaluate.unseen_tables import (
    LINES,
    Pairs,
    ablation,
    by_size,
    error_rates,
    headline,
    languages,
    matrix,
    operating_points,
    unseen_totals,
    worst_ranked,
)

if TYPE_CHECKING:
    from stillwatch.evaluate.sources import Source

HONEST = (4, 5, 6, 7, 8)


def rows_of_30(exam: Examination, number: int) -> np.ndarray:
    return (exam.accounts.size >= 30) & (exam.accounts.source == number)


def trained_on(sources: tuple[Source, ...]) -> AccountSet:
    rng = np.random.default_rng(6)
    return fold_draws(sources, draw_accounts(sources, (30,), 4, rng), DEFAULT, rng)


def test_rows_of_sources_left_out_change_no_total(accounts: AccountSet, sources: tuple[Source, ...]) -> None:
    """Answers of the sources left out become a thousand times as long; nothing that is said of anybody moves."""
    number = 0
    gone = kin(accounts, number)
    strange = tuple(
        replace(source, tokens_out=source.tokens_out * 1000, turn=source.turn + 5) if n in gone else source
        for n, source in enumerate(sources)
    )
    plain, moved = (examine_accounts(accounts, DEFAULT, trained_on(made)) for made in (sources, strange))

    assert np.array_equal(plain.of_unseen(number), moved.of_unseen(number))
    assert np.array_equal(plain.shapes(gone), moved.shapes(gone))
    # The change is one that a model sees.
    assert not np.allclose(plain.totals(()), moved.totals(()))


def test_leaving_a_source_out_is_leaving_its_kin_out(exam: Examination) -> None:
    assert np.array_equal(exam.of_unseen(0), exam.totals((0, 1)))
    assert np.array_equal(exam.of_unseen(0), exam.of_unseen(1))
    assert not np.array_equal(exam.of_unseen(0), exam.totals((0,)))
    assert np.array_equal(exam.of_unseen(7), exam.totals((7,)))


def test_only_the_shape_is_learnt_anew(exam: Examination, accounts: AccountSet) -> None:
    asked = examine_all(accounts.profile, DEFAULT)
    others = tuple(one for one in asked if one.detector != "harvest_shape")

    assert np.array_equal(exam.totals((), ("harvest_shape",)), combine(others, DEFAULT).total_bits)


def test_a_detector_switched_off_says_nothing(exam: Examination) -> None:
    names = detectors_asked(exam.examined)

    assert "harvest_shape" in names
    assert exam.totals((), names) == pytest.approx(np.full(len(exam.accounts.draws), DEFAULT.prior_bits))


def test_every_account_is_judged_by_the_model_of_its_own_source(exam: Examination) -> None:
    totals = unseen_totals(exam)

    for number in range(9):
        mine = exam.accounts.source == number
        assert np.array_equal(totals[mine], exam.of_unseen(number)[mine])


def test_a_pair_is_judged_by_a_model_that_saw_neither(exam: Examination) -> None:
    asked: list[tuple[int, ...]] = []

    def weigher(left_out: tuple[int, ...]) -> np.ndarray:
        asked.append(left_out)
        return exam.totals(left_out)

    pairs = Pairs(exam, weigher, "C", exam.accounts.size >= 30)

    assert set(pairs.of) == {(a, c) for a in range(4) for c in (6, 7, 8)}
    assert sorted(asked) == sorted({(*kin(exam.accounts, a), c) for a in range(4) for c in (6, 7, 8)})
    above, below = pairs.of[2, 7]
    totals = exam.totals((2, 3, 7))
    assert np.array_equal(above, totals[rows_of_30(exam, 2)])
    assert np.array_equal(below, totals[rows_of_30(exam, 7)])
    assert pairs.macro(None) == pytest.approx(np.mean([auc(a, b) for a, b in pairs.of.values()]))


def test_classes_that_differ_are_ranked_apart_and_the_headline_says_so(exam: Examination) -> None:
    table = headline(exam, {"shape": exam.shapes, "all": exam.totals}, np.random.default_rng(1))

    assert [row[0] for row in table.rows] == ["shape", "all"]
    for row in table.rows:
        for cell in row[1:]:
            value, low, high = (float(part.strip("[],")) for part in str(cell).split())
            assert 0.8 < low <= value <= high <= 1


def test_the_matrix_holds_every_pair(exam: Examination) -> None:
    table = matrix(exam, exam.totals)
    pairs = Pairs(exam, exam.totals, "B", exam.accounts.size >= 30)

    assert table.head == ("A", "b1", "b2", "c1", "c2", "c3")
    assert [row[0] for row in table.rows] == ["a1", "a2", "a3", "a4"]
    assert table.rows[1][2] == auc(*pairs.of[1, 5])


def test_a_size_that_only_one_class_has_is_shown_as_unknown(sources: tuple[Source, ...]) -> None:
    rng = np.random.default_rng(3)
    large = fold_draws(sources, draw_accounts(sources, (100,), 2, rng), DEFAULT, rng)
    made = examine_accounts(large, DEFAULT, trained_on(sources))

    table = by_size(made, made.totals, rng)

    assert table.rows[0][:2] == (100, "-")
    assert "nan" not in str(table.rows[0][2])


def test_operating_points_count_what_lies_above_each_line(exam: Examination) -> None:
    totals = unseen_totals(exam)
    table = operating_points(exam)

    assert len(table.rows) == 1 + 2 * len(LINES)
    for name, line, accused, worst, found, half in table.rows:
        over = (totals >= line) if name == "default threshold" else (totals > line)
        rates = {n: over[rows_of_30(exam, n)].mean() for n in range(9)}
        assert accused == pytest.approx(np.mean([rates[n] for n in HONEST]))
        assert float(str(worst).split(" ", 1)[0]) == pytest.approx(max(rates[n] for n in HONEST), abs=5e-4)
        assert found == pytest.approx(np.mean([rates[n] for n in range(4)]))
        assert half == f"{sum(rates[n] >= 0.5 for n in range(4))} of 4"


def test_lines_keep_the_rate_they_are_named_after(exam: Examination) -> None:
    _, *lines = operating_points(exam).rows

    for (name, _, accused, worst, *_), most in zip(lines, np.repeat(LINES, 2), strict=True):
        kept = accused if "worst" not in name else float(str(worst).split(" ", 1)[0])
        assert kept <= most + 5e-4


@pytest.mark.parametrize("threshold", [3.0, -8.0])
def test_the_default_threshold_is_the_one_given(threshold: float, accounts: AccountSet) -> None:
    made = examine_accounts(accounts, replace(DEFAULT, threshold_bits=threshold))

    first = operating_points(made).rows[0]

    assert first[:2] == ("default threshold", threshold)
    assert DEFAULT.threshold_bits == 3.0


def test_an_account_at_the_threshold_itself_is_reported(exam: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    totals = np.where(exam.accounts.cls == "A", DEFAULT.threshold_bits, np.nextafter(DEFAULT.threshold_bits, 0.0))
    monkeypatch.setattr(unseen_tables, "unseen_totals", lambda _: totals)

    first = operating_points(exam).rows[0]

    assert first[2:] == (0.0, "0.000 (b1)", 1.0, "4 of 4")


def test_error_rates_count_each_source_by_itself(exam: Examination) -> None:
    totals = unseen_totals(exam)
    table = error_rates(exam)

    assert [row[1] for row in table.rows] == [*("a1", "a2", "a3", "a4", "b1", "b2", "c1", "c2", "c3")]
    for number, row in enumerate(table.rows):
        mine = totals[rows_of_30(exam, number)]
        assert row[2] == pytest.approx(float(np.median(mine)))
        assert row[3] == f"{100 * (mine >= 3.0).mean():.1f} % ({(mine >= 3.0).sum()}/{mine.size})"


def test_text_and_lengths_alone_report_nobody(exam: Examination) -> None:
    assert unseen_totals(exam).max() < DEFAULT.threshold_bits


def test_languages_are_counted_and_never_weighed(exam: Examination) -> None:
    table = languages(exam)

    assert sum(int(row[2]) for row in table.rows) == int((exam.accounts.size >= 30).sum())
    other = tuple(replace(source, lang=("fr",) * len(source.lang)) for source in exam.accounts.sources)
    moved = replace(exam, accounts=replace(exam.accounts, sources=other))
    assert {row[1] for row in languages(moved).rows} == {"other"}
    assert np.array_equal(unseen_totals(moved), unseen_totals(exam))


def test_ablation_shows_what_is_lost(exam: Examination) -> None:
    table = ablation(exam, ("harvest_shape", "prompt_factory"))
    whole, shape, _ = table.rows
    pairs = Pairs(exam, lambda gone: exam.totals(gone, ("harvest_shape",)), "B", exam.accounts.size >= 30)

    assert whole[0] == "none"
    assert shape[1] == pytest.approx(pairs.macro(None))
    assert shape[3] == pytest.approx(shape[1] - whole[1])


def test_the_worst_ranked_come_first_and_no_source_fills_the_table(exam: Examination) -> None:
    table = worst_ranked(exam)
    totals = unseen_totals(exam)
    honest = exam.accounts.cls != "A"
    wrong = np.where(honest, totals, -totals)[exam.accounts.size >= 30]

    assert len(table.rows) == 10
    shown = [row[3] if row[0] != "A" else -row[3] for row in table.rows]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == pytest.approx(wrong.max())
    names = [row[1] for row in table.rows]
    assert max(names.count(name) for name in names) <= 2


def test_hidden_attack_is_compared_with_honest_accounts_of_its_size(
    exam: Examination, sources: tuple[Source, ...], accounts: AccountSet
) -> None:
    rng = np.random.default_rng(5)
    fractions = (0.1, 1.0)
    mixed = examine_accounts(
        fold_draws(sources, mix_accounts(sources, (30,), fractions, 8, rng), DEFAULT, rng), DEFAULT, accounts
    )

    table = by_fraction(exam, mixed, fractions)

    assert table.head == ("requests", "10 %", "100 %")
    size, hidden, pure = table.rows[0]
    assert size == 30
    totals, ordinary = unseen_totals(mixed), unseen_totals(exam)
    honest = ordinary[(exam.accounts.cls != "A") & (exam.accounts.size == 30)]
    for cell, fraction in ((hidden, 0.1), (pure, 1.0)):
        mine = totals[mixed.accounts.fraction == fraction]
        line = np.quantile(honest, 0.99)
        assert cell == f"{auc(mine, honest):.2f} / {(mine > line).mean():.2f}"
    assert float(str(pure)[:4]) > float(str(hidden)[:4])


def test_too_few_honest_accounts_draw_no_line(sources: tuple[Source, ...], accounts: AccountSet) -> None:
    rng = np.random.default_rng(5)
    few = examine_accounts(fold_draws(sources, draw_accounts(sources, (30,), 3, rng), DEFAULT, rng), DEFAULT, accounts)

    assert by_fraction(few, few, (1.0,)).rows == ()
