"""What only all accounts together show, on several accounts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from handmade import START_MS, blank

from stillwatch.features import profile
from stillwatch.features.shares import FULL16

if TYPE_CHECKING:
    from stillwatch.sketches.layout import Arrays

START_S = START_MS // 1000
HOUR_S, DAY_S = 3_600, 86_400
OLD, NEW = 2, 5


def columns(arrays: Arrays) -> dict[str, np.ndarray]:
    made = profile(arrays, arrays.key.shape[0], None, None)
    return {name: made.column(name) for name in ("template_accounts", "pivot_share", "pivot_lag_h")}


def with_template(arrays: Arrays, row: int, slot: int, key: int, times: int) -> None:
    arrays.slot_key[row, slot] = key
    arrays.slot_count[row, slot] = times


def with_model(arrays: Arrays, row: int, cell: int, times: int, first_s: int) -> None:
    arrays.models[row, cell] = times
    arrays.model_first_s[row, cell] = START_S + first_s


def test_accounts_of_one_template_are_counted_with_each_other() -> None:
    arrays = blank(5)
    for row, (slot, key) in enumerate([(1, 9), (1, 9), (1, 9), (3, 11)]):
        with_template(arrays, row, slot, key, 40)

    found = columns(arrays)["template_accounts"]

    assert found[:4].tolist() == [3, 3, 3, 1]
    assert np.isnan(found[4])


def test_only_the_commonest_template_of_an_account_counts() -> None:
    arrays = blank(2)
    with_template(arrays, 0, 1, 9, 40)
    with_template(arrays, 0, 2, 10, 39)
    with_template(arrays, 1, 2, 10, 5)

    assert columns(arrays)["template_accounts"].tolist() == [1, 1]


def test_the_order_of_the_rows_changes_no_account() -> None:
    arrays = blank(3)
    arrays.key[:] = (30, 10, 20)
    for row, key in enumerate((7, 8, 7)):
        with_template(arrays, row, 0, key, 5)

    assert columns(arrays)["template_accounts"].tolist() == [1, 2, 2]


def test_a_new_model_is_a_pivot_from_a_day_on() -> None:
    for after_s, known in ((DAY_S - 1, False), (DAY_S, True)):
        arrays = blank(2)
        with_model(arrays, 0, OLD, 60, 0)
        with_model(arrays, 0, NEW, 40, after_s)
        with_model(arrays, 1, NEW, 10, after_s + 5 * HOUR_S)

        found = columns(arrays)

        assert (~np.isnan(found["pivot_share"])).tolist() == [known] * 2
        if known:
            assert found["pivot_share"].tolist() == [0.4, 1.0]
            assert found["pivot_lag_h"].tolist() == [0.0, 5.0]


def test_who_never_used_the_new_model_has_a_share_of_nought_and_no_lag() -> None:
    arrays = blank(2)
    with_model(arrays, 0, OLD, 50, 0)
    with_model(arrays, 1, NEW, 50, 2 * DAY_S)

    found = columns(arrays)

    assert found["pivot_share"].tolist() == [0.0, 1.0]
    assert np.isnan(found["pivot_lag_h"][0])


def test_an_account_of_which_no_model_is_known_is_unknown() -> None:
    arrays = blank(2)
    with_model(arrays, 0, OLD, 50, 0)
    with_model(arrays, 0, NEW, 50, 2 * DAY_S)

    found = columns(arrays)

    assert found["pivot_share"][0] == 0.5
    assert np.isnan(found["pivot_share"][1])
    assert np.isnan(found["pivot_lag_h"][1])


def test_one_model_or_none_is_no_pivot() -> None:
    arrays = blank(2)
    assert all(np.isnan(column).all() for column in columns(arrays).values())

    with_model(arrays, 0, OLD, 50, 0)
    with_model(arrays, 1, OLD, 50, 9 * DAY_S)
    assert np.isnan(columns(arrays)["pivot_share"]).all()


@pytest.mark.parametrize("cell", [OLD, NEW])
def test_a_full_counter_makes_the_share_unknown_and_leaves_the_lag(cell: int) -> None:
    arrays = blank()
    with_model(arrays, 0, OLD, 50, 0)
    with_model(arrays, 0, NEW, 50, 2 * DAY_S)
    arrays.models[0, cell] = FULL16

    found = columns(arrays)

    assert np.isnan(found["pivot_share"][0])
    assert found["pivot_lag_h"][0] == 0
