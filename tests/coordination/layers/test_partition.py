"""Shards of one list have one mixture of topics; customers of one product each have their own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from coordination.made import asks, blank, enrolled
from stillwatch.coordination.candidates.templates import templates
from stillwatch.coordination.layers import partition as room
from stillwatch.coordination.layers.partition import (
    BINS,
    CONCENTRATION,
    FEWEST,
    FEWEST_DRAWS,
    TRIMMED,
    Partition,
    customers,
    dispersion,
    entropy,
    partition,
    varying,
)
from stillwatch.sketches.layout import NO_TOPIC, TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.coordination.outline import Outline

PIECE = 71
Mixture: TypeAlias = "Callable[[int], NDArray[np.float64]]"
EVEN = np.full(TOPICS, 1 / TOPICS)


def workload(mixture: Mixture, members: int = 100, prompts: int = 20, seed: int = 1) -> Outline:
    """Members with one template who ask prompts of their own, topics drawn from each one's mixture."""
    rng, outline = np.random.default_rng(seed), blank(members + 5)
    for row in range(members):
        topics = rng.choice(TOPICS, prompts, p=mixture(row)).tolist()
        asks(outline, row, [1 + row * prompts + k for k in range(prompts)], topics, PIECE)
    return outline


def judged(outline: Outline, seed: int = 0) -> Partition:
    found = templates(outline)
    return partition(found, enrolled(outline, None, found.groups), np.arange(len(found.groups)), seed=seed)


def shards(members: int = 100, prompts: int = 20, seed: int = 1) -> Outline:
    return workload(lambda _: EVEN, members, prompts, seed)


def of_customers(seed: int, concentration: float = CONCENTRATION) -> Outline:
    rng = np.random.default_rng(seed + 1000)
    return workload(lambda _: rng.dirichlet(concentration / BINS * np.ones(BINS)).repeat(4) / 4, seed=seed)


def test_shards_disperse_as_chance_does_and_customers_do_not_look_like_them() -> None:
    found = [judged(shards(seed=seed)) for seed in range(12)]
    # Of a hundred members the five that deviate most are left out, so a little below 1.
    assert 0.85 < np.mean([float(one.dispersion[0]) for one in found]) < 1.0
    assert np.mean([float(one.log_p[0]) < math.log(1e-3) for one in found]) > 0.9


def test_customers_of_the_assumed_likeness_rarely_look_like_shards() -> None:
    found = [judged(of_customers(seed)) for seed in range(60)]
    low = np.mean([float(one.log_p[0]) <= math.log(0.05) for one in found])
    assert low <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 60)
    usual = [float(one.dispersion[0] / one.customers[0]) for one in found]
    assert abs(np.mean(usual) - 1) < 0.05


def test_customers_that_are_more_unlike_are_no_surprise_at_all() -> None:
    found = judged(of_customers(1, concentration=10))
    assert found.dispersion[0] > found.customers[0]
    assert found.log_p[0] == pytest.approx(math.log(0.5))


def test_common_prompts_say_nothing_of_shards() -> None:
    outline = shards()
    outline.sample[1:100:2, :5] = outline.sample[0:100:2, :5]
    found = judged(outline)
    # 250 of 250 + 1500 different prompts come from two members.
    assert found.common[0] == pytest.approx(1 / 7)
    assert found.dispersion[0] < found.customers[0]
    assert np.isnan(found.log_p[0])


def test_a_few_common_prompts_are_told_as_a_share_and_do_not_hide_shards() -> None:
    outline = shards()
    outline.sample[1, :2] = outline.sample[0, :2]
    found = judged(outline)
    assert found.common[0] == pytest.approx(2 / (100 * 20 - 2))
    assert found.log_p[0] < math.log(1e-3)


def test_one_subject_says_nothing() -> None:
    found = judged(workload(lambda _: np.eye(TOPICS)[5]))
    assert (found.members[0], found.prompts[0], found.breadth_nats[0]) == (100, 100 * 20, 0.0)
    assert np.isnan([found.log_p[0], found.dispersion[0], found.customers[0]]).all()


def test_a_subject_and_a_rare_second_one_give_no_nan() -> None:
    """Some draws of the null then have one topic alone."""
    found = judged(workload(lambda row: np.eye(TOPICS)[5 if row else 30], members=30, prompts=4))
    table = np.zeros((30, BINS))
    table[:, 0], table[0] = 4, [3, 1, *[0] * 14]
    drawn = customers(table, CONCENTRATION, 200, np.random.default_rng(1))
    assert (drawn == 0).any()
    assert np.isfinite(drawn).all()
    assert np.isfinite([found.log_p[0], found.customers[0]]).all()


