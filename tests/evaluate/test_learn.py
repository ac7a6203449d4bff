from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stillwatch.detectors.content.shape_model import KINDS, MEASURES, from_json, shapes_of, to_json
from stillwatch.evaluate.learn import fit, kin, source_middles, spread_over_models
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from stillwatch.evaluate.accounts import AccountSet

CLASSES = np.array([*"AAAABBCCC"])
NAN = float("nan")


def middles(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(9, len(MEASURES)))


def test_the_middle_of_a_source_is_the_mean_of_its_accounts(accounts: AccountSet) -> None:
    found, value = source_middles(accounts), shapes_of(accounts.profile).value

    for number in range(9):
        assert found[number] == pytest.approx(np.nanmean(value[accounts.source == number], axis=0))


def test_a_source_without_accounts_has_no_middle(accounts: AccountSet) -> None:
    kept = [draw for draw in accounts.draws if draw.source != 3]
    rows = np.array([at for at, draw in enumerate(accounts.draws) if draw.source != 3])
    columns = {name: column[rows] for name, column in accounts.profile.columns.items()}
    profile = type(accounts.profile)(accounts.profile.account[rows], columns, {}, accounts.profile.facts)

    found = source_middles(type(accounts)(accounts.sources, tuple(kept), profile))

    assert np.isnan(found[3]).all()
    assert not np.isnan(found[[0, 1, 2, 4, 5, 6, 7, 8]]).any()


def test_sources_left_out_do_not_touch_the_fit() -> None:
    one, other = middles(), middles()
    other[[1, 5, 7]] = (1e9, -1e9, NAN, 7.0, 0.0)

    left, right = (fit(made, CLASSES, left_out=(1, 5, 7)) for made in (one, other))

    assert to_json(left) == to_json(right)
    assert to_json(fit(one, CLASSES)) != to_json(left)


def test_a_kind_is_the_mean_of_its_sources_drawn_towards_the_spread_of_all() -> None:
    made = middles()
    model = fit(made, CLASSES)

    for row, cls in enumerate("ABC"):
        mine = made[cls == CLASSES]
        assert model.mean[row] == pytest.approx(mine.mean(axis=0))
        overall = made.std(axis=0, ddof=1) * 0.7
        own = mine.std(axis=0, ddof=1)
        assert (model.scale[row] >= np.minimum(own, overall) - 1e-12).all()
        assert (model.scale[row] <= np.maximum(own, overall) + 1e-12).all()


def test_a_kind_of_one_source_is_as_wide_as_belief_says() -> None:
    made = middles()
    model = fit(made, CLASSES, left_out=(5,))

    assert model.scale[KINDS.index("people")] == pytest.approx(np.delete(made, 5, axis=0).std(axis=0, ddof=1) * 0.7)


def test_no_width_is_nought() -> None:
    assert (fit(np.ones((9, len(MEASURES))), CLASSES).scale > 0).all()


def test_measures_that_a_source_does_not_show_are_left_out_of_it_alone() -> None:
    made = middles()
    made[0, 2] = NAN
    model = fit(made, CLASSES)

    assert model.mean[0, 2] == pytest.approx(made[1:4, 2].mean())
    assert model.mean[0, 1] == pytest.approx(made[:4, 1].mean())


def test_a_kind_without_a_source_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="no source of people shows draw; give more sources"):
        fit(middles()[[0, 1, 6, 7]], CLASSES[[0, 1, 6, 7]])
    with pytest.raises(InputError, match="no source of people shows draw once a source and its kin are left out"):
        fit(middles(), CLASSES, left_out=(4, 5))
    blind = middles()
    blind[:4, 4] = NAN
    with pytest.raises(InputError, match="no source of extraction shows length_tie"):
        fit(blind, CLASSES)
    with pytest.raises(InputError, match="fewer than two sources show"):
        fit(middles()[:1], CLASSES[:1])


def test_kin_of_extraction_is_its_whole_kind_and_of_others_itself(accounts: AccountSet) -> None:
    assert [kin(accounts, number) for number in range(9)] == [
        *((0, 1), (0, 1), (2, 3), (2, 3)),
        *((4,), (5,), (6,), (7,), (8,)),
    ]


def test_models_that_leave_a_source_out_differ_by_some_bits(accounts: AccountSet) -> None:
    made = source_middles(accounts)
    spread = spread_over_models(accounts, made, 0.005)

    assert 0 < spread < 8
    even = np.repeat(np.array([[1.0], [0.0], [-1.0]]), [4, 2, 3], axis=0) * np.ones(len(MEASURES))
    assert spread_over_models(accounts, even, 0.005) < spread + 8


def test_a_model_comes_back_from_its_text(accounts: AccountSet) -> None:
    model = fit(source_middles(accounts), CLASSES, model_sd_bits=0.25, origin={"made": "2026-01-31"})

    again = from_json(to_json(model))

    assert again.mean == pytest.approx(model.mean, abs=1e-4)
    assert (again.model_sd_bits, again.origin) == (0.25, {"made": "2026-01-31"})
