from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.detectors.content import corpus_overlap, fixed_string, judging, prompt_factory
from stillwatch.detectors.content.fixed_string import FEW, LARGE, MANY, POPULAR, kind_of_sharing
from stillwatch.detectors.content.judging import rewritten
from stillwatch.features import profile_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.detectors.base import Detector
    from stillwatch.model.finding import Examined

RATES = np.array([0.0, 0.001, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0])
SIZES = (10, 100, 1000, 100_000)
CLEANED = {"lengths_known": 500, "prompt_log2": 12.0, "draw_log2": -0.3, "length_tie": 0.9}


def ask(detector: Detector, given: Mapping[str, object], rows: int = 1) -> Examined:
    columns = {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in given.items()}
    rows = max(rows, *(column.shape[0] for column in columns.values()))
    spread = {name: np.broadcast_to(column, rows).copy() for name, column in columns.items()}
    return detector.examine(profile_of(np.arange(rows), spread), DEFAULT)


def factory(prompts: float, generated: object, evolved: object) -> np.ndarray:
    shares = {"prompt_generation_share": generated, "prompt_evolution_share": evolved}
    return ask(prompt_factory.DETECTOR, {"prompts_known": prompts, **shares}).weight_bits


def judged(prompts: float, graded: object, repaired: object, **more: object) -> np.ndarray:
    shares = {"rubric_grading_share": graded, "critique_repair_share": repaired}
    return ask(judging.DETECTOR, {"prompts_known": prompts, **shares, **more}).weight_bits


def overlap(public: object, returning: object, long_answers: object, prompts: float = 2000) -> np.ndarray:
    shares = {"corpus_share": public, "returning_share": returning, "long_answer_share": long_answers}
    counts = {"prompts_known": prompts, "sampled_prompts": min(prompts, 16), "answers_known": prompts}
    return ask(corpus_overlap.DETECTOR, {**shares, **counts}).weight_bits


def fixed(share: object, accounts: object, requests: float = 500, rows: int = 1) -> np.ndarray:
    given = {"events": requests, "template_share": share, "template_accounts": accounts}
    return ask(fixed_string.DETECTOR, given, rows).weight_bits


@pytest.mark.parametrize("prompts", SIZES)
def test_a_prompt_factory_stays_below_six_bits_and_needs_both_halves_for_them(prompts: int) -> None:
    both, one = factory(prompts, RATES, RATES).max(), factory(prompts, RATES, 0.0).max()

    assert one < both - 0.9
    assert one > 4
    assert both < 6


def test_exercises_now_and_then_are_no_factory() -> None:
    assert factory(600, [0.05, 0.03, 0.0], [0.0, 0.03, 0.0]).max() < 0


@pytest.mark.parametrize("prompts", SIZES)
def test_judging_stays_near_two_bits(prompts: int) -> None:
    assert 1.5 < judged(prompts, RATES, 0.0).max() < 2
    assert judged(prompts, RATES, RATES).max() < 2.4
    assert judged(prompts, RATES, RATES, **CLEANED).max() < 3.4


def test_traces_that_come_back_at_their_own_length_weigh_a_bit_more_and_short_verdicts_less() -> None:
    unknown = judged(1000, 0.0, 0.8)[0]

    assert judged(1000, 0.0, 0.8, **CLEANED)[0] == pytest.approx(unknown + 1, abs=0.05)
    assert judged(1000, 0.0, 0.8, **{**CLEANED, "draw_log2": -4})[0] < unknown - 0.5
    assert judged(1000, 0.0, 0.0, **CLEANED)[0] < 0


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 1.0),
        ({"prompt_log2": 8.0}, 0.0),
        ({"draw_log2": 1.5}, 0.0),
        ({"length_tie": 0.2}, 0.0),
        ({"length_tie": np.nan}, np.nan),
        ({"lengths_known": 3}, np.nan),
    ],
)
def test_only_long_texts_of_the_same_length_are_rewritten(changed: dict[str, float], expected: float) -> None:
    columns = {name: np.array([float(value)]) for name, value in {**CLEANED, **changed}.items()}

    again = rewritten(profile_of(np.array([1]), columns), 10)

    assert again[0] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("prompts", SIZES)
