"""A pool that begins where another was closed, with its template, is the same operator's; nothing else is."""

from __future__ import annotations

import numpy as np

from coordination.ordinary import DAY_MS, START_MS, world
from stillwatch.coordination.candidates.carried import carried
from stillwatch.coordination.candidates.templates import templates
from stillwatch.coordination.members import Holders, Membership
from stillwatch.coordination.pools import pooled
from stillwatch.coordination.roster import enroll

NOTHING = np.zeros(0, np.int64)


def entity(rows: np.ndarray) -> Membership:
    return Membership(rows, np.zeros((rows.shape[0], 5)), np.full(rows.shape[0], 9.0))


def pools(strangers: int, share: float = 1.0, *, closed: bool = True, late: bool = True) -> list[int]:
    """Sizes of what two pools of 40 become, whose template so many strangers send too."""
    outline, known = world(2)
    first, second = np.arange(40), np.arange(40, 80)
    known.closed_ms[first] = START_MS + 2 * DAY_MS if closed else -1
    outline.first_ms[second] = START_MS + (3 if late else 0) * DAY_MS
    senders = [*first[: int(40 * share)], *second[: int(40 * share)], *range(200, 200 + strangers)]
    outline.sample_piece[senders, 40] = 5_005
    found = templates(outline)
    roster = enroll(outline, known, found.groups, carried(NOTHING, NOTHING, 3000))
    return [one.rows.shape[0] for one in pooled([entity(first), entity(second)], Holders(roster))]


def test_a_template_of_their_own_makes_two_pools_one() -> None:
    assert pools(0) == [80]
    assert pools(60) == [80]


def test_two_that_work_side_by_side_stay_two() -> None:
    assert pools(0, late=False) == [40, 40]
    assert pools(0, closed=False) == [40, 40]


def test_a_template_of_many_others_does_not() -> None:
    assert pools(120) == [40, 40]


def test_nor_one_that_few_members_send() -> None:
    assert pools(0, share=0.2) == [40, 40]


def test_one_entity_stays_what_it_is() -> None:
    outline, known = world(2)
    roster = enroll(outline, known, templates(outline).groups, carried(NOTHING, NOTHING, 3000))
    (only,) = pooled([entity(np.arange(5))], Holders(roster))
    assert only.rows.tolist() == [0, 1, 2, 3, 4]
    assert pooled([], Holders(roster)) == ()
