"""Accounts out of sources: whose rows they are, when they come, and that a profile's row is a draw's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.evaluate import accounts as module
from stillwatch.evaluate.accounts import AccountSet, Draw, draw_accounts, draw_rows, fold_draws, mix_accounts
from stillwatch.features.lifecycle import LIFECYCLE
from stillwatch.features.timing import TIMING

if TYPE_CHECKING:
    from stillwatch.evaluate.sources import Source

FRACTIONS = (0.1, 0.25, 0.5, 1.0)
TIMED = [feature.name for feature in (*TIMING, *LIFECYCLE)]


def test_nobody_gets_a_row_twice_and_every_row_is_of_one_unit(accounts: AccountSet) -> None:
    for draw in accounts.draws:
        source = accounts.sources[draw.source]
        assert np.unique(draw.rows).shape[0] == draw.rows.shape[0] == draw.size
        assert sum(np.isin(draw.rows, unit).all() for unit in source.units) == 1
        assert (draw.origin == draw.source).all()
        assert draw.fraction == (source.cls == "A")


def test_people_get_a_run_of_rows_and_others_a_subset_in_order(accounts: AccountSet) -> None:
    people = [draw.rows for draw in accounts.draws if accounts.sources[draw.source].cls == "B"]
    others = [draw.rows for draw in accounts.draws if accounts.sources[draw.source].cls != "B"]

    assert all((np.diff(rows) == 1).all() for rows in people)
    assert all((np.diff(rows) > 0).all() for rows in others)
    assert not all((np.diff(rows) == 1).all() for rows in others)


@pytest.mark.parametrize(("size", "drawn"), [(40, 40), (66, 40), (67, None), (8, 8)])
def test_a_unit_that_is_too_small_is_not_used(size: int, drawn: int | None, sources: tuple[Source, ...]) -> None:
    rows = draw_rows(sources[4], size, np.random.default_rng(0))

    assert (None if rows is None else rows.shape[0]) == drawn


def test_a_source_without_a_large_unit_gives_no_account(sources: tuple[Source, ...]) -> None:
    draws = draw_accounts(sources, (10, 100), 2, np.random.default_rng(0))

    assert {sources[draw.source].cls for draw in draws if draw.size == 100} == {"A", "C"}
    assert sum(draw.size == 10 for draw in draws) == 2 * len(sources)


def test_a_profile_row_is_a_draw(accounts: AccountSet, sources: tuple[Source, ...]) -> None:
    events, mean = accounts.profile.column("events"), accounts.profile.column("prompt_log2")

    assert events.tolist() == [draw.rows.shape[0] for draw in accounts.draws]
    for at, draw in enumerate(accounts.draws):
        prompts = sources[draw.source].prompt.take(draw.rows).to_pylist()
        assert mean[at] == pytest.approx(np.mean([np.log2(len(text)) for text in prompts]), abs=0.01)
    assert accounts.cls.tolist() == [sources[draw.source].cls for draw in accounts.draws]


def test_how_events_are_batched_changes_no_account(
    sources: tuple[Source, ...], accounts: AccountSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH_ROWS", 500)
    rng = np.random.default_rng(1)
    again = fold_draws(sources, draw_accounts(sources, (10, 30), 20, rng), DEFAULT, rng)

    for name, column in accounts.profile.columns.items():
        if name == "template_accounts":  # which occurrence names a template is drawn by event id
            continue
        assert np.array_equal(again.profile.column(name), column, equal_nan=True), name


def test_the_same_seed_gives_the_same_accounts_and_another_others(sources: tuple[Source, ...]) -> None:
    one, same, other = (draw_accounts(sources, (10,), 3, np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a.rows, b.rows) for a, b in zip(one, other, strict=True))


def test_extraction_and_machines_arrive_alike_and_people_otherwise(sources: tuple[Source, ...]) -> None:
    def timed(cls: str) -> list[np.ndarray]:
        """Fold the same draw of the same rows as if its source were of a class."""
        source = replace(sources[0], cls=cls)
        rows = np.arange(100)
        draw = Draw(0, 100, 0.0, rows, np.zeros(100, np.int16))
        made = fold_draws((source,), (draw,), DEFAULT, np.random.default_rng(9)).profile
        return [made.column(name) for name in TIMED]

    extraction, machine, person = timed("A"), timed("C"), timed("B")

    assert all(np.array_equal(a, c, equal_nan=True) for a, c in zip(extraction, machine, strict=True))
    assert not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(extraction, person, strict=True))


def test_arrivals_rise_and_people_sleep() -> None:
    draw = Draw(0, 100, 0.0, np.arange(100), np.zeros(100, np.int16))
    for person in (False, True):
        at = module._times(draw, person, np.random.default_rng(3))
        assert at.shape == (100,)
        assert (np.diff(at) >= 0).all()
    assert (at % module.DAY_MS >= 8 * 3_600_000).all()


@pytest.mark.parametrize("size", [10, 30, 60, 190])
def test_the_attack_fraction_is_what_it_says(size: int, sources: tuple[Source, ...]) -> None:
    draws = mix_accounts(sources, (size,), FRACTIONS, 3, np.random.default_rng(4))

    assert draws
    for draw in draws:
        attack = np.array([sources[origin].cls == "A" for origin in draw.origin.tolist()])
        assert attack.any()
        assert abs(attack.sum() - draw.fraction * attack.shape[0]) <= 1
        assert attack.shape[0] <= size
        assert sources[draw.source].cls == "A"
        assert (draw.origin[attack] == draw.source).all()
        assert len(set(draw.origin[~attack].tolist())) <= 1
        pairs = set(zip(draw.origin.tolist(), draw.rows.tolist(), strict=True))
        assert len(pairs) == draw.rows.shape[0]


def test_attack_and_cover_are_mixed(sources: tuple[Source, ...]) -> None:
    draws = [draw for draw in mix_accounts(sources, (30,), (0.5,), 5, np.random.default_rng(4)) if draw.size == 30]
    turns = [int((np.diff(draw.origin) != 0).sum()) for draw in draws]

    assert min(turns) > 3


def test_no_draw_is_no_account(sources: tuple[Source, ...]) -> None:
    assert len(fold_draws(sources, (), DEFAULT, np.random.default_rng(0)).profile) == 0
