"""Names stay with the accounts; what divides, joins, comes and goes is written down."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.coordination.identity import History, renamed

DAY = 86_400_000


def accounts(*ids: int) -> np.ndarray:
    return np.array(sorted(ids), np.int64)


def run(history: History, day: int, **found: np.ndarray) -> tuple[dict[str, str], History]:
    names, after = renamed(history, list(found.items()), day * DAY)
    return dict(zip(found, names, strict=True)), after


def said(history: History) -> list[tuple[str, str, str]]:
    return [(change.what, change.name, change.other) for change in history.changes]


def test_an_entity_keeps_its_name_while_half_of_it_stays() -> None:
    _, history = run(History(), 1, a=accounts(1, 2, 3, 4))
    names, history = run(history, 2, b=accounts(3, 4, 5, 6))
    assert names == {"b": "a"}
    names, history = run(history, 3, c=accounts(6, 7, 8, 9))
    assert names == {"c": "c"}
    assert said(history) == [("new", "a", ""), ("new", "c", ""), ("gone", "a", "")]
    assert history.looks == 3
    (gone,) = [one for one in history.known if one.name == "a"]
    assert (gone.first_seen_ms, gone.last_seen_ms) == (DAY, 2 * DAY)


def test_of_two_parts_the_larger_keeps_the_name() -> None:
    _, history = run(History(), 1, a=accounts(*range(10)))
    names, history = run(history, 2, small=accounts(0, 1, 2), large=accounts(*range(3, 10)))
    assert names == {"small": "small", "large": "a"}
    assert ("split", "small", "a") in said(history)


def test_what_is_joined_takes_the_name_of_the_larger() -> None:
    _, history = run(History(), 1, a=accounts(1, 2, 3), b=accounts(4, 5, 6, 7))
    names, history = run(history, 2, c=accounts(1, 2, 3, 4, 5, 6, 7))
    assert names == {"c": "b"}
    assert ("merged", "a", "b") in said(history)
    _, history = run(history, 3, c=accounts(1, 2, 3, 4, 5, 6, 7))
    assert said(history).count(("merged", "a", "b")) == 1


def test_one_that_returns_has_its_old_name_and_first_day() -> None:
    _, history = run(History(), 1, a=accounts(1, 2, 3))
    _, history = run(history, 2)
    _, history = run(history, 3)
    names, history = run(history, 4, z=accounts(1, 2, 3))
    assert names == {"z": "a"}
    assert said(history) == [("new", "a", ""), ("gone", "a", "")]
    assert history.known[0].first_seen_ms == DAY


@given(st.lists(st.lists(st.sets(st.integers(0, 30), min_size=3, max_size=9), max_size=4), max_size=5))
def test_names_are_given_once_and_order_does_not_matter(days: list[list[set[int]]]) -> None:
    history = backwards = History()
    for day, groups in enumerate(days):
        free: set[int] = set()
        apart = []
        for group in groups:
            left = group - free
            free |= group
            if len(left) >= 3:
                apart.append((f"n{day}-{min(left)}", accounts(*left)))
        names, history = renamed(history, apart, day)
        again, backwards = renamed(backwards, apart[::-1], day)
        assert len(set(names)) == len(names)
        assert sorted(names) == sorted(again)
        assert [one.name for one in history.known] == [one.name for one in backwards.known]
