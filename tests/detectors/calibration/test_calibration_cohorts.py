from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detectors.calibration.cohorts import (
    LARGEST_CLASS,
    blocks_automation,
    did_more,
    plan_codes,
    ratio_to_largest,
    ratio_to_median,
    size_classes,
)

ROWS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), st.integers(0, 10**9).map(float)),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=30,
)
Columns = tuple[np.ndarray, np.ndarray, np.ndarray]


def columns(rows: list[tuple[float, int, bool]]) -> Columns:
    values, plans, flagged = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(values, np.float64), np.array(plans, np.int64), np.array(flagged, np.bool_)


def others(at: int, values: np.ndarray, plans: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    return values[(plans == plans[at]) & ~flagged & ~np.isnan(values)]


@given(ROWS)
def test_counts_equal_a_plain_count(rows: list[tuple[float, int, bool]]) -> None:
    values, plans, flagged = columns(rows)

    more = did_more(values, plans, flagged)

    for at in range(len(rows)):
        plain = -1 if np.isnan(values[at]) else int((others(at, values, plans, flagged) > values[at]).sum())
        assert more[at] == plain


@given(ROWS)
def test_ratios_equal_plain_ones(rows: list[tuple[float, int, bool]]) -> None:
    values, plans, flagged = columns(rows)

    to_median, to_largest = (
        ratio_to_median(values, plans, flagged),
        ratio_to_largest(values, plans, flagged),
    )

    for at in range(len(rows)):
        peers = others(at, values, plans, flagged)
        for ratio, base in ((to_median, np.median), (to_largest, np.max)):
            plain = values[at] / base(peers) if peers.size and base(peers) > 0 else np.nan
            assert ratio[at] == pytest.approx(plain, nan_ok=True)


def test_an_account_that_an_ordinary_customer_outran_is_kept_from_machines() -> None:
    values = np.array([900.0, 1000.0, 10.0, 10.0, 10.0, 5000.0])
    plans = plan_codes(["pro"] * 5 + ["free"])
    flagged = np.array([True, False, False, False, False, True])

    largest = ratio_to_largest(values, plans, flagged)

    assert largest[0] == pytest.approx(0.9)
    assert did_more(values, plans, flagged)[0] == 1
    assert blocks_automation(largest)[[0, 5]].tolist() == [True, True]
    # Beside the median the same account looks ninety times too busy: the median is no guard by itself.
    assert not blocks_automation(ratio_to_median(values, plans, flagged))[0]


def test_flagged_accounts_vouch_for_nobody() -> None:
    values, plans = np.array([5.0, 9.0, 1.0]), np.zeros(3, np.int64)

    assert did_more(values, plans, np.array([True, True, False]))[0] == 0
    assert did_more(values, plans, np.array([True, False, False]))[0] == 1


def test_size_classes_begin_at_powers_of_ten() -> None:
    powers = 10.0 ** np.arange(0, 16)

    assert size_classes(powers).tolist() == [min(k, LARGEST_CLASS) for k in range(16)]
    assert size_classes(powers[1:13] - 1).tolist() == list(range(12))
    assert size_classes(np.array([0.0, np.nan])).tolist() == [0, -1]
