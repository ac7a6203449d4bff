"""Lengths by the real engine against numpy on the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from handmade import blank, set_counts, set_sums, values_of

from sketches.events import event, folded, pseudonym, seeded
from stillwatch.features import FEATURES, profile
from stillwatch.features.lengths import LENGTHS

if TYPE_CHECKING:
    from stillwatch.sketches.layout import Arrays

ME = pseudonym(1, "account")
NAMES = tuple(feature.name for feature in LENGTHS)


def measured(arrays: Arrays) -> dict[str, float]:
    made = profile(arrays, arrays.key.shape[0], None, None)
    return {feature.name: float(made.column(feature.name)[0]) for feature in FEATURES}


def of_lengths(prompts: list[int], answers: list[int | None], reasoning: list[int] | None = None) -> dict[str, float]:
    """Fold one event a pair of lengths and measure."""
    rng = seeded(3)
    thought = reasoning or [0] * len(prompts)
    rows = [
        event(
            rng, k, 0.0, account_id=ME, prompt=b"x" * fed, tokens_out=drawn, tokens_reasoning=hidden, ts_ms=10**12 + k
        )
        for k, (fed, drawn, hidden) in enumerate(zip(prompts, answers, thought, strict=True))
    ]
    return measured(folded([rows]).ordered())


def drawn_lengths(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    prompts = rng.integers(1, 3000, n)
    return prompts, np.maximum((prompts * rng.lognormal(0, 1, n) / 3).astype(int), 1)


@pytest.mark.parametrize("n", [2, 3, 40, 300])
def test_means_deviations_and_tie_are_those_of_the_logarithms(n: int) -> None:
    prompts, answers = drawn_lengths(n, n)
    fed, drawn = np.log2(prompts), np.log2(answers)

    found = of_lengths(prompts.tolist(), answers.tolist())

    # The fold keeps 256ths of a power of two.
    assert found["lengths_known"] == n
    assert found["prompt_log2"] == pytest.approx(fed.mean(), abs=0.005)
    assert found["answer_log2"] == pytest.approx(drawn.mean(), abs=0.005)
    assert found["prompt_spread_log2"] == pytest.approx(fed.std(ddof=1), abs=0.01)
    assert found["answer_spread_log2"] == pytest.approx(drawn.std(ddof=1), abs=0.01)
    assert found["draw_log2"] == pytest.approx((drawn - fed).mean() + 2, abs=0.01)
    assert found["length_tie"] == pytest.approx(np.corrcoef(fed, drawn)[0, 1], abs=0.02)


def test_answers_that_grow_with_the_prompt_tie_upwards_and_the_other_way_round_downwards() -> None:
    grow = [2**k for k in range(3, 11)]

    assert of_lengths(grow, grow)["length_tie"] == pytest.approx(1.0)
    assert of_lengths(grow, grow[::-1])["length_tie"] == pytest.approx(-1.0)


def test_one_pair_has_a_mean_and_no_spread() -> None:
    found = of_lengths([64], [256])

    assert found["prompt_log2"] == 6
    assert found["answer_log2"] == 8
    assert found["draw_log2"] == 4
    assert np.isnan([found[name] for name in ("prompt_spread_log2", "answer_spread_log2", "length_tie")]).all()


@pytest.mark.parametrize("size", [1, 3, 7, 100, 999])
def test_equal_lengths_have_no_spread_and_no_tie(size: int) -> None:
    found = of_lengths([size] * 7, [33] * 7)

    assert found["prompt_spread_log2"] == 0
    assert found["answer_spread_log2"] == 0
    assert np.isnan(found["length_tie"])


def test_unknown_lengths_are_unknown_and_never_nought() -> None:
    found = of_lengths([5, 9, 12], [None, None, None])

    assert found["lengths_known"] == 0
    assert np.isnan([found[name] for name in NAMES if name != "lengths_known"]).all()


def test_events_that_lack_one_of_the_two_lengths_count_for_neither() -> None:
    both = of_lengths([16, 64], [8, 32])
    mixed = of_lengths([16, 64, 0, 4096], [8, 32, 900, None])

    assert {name: mixed[name] for name in NAMES} == {name: both[name] for name in NAMES}


def test_reasoning_is_no_visible_answer() -> None:
    seen = of_lengths([16, 64], [8 + 500, 32 + 700], [500, 700])
    plain = of_lengths([16, 64], [8, 32])

    assert [seen[name] for name in NAMES] == [plain[name] for name in NAMES]


def test_an_answer_that_is_reasoning_alone_is_left_out() -> None:
    assert of_lengths([16, 16], [500, 9], [500, 0])["lengths_known"] == 1


def test_a_tie_never_leaves_its_range_where_rounding_would() -> None:
    one = blank()
    set_counts(one, events=3, lengths_known=3)
    set_sums(one, in_log2=30, out_log2=30, in_log2_sq=302, out_log2_sq=302, in_out_log2=303)

    assert values_of(one)["length_tie"] == 1.0
