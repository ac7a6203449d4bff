from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from handmade import DAY_MS, START_MS, blank, values_of

from sketches.events import event, folded, pseudonym, seeded
from stillwatch.features import FEATURES, profile
from stillwatch.features.repeats import REPEATS
from stillwatch.features.shares import FULL16

if TYPE_CHECKING:
    from stillwatch.sketches.layout import Arrays

ME = pseudonym(1, "account")
NAMES = tuple(feature.name for feature in REPEATS)
START_S = START_MS // 1000
HOUR_S, DAY_S = 3_600, 86_400


def sampled(*prompts: tuple[int, int, int], days: float = 10, models: int = 1) -> Arrays:
    """One account with prompts of (requests, first, last), the times in seconds from its first event."""
    one = blank()
    one.last_ms[:] = START_MS + int(days * DAY_MS)
    for k, (times, first, last) in enumerate(prompts):
        one.sample[0, k] = 100 + k
        one.sample_count[0, k] = times
        one.sample_first_s[0, k] = START_S + first
        one.sample_last_s[0, k] = START_S + last
        one.sample_models[0, k] = models
    return one


def test_without_a_prompt_nothing_but_the_empty_sample_is_known() -> None:
    found = values_of(blank())

    assert found["sampled_prompts"] == 0
    assert np.isnan([found[name] for name in NAMES if name != "sampled_prompts"]).all()


def test_one_event_repeats_nothing_and_has_no_second_half() -> None:
    found = values_of(sampled((1, 0, 0), days=0))

    assert found["sampled_prompts"] == 1
    assert found["repeated_share"] == 0
    assert found["returning_share"] == 0
    assert found["samples_per_prompt"] == 1
    assert np.isnan([found[name] for name in ("repeat_span_d", "late_new_share", "prompt_models")]).all()


def test_a_prompt_returns_only_an_hour_or_more_later() -> None:
    found = values_of(sampled((2, 0, HOUR_S), (2, 0, HOUR_S - 1), (1, 0, 0), (9, 5, 5 + 3 * DAY_S)))

    assert found["repeated_share"] == 0.75
    assert found["returning_share"] == 0.5
    assert found["repeat_span_d"] == pytest.approx((HOUR_S + HOUR_S - 1 + 3 * DAY_S) / 3 / DAY_S)


def test_the_middle_prompt_says_how_often_one_is_sent() -> None:
    assert values_of(sampled((1, 0, 0), (3, 0, 9), (40, 0, 9)))["samples_per_prompt"] == 3
    assert values_of(sampled((1, 0, 0), (3, 0, 9), (5, 0, 9), (40, 0, 9)))["samples_per_prompt"] == 3


def test_a_full_counter_makes_the_median_unknown_and_leaves_the_rest() -> None:
    found = values_of(sampled((FULL16, 0, DAY_S), (1, 0, 0)))

    assert np.isnan(found["samples_per_prompt"])
    assert found["repeated_share"] == 0.5
    assert found["returning_share"] == 0.5


def test_prompts_first_sent_in_the_second_half_are_late() -> None:
    middle = 5 * DAY_S
    found = values_of(sampled((1, 0, 0), (1, middle - 1, middle - 1), (1, middle, middle), (1, 9 * DAY_S, 9 * DAY_S)))

    assert found["late_new_share"] == 0.5


def test_models_are_those_of_repeated_prompts() -> None:
    one = sampled((2, 0, 9), (2, 0, 9), (1, 0, 0))
    one.sample_models[0, :3] = (0b0001_0001, 0b1, 0b1111_1111)

    assert values_of(one)["prompt_models"] == 1.5


def test_a_log_without_models_leaves_their_number_unknown() -> None:
    one = sampled((2, 0, 9), (2, 0, 9), models=0)
    assert np.isnan(values_of(one)["prompt_models"])

    one.sample_models[0, 0] = 0b11
    assert values_of(one)["prompt_models"] == 2


def test_the_engine_counts_every_sampled_prompt_exactly() -> None:
    rng = seeded(7)
    days = (0, 1, 2, 9)
    asked = [(prompt, day) for prompt in range(5) for day in (days if prompt < 2 else days[:1])]
    rows = [
        event(rng, k, 0.0, account_id=ME, prompt=b"prompt %d" % prompt, ts_ms=START_MS + day * DAY_MS, model_served="m")
        for k, (prompt, day) in enumerate(asked)
    ]
    arrays = folded([rows]).ordered()
    made = profile(arrays, 1, None, None)
    found = {feature.name: float(made.column(feature.name)[0]) for feature in FEATURES}

    assert found["sampled_prompts"] == 5
    assert found["repeated_share"] == found["returning_share"] == 0.4
    assert found["samples_per_prompt"] == 1
    assert found["repeat_span_d"] == 9
    assert found["late_new_share"] == 0
    assert found["prompt_models"] == 1


def test_more_prompts_than_the_sample_holds_are_still_a_sample_of_16() -> None:
    rng = seeded(8)
    rows = [
        event(rng, k, 0.0, account_id=ME, prompt=b"prompt %d" % (k % 200), ts_ms=START_MS + k * 60_000)
        for k in range(600)
    ]
    arrays = folded([rows]).ordered()
    found = profile(arrays, 1, None, None)

    assert found.column("sampled_prompts")[0] == 16
    assert found.column("samples_per_prompt")[0] == 3
    assert found.column("repeated_share")[0] == 1
