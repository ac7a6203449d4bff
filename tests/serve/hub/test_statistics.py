"""Statistics are private as stated: the noise is what theory says, drawn once, and one member is bounded."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.asgi_call import call
from serve.hub.hubs import indicator
from serve.hub.rights_world import CALENDAR, Rights, rights
from stillwatch.model.errors import InputError, StoreError
from stillwatch.serve.hub.noise import laplace
from stillwatch.serve.hub.statistics import STATISTICS, release_due
from stillwatch.sharing.counts import FIGURES, MATCHED, TAGS, clamped, matched, released
from stillwatch.store.exchange.matching import Rule
from stillwatch.store.exchange.matching import close as close_epoch
from stillwatch.store.exchange.tags import submit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DRAWS = 4_000
KIND = "email:v1"


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Rights]:
    made = rights(tmp_path)
    yield made
    made.close()


def plainly(value: int, bound: int, epsilon: float) -> int:
    del bound, epsilon
    return value


def release(exchange: Rights, noise: Any = laplace, epsilon: float = 1.0) -> list[int]:
    file = exchange.world.file
    with exchange.tags.reading() as tags, file.writing() as connection:
        return release_due(
            connection, tags, CALENDAR, {"tmpl:v1"}, (epsilon, noise), exchange.logged, exchange.world.clock()
        )


def public(exchange: Rights) -> bytes:
    answer = call(exchange.world.hub, "GET", STATISTICS)
    assert answer.status == 200
    return answer.body


def put(exchange: Rights, who: str, *tags: int, kind: str = KIND, asks: bool = False) -> None:
    groups = {b"g" * 16: [one.to_bytes(16) for one in tags]}
    opens_ms = CALENDAR.epoch(1).opens_ms
    submit(exchange.tags, exchange.world.people[who].member.id, 1, kind, groups, opens_ms, asks=asks)


def close(exchange: Rights) -> None:
    close_epoch(exchange.tags, 1, Rule(), CALENDAR.epoch(1).closes_ms)


def test_what_is_counted_is_right_before_the_noise(exchange: Rights) -> None:
    put(exchange, "ada", 1, 2, 3)
    put(exchange, "bob", 2, 3, 4)
    put(exchange, "ada", 1, kind="tmpl:v1")
    put(exchange, "bob", 1, kind="tmpl:v1")
    sighting = {**indicator(1), "type": "sighting", "id": "sighting--0c1f0000-0000-4000-8000-000000000000"}
    exchange.world.post("ada", [indicator(1), sighting])
    assert release(exchange, plainly) == [], "an epoch that is open tells nothing"
    close(exchange)
    assert release(exchange, plainly) == [1]
    [epoch] = json.loads(public(exchange))["epochs"]
    assert {one["name"]: one["value"] for one in epoch["figures"]} == {"tags": 8, "matched": 2, "sightings": 1}
    assert (epoch["members_at_least"], epoch["epsilon"]) == (2, 1.0)
    assert sum(one["epsilon"] for one in epoch["figures"]) == pytest.approx(1.0)
    for name in ("ada", "bob", exchange.world.people["ada"].member.id):
        assert name not in json.dumps(epoch)


def test_who_only_asks_counts_in_no_figure(exchange: Rights) -> None:
    put(exchange, "ada", 1, 2)
    put(exchange, "bob", 1, 2, 3, asks=True)
    close(exchange)
    release(exchange, plainly)
    [epoch] = json.loads(public(exchange))["epochs"]
    assert {one["name"]: one["value"] for one in epoch["figures"]} == {"tags": 2, "matched": 0, "sightings": 0}
    assert epoch["members_at_least"] == 0


def test_one_member_alone_is_not_counted_as_one(exchange: Rights) -> None:
    put(exchange, "ada", 1)
    close(exchange)
    release(exchange)
    assert json.loads(public(exchange))["epochs"][0]["members_at_least"] == 0


def test_a_budget_is_spent_once_and_the_same_bytes_are_given_again(exchange: Rights) -> None:
    put(exchange, "ada", 1)
    close(exchange)
    assert release(exchange) == [1]
    first = public(exchange)
    assert release(exchange) == []
    assert release(exchange, epsilon=0.5) == []
    assert public(exchange) == first
    with pytest.raises(StoreError), exchange.world.file.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO statistics VALUES (1, 0, x'00')")
    with pytest.raises(StoreError), exchange.world.file.writing() as connection:
        connection.execute("DELETE FROM statistics")
    [told] = [one for one in exchange.told if one.kind == "policy"]
    assert (told.body["statistics"]["epoch"], told.body["statistics"]["epsilon"]) == (1, "1.0")


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 1.5, math.nan, math.inf])
def test_a_budget_that_is_none_is_refused(epsilon: float) -> None:
    with pytest.raises(InputError):
        released({one.name: 0 for one in FIGURES}, epsilon, plainly)


@pytest.mark.parametrize("scale", [2, 30])
def test_the_noise_has_the_variance_that_theory_says(scale: int) -> None:
    drawn = [laplace(7, scale, 1.0) - 7 for _ in range(DRAWS)]
    keep = math.exp(-1 / scale)
    theory = 2 * keep / (1 - keep) ** 2
    # Kurtosis of discrete Laplace is near 6, so a variance of n draws has a relative deviation of sqrt(5 / n): 5 sigma.
    assert sum(one * one for one in drawn) / DRAWS == pytest.approx(theory, rel=5 * math.sqrt(5 / DRAWS))
    assert abs(sum(drawn) / DRAWS) < 5 * math.sqrt(theory / DRAWS)


def test_neighbours_are_told_apart_no_better_than_epsilon_says() -> None:
    bound, epsilon = 3, 0.5
    one = Counter(laplace(0, bound, epsilon) for _ in range(DRAWS))
    other = Counter(laplace(bound, bound, epsilon) for _ in range(DRAWS))
    # Any question of the form "is it at most x", which is the best one there is for this noise.
    for at in range(-10, 14):
        for told in (lambda x, at=at: x <= at, lambda x, at=at: x > at):
            few = sum(n for x, n in one.items() if told(x)) / DRAWS
            many = sum(n for x, n in other.items() if told(x)) / DRAWS
            margin = 5 * (math.sqrt(few / DRAWS) + math.exp(epsilon) * math.sqrt(many / DRAWS)) + 5 / DRAWS
            assert few <= math.exp(epsilon) * many + margin
            assert many <= math.exp(epsilon) * few + margin
    ratio = sum(n for x, n in one.items() if x <= 0) / max(1, sum(n for x, n in other.items() if x <= 0))
    assert ratio > math.exp(epsilon) * 0.75, "and the bound is used, or the noise is too much"


@given(st.lists(st.integers(0, 10_000)), st.integers(0, 10**9))
def test_one_member_adds_no_more_than_the_bound_however_much_it_sends(others: list[int], own: int) -> None:
    assert 0 <= clamped([*others, own], TAGS.bound) - clamped(others, TAGS.bound) <= TAGS.bound


@given(
    st.lists(st.frozensets(st.integers(1, 5), min_size=1), max_size=60),
    st.dictionaries(st.integers(1, 5), st.integers(0, 50)),
    st.integers(1, 5),
    st.integers(1, 20),
    st.integers(2, 3),
)
def test_without_one_member_what_matched_changes_by_no_more_than_the_bound(
    tags: list[frozenset[int]], more: dict[int, int], gone: int, bound: int, least: int
) -> None:
    submitted = {one: max(1, sum(one in held for held in tags) + more.get(one, 0)) for one in range(1, 6)}
    without = [held - {gone} for held in tags]
    left = {one: many for one, many in submitted.items() if one != gone}
    change = matched(tags, submitted, least, bound) - matched(without, left, least, bound)
    assert 0 <= change <= bound
    if max(submitted.values()) <= bound:
        assert matched(tags, submitted, least, bound) == sum(len(held) >= least for held in tags)


def test_clamping_at_each_member_would_not_do() -> None:
    """Who leaves takes matches from all others: the reason for weights."""
    partners = range(2, 52)
    held = [frozenset({1, other}) for other in partners for _ in range(10)]
    by_member = [sum(one in tags for tags in held) for one in (1, *partners)]
    assert clamped(by_member, 20) - 0 > 20
    submitted = {1: len(held), **dict.fromkeys(partners, 10)}
    assert matched(held, submitted, 2, 20) <= 20
    assert MATCHED.bound > 0


def test_it_is_read_by_anybody_and_written_by_nobody(exchange: Rights) -> None:
    assert json.loads(public(exchange)) == {"epochs": [], "years": []}
    assert call(exchange.world.hub, "POST", STATISTICS).status == 405
    assert call(exchange.world.hub, "GET", STATISTICS + "/x").status == 404
