"""The time an exchange gains: what a provider knows on a day, and first days out of what was found day by day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from stillwatch.config import DEFAULT
from stillwatch.evaluate.exchange import when
from stillwatch.evaluate.exchange.gain import DAY_MS, Caught, Gain, Spread, providers, worlds
from stillwatch.evaluate.exchange.parting import until
from stillwatch.evaluate.exchange.when import When, spanned, tables, whens
from stillwatch.simulate import SMALL, WorldSpec, build_world

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

START_MS = 1_793_577_600_000


def day(*caught: tuple[str, int, int, int]) -> Gain:
    return Gain(tuple(Caught(*one, 0) for one in caught), 0, 0, 0, 0, 0, 0, (), (), ())


def test_half_is_half_of_all_accounts_it_ever_uses() -> None:
    days = [day(("c1", 4, 0, 4)), day(("c1", 10, 4, 5)), day(("c1", 10, 5, 5))]

    assert whens(days) == (When(alone=3, together=2),)


def test_a_campaign_that_is_never_found_has_no_day_and_takes_no_part_in_days_gained() -> None:
    days = [day(("c1", 2, 0, 2)), day(("c1", 2, 0, 2), ("c2", 2, 2, 1), ("c3", 2, 0, 0))]
    found = whens(days)

    assert found == (When(None, 1), When(2, 2), When(None, None))
    assert [one.first for one in found] == [1, 2, None]
    [row] = tables({"thin": found})[0].rows
    assert row[1].startswith("33.3 % (1/3)")
    assert row[2].startswith("66.7 % (2/3)")
    assert row[3:] == ("2 [2, 2]", "1.5 [1, 2]", "0 [0, 0] of 1", 1, 0, 1)


def test_nothing_of_later_is_known_on_a_day() -> None:
    world = build_world(SMALL, 5, START_MS)
    end = START_MS + 2 * DAY_MS
    known = until(world, end)
    signed_up = set(known.accounts["account_id"].to_pylist())

    assert 0 < len(known.events) == pc.sum(pc.less(world.events["ts_ms"], end)).as_py() < len(world.events)
    assert set(known.events["account_id"].to_pylist()) <= signed_up
    assert known.truth["account_id"].to_pylist() == known.accounts["account_id"].to_pylist()
    assert all(
        one < "2026-11-04T00:00:00Z" for name in ("signup", "closed") for one in known.accounts[name].to_pylist() if one
    )
    assert until(world, START_MS + 400 * DAY_MS).accounts.equals(world.accounts)


def test_a_last_day_is_the_whole_world(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = WorldSpec(interactive=20, developer=5, days=2)
    monkeypatch.setattr("stillwatch.evaluate.exchange.gain.HYDRA", tiny)
    spread = Spread("thin", 2, {"accounts": 8})
    made = worlds(spread, 7)
    one, whole = (providers(spread, 7, DEFAULT, made=made, days=days) for days in (tiny.days, None))

    for at in range(2):
        assert one[at].looked.known.name == whole[at].looked.known.name
        assert one[at].extracting().tolist() == whole[at].extracting().tolist()
        assert [each.offer.name for each in one[at].candidates] == [each.offer.name for each in whole[at].candidates]


def test_the_page_says_how_it_was_made(tmp_path: Path) -> None:
    page = tmp_path / "timing.md"
    when.write_page({"thin": (When(None, 3),)}, page, command="stillwatch x", today=date(2026, 11, 28), seeds=1)
    text = page.read_text(encoding="utf-8")

    assert "`stillwatch x`, 2026-11-28" in text
    assert "seeds from 5,001 on" in text
    assert "| thin | 0.0 % (0/1)" in text


def test_the_range_of_nothing_is_nothing() -> None:
    assert spanned([None, None]) == "-"
    assert spanned([1, 2, None]) == "1.5 [1, 2]"