def test_overlap_is_never_more_than_a_hint(prompts: int) -> None:
    shares = np.random.default_rng(11).beta(0.4, 0.4, (3, 4_000))

    bits = overlap(shares[0], shares[1], shares[2], prompts)

    assert -2.05 < bits.min() < -1.5
    assert 0.7 < bits.max() < 1.05


def test_a_kept_set_speaks_for_an_account_and_seeds_asked_once_against_it() -> None:
    kept, once = overlap(0.95, [0.9, 0.0], 0.95)

    assert kept < -1.5
    assert once > 0.7


def test_an_ordinary_share_of_public_prompts_is_nothing_whatever_else_is_seen() -> None:
    bits = overlap(0.01, [0.0, 0.5, 1.0, 0.0, np.nan], [1.0, 0.5, 0.0, 0.0, np.nan])

    assert np.abs(bits).max() < 0.1


def test_longer_answers_weigh_more_when_a_public_set_is_asked_once() -> None:
    bits = overlap(1.0, 0.0, np.linspace(0, 1, 11))

    assert (np.diff(bits) > -1e-9).all()
    assert bits[-1] - bits[0] > 2


def test_unknown_returns_and_lengths_are_left_out_and_not_taken_for_none() -> None:
    known, unknown, neither = overlap(1.0, [0.0, np.nan, np.nan], [0.95, 0.95, np.nan])

    assert known > unknown > neither
    assert neither == pytest.approx(np.log2((0.05 + 0.0125 + 0.01) / (0.01 + 0.05 + 0.04)), abs=0.02)


def test_causes_of_overlap_are_whole() -> None:
    assert sum(cause.extraction for cause in corpus_overlap.CAUSES) == pytest.approx(1)
    assert sum(cause.honest for cause in corpus_overlap.CAUSES) == pytest.approx(1)


def test_without_a_filter_nothing_is_said_of_public_sets() -> None:
    found = ask(corpus_overlap.DETECTOR, {"prompts_known": 500, "corpus_share": np.nan})

    assert found.reasons[int(found.reason[0])] == "no filter of public prompt sets was given"


@pytest.mark.parametrize(
    ("accounts", "everybody", "kind"),
    [
        (1, 10_000, 0),
        (FEW - 1, 10_000, 0),
        (FEW, 10_000, 1),
        (MANY, 10_000, 2),
        (POPULAR, 1_000_000, 2),
        (POPULAR + 1, 1_000_000, 3),
        (0.06 * LARGE, LARGE, 3),
        (0.04 * LARGE, LARGE, 2),
        (60, LARGE - 1, 2),
        (3_500, LARGE, 2),
    ],
)
def test_who_shares_a_text(accounts: float, everybody: int, kind: int) -> None:
    assert kind_of_sharing(np.array([float(accounts)]), everybody)[0] == kind


def test_a_fixed_text_of_some_accounts_is_weak_and_of_nobody_or_everybody_nothing() -> None:
    alone, few, many, popular = fixed(1.0, [1, 4, 400, 40_000])

    assert -0.5 < alone < 0
    assert 0 < few < 0.7
    assert 1.9 < many < 2.05
    assert popular == pytest.approx(0, abs=0.1)


def test_a_common_default_of_a_large_log_is_nothing() -> None:
    assert fixed(1.0, 60.0, rows=LARGE)[0] == pytest.approx(0, abs=0.1)
    assert fixed(1.0, 60.0, rows=LARGE - 1)[0] > 1.9


@pytest.mark.parametrize("requests", SIZES)
def test_without_a_text_in_nearly_every_request_sharing_says_nothing_against(requests: int) -> None:
    bits = fixed(np.linspace(0, 1, 21), 400, requests)

    assert (np.diff(bits) >= -1e-9).all()
    assert bits[np.linspace(0, 1, 21) <= 0.5].max() < 0