def test_bystanders_with_another_mixture_do_not_hide_shards_up_to_the_trimmed_part() -> None:
    def mixed(others: int) -> float:
        return float(judged(workload(lambda row: np.eye(TOPICS)[row] if row < others else EVEN)).log_p[0])

    assert mixed(100 // TRIMMED) < math.log(1e-2)
    assert mixed(10) > math.log(0.4)


def test_dispersion_leaves_out_the_twentieth_that_deviates_most() -> None:
    table = np.full((20, 4), 5.0)
    table[0] = [20, 0, 0, 0]
    whole, expected = table[:, :].sum(), np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    plain = ((table - expected) ** 2 / expected).sum(axis=1)
    assert whole == 400
    assert dispersion(table) == pytest.approx(plain[1:].sum() / (18 * 3))
    assert dispersion(table[:19]) > 10 * dispersion(table)


def test_empty_rows_and_columns_do_not_count_and_one_of_either_gives_no_dispersion() -> None:
    table = np.array([[5.0, 1.0], [2.0, 4.0]])
    assert dispersion(np.pad(table, 1)) == dispersion(table)
    assert np.isnan(dispersion(table[:1]))
    assert np.isnan(dispersion(table[:, :1]))
    assert np.isnan(dispersion(np.zeros((3, 3))))


def test_the_half_that_varies_is_read() -> None:
    """A template with a fixed first half: every prompt's first topic is the template's."""
    outline = shards()
    plain = judged(outline)
    outline.sample_topic[:, 0::2][outline.sample_topic[:, 0::2] != NO_TOPIC] = 9
    assert judged(outline).dispersion[0] == plain.dispersion[0]
    outline = shards()
    outline.sample_topic[:, 1::2][outline.sample_topic[:, 1::2] != NO_TOPIC] = 9
    assert judged(outline).dispersion[0] == plain.dispersion[0]


def test_members_without_a_topic_in_the_chosen_half_are_left_out() -> None:
    table = np.zeros((3, 2 * BINS))
    table[0, :2], table[1, BINS], table[2, 3] = 4, 9, 2
    assert varying(table).tolist() == [table[0, :BINS].tolist(), table[2, :BINS].tolist()]


def test_other_traffic_of_members_does_not_blur_the_template() -> None:
    """Every member also asks six prompts of one subject of its own under no template."""
    outline, plain = shards(60), judged(shards(60))
    for row in range(60):
        outline.sample[row, 20:24] = np.arange(4) + 10_000 + 4 * row
        outline.sample_topic[row, 40:48] = row
    found = judged(outline)
    assert (found.prompts[0], found.dispersion[0]) == (60 * 20, plain.dispersion[0])


@pytest.mark.parametrize(("members", "prompts"), [(FEWEST - 1, 16), (60, 2)])
def test_few_members_or_few_prompts_tell_nothing(members: int, prompts: int) -> None:
    found = judged(shards(members, prompts))
    assert (found.members[0], found.prompts[0]) == (members, members * prompts)
    assert np.isnan([found.log_p[0], found.dispersion[0], found.common[0]]).all()


def test_only_groups_that_are_asked_for_are_looked_at() -> None:
    outline = shards()
    found = templates(outline)
    made = partition(found, enrolled(outline, None, found.groups), np.zeros(0, np.int64), seed=0)
    assert np.isnan(made.log_p).all()
    assert made.members.tolist() == [0]


def test_the_same_seed_gives_the_same_whatever_other_groups_there_are() -> None:
    outline, alone = shards(30), judged(shards(30))
    for row in range(30, 35):
        asks(outline, row, [row * 100 + k for k in range(16)], list(range(16)), PIECE - 1)
    both = judged(outline)
    assert both.log_p.shape == (2,)
    assert alone.log_p[0] in both.log_p
    assert judged(shards(30), seed=1).customers[0] != alone.customers[0]


def test_even_volumes_have_little_spread() -> None:
    outline = shards()
    outline.events[:100] = np.where(np.arange(100) % 2, 100, 400)
    assert judged(outline).quota_spread[0] == pytest.approx(math.log(2))


def test_large_groups_are_told_by_fewer_draws_but_never_by_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(table: NDArray[np.float64], concentration: float, draws: int, rng: np.random.Generator) -> object:
        asked.append(draws)
        return customers(table, concentration, draws, rng)

    monkeypatch.setattr(room, "customers", counted)
    outline = shards()
    for budget, drawn in ((100 * 200, [50, 150]), (1, [FEWEST_DRAWS // 4, FEWEST_DRAWS - FEWEST_DRAWS // 4])):
        monkeypatch.setattr(room, "MEMBER_DRAWS", budget)
        asked.clear()
        judged(outline)
        assert asked == drawn


def test_entropy_of_counts() -> None:
    assert entropy(np.array([3.0, 3.0, 0.0])) == pytest.approx(math.log(2))
    assert entropy(np.zeros(4)) == 0.0
