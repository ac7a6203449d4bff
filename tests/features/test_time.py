from __future__ import annotations

import numpy as np
import pytest
from handmade import DAY_MS, HOUR_MS, START_MS, blank, set_counts, values_of
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.features import profile
from stillwatch.features.gaps import pauses
from stillwatch.features.lifecycle import timeline_level
from stillwatch.model.profile import AccountFacts
from stillwatch.sketches import cells
from stillwatch.sketches.layout import N_WINDOWS


def mask(places: list[int]) -> np.uint64:
    return np.uint64(sum(1 << place for place in places))


@given(st.lists(st.sets(st.integers(0, 63), min_size=0, max_size=64), min_size=1, max_size=4))
def test_pauses_are_those_between_occupied_places(windows: list[set[int]]) -> None:
    masks = np.zeros((1, N_WINDOWS), np.uint64)
    for i, places in enumerate(windows):
        masks[0, i] = mask(sorted(places))

    buckets, sums, squares = pauses(masks)

    gaps = np.concatenate([[], *(np.diff(sorted(w)) for w in windows if 4 <= len(w) <= 32)])
    assert buckets[0, 0].sum() == len(gaps)
    assert sums[0, 0] == gaps.sum()
    assert squares[0, 0] == (gaps**2).sum()
    assert buckets[0, 0].tolist() == np.bincount(np.log2(gaps).astype(int), minlength=7).tolist()


def test_a_clock_has_no_variation_and_chance_has_some() -> None:
    clock, chance = blank(), blank()
    rng = np.random.default_rng(1)
    clock.window_mask[0, 6:12] = mask(list(range(0, 64, 5)))
    for i in range(6, 12):
        chance.window_mask[0, i] = mask(rng.choice(64, 10, replace=False).tolist())

    regular, irregular = values_of(clock), values_of(chance)

    assert regular["gap_cv"] == 0
    assert regular["gap_entropy"] == pytest.approx(0, abs=1e-9)
    assert regular["gap_mean_s"] == pytest.approx(5 * 3600 / 64)
    assert regular["gaps_seen"] == 6 * 12
    assert irregular["gap_cv"] > 0.5
    assert irregular["gap_entropy"] > 0.5


def test_a_busy_window_is_not_taken_for_a_clock() -> None:
    one = blank()
    one.window_mask[:] = np.uint64(0xFFFFFFFFFFFFFFFF)

    assert values_of(one)["gaps_seen"] == 0
    assert np.isnan(values_of(one)["gap_cv"])


def test_a_burst_too_dense_for_the_scale_is_not_taken_for_a_clock() -> None:
    person = blank()
    person.window_mask[0, 6:12] = mask([*range(3, 15), *range(40, 50)])

    found = values_of(person)

    assert found["gaps_seen"] == 0
    assert np.isnan(found["gap_cv"])
    assert np.isnan(found["gap_entropy_3600s"])


@pytest.mark.parametrize("night", range(24))
def test_quiet_hours_count_wherever_in_the_day_they_lie(night: int) -> None:
    one = blank()
    day = np.full(24, 10)
    day[(night + np.arange(6)) % 24] = 0
    one.week[0] = np.tile(day, 7)

    found = values_of(one)

    assert found["quiet_share"] == pytest.approx(0, abs=1e-12)
    assert found["hours_active"] == 126
    assert found["circadian_strength"] > 0.25


def test_round_the_clock_has_a_quarter_in_any_six_hours() -> None:
    one = blank()
    one.week[0] = 10

    found = values_of(one)

    assert found["quiet_share"] == pytest.approx(0.25)
    assert found["circadian_strength"] == pytest.approx(0, abs=1e-12)
    assert found["hours_active"] == 168


@settings(deadline=None)
@given(st.integers(0, 500_000), st.integers(0, 60_000))
def test_time_line_width_is_that_of_the_fold(first_h: int, span_h: int) -> None:
    level = timeline_level(np.array([first_h]), np.array([first_h + span_h]))[0]

    assert level == cells.timeline_level(first_h, first_h + span_h)


def test_time_line_start_width_peak_and_age() -> None:
    arrays = blank()
    set_counts(arrays, events=500)
    arrays.first_ms[0] = START_MS
    arrays.last_ms[0] = START_MS + 3 * DAY_MS - 1
    arrays.timeline[0, :18] = 10
    arrays.timeline[0, 6] = 40
    facts = AccountFacts(("a",), ("pro",), np.array([START_MS - DAY_MS]), ("",), np.array([0], np.int8))

    made = profile(arrays, 1, facts, None)

    bin_ms = made.column("timeline_bin_s")[0] * 1000
    assert bin_ms == 4 * HOUR_MS
    assert made.column("timeline_start_ms")[0] == START_MS
    assert made.column("timeline_bins")[0] == 18
    assert made.column("peak_over_median")[0] == 4
    assert made.column("age_at_first_d")[0] == 1
    assert made.column("signup_to_peak_d")[0] == 1 + 6 * 4 / 24
    assert made.column("events_per_day")[0] == pytest.approx(500 / 3, rel=1e-6)


def test_time_not_yet_come_is_no_quiet_time() -> None:
    arrays = blank()
    arrays.last_ms[0] = START_MS + 2 * HOUR_MS
    arrays.timeline[0, :3] = [5, 5, 5]

    assert values_of(arrays)["peak_over_median"] == 1
