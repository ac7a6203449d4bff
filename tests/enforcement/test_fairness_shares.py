from __future__ import annotations

import html
import json
import random
from dataclasses import fields

import pytest

from enforcement.judged import NOW, on_record
from stillwatch.enforcement.fairness import KINDS, fairness, strictest
from stillwatch.enforcement.situation import TRAITS, Facts, Traits
from stillwatch.model.decision import Action
from stillwatch.model.fairness import LEVELS, Fell
from stillwatch.reports.fairness import fairness_html, fairness_values


def fell(count: int, of: int, action: Action = Action.THROTTLE, **changes: object) -> list[Fell]:
    made = dict(changes)
    groups = made.pop("groups", {"plan": "free"})
    return [
        Fell(action if n < count else Action.OBSERVE, groups=groups, **made)  # type: ignore[arg-type]
        for n in range(of)
    ]


def test_the_strictest_counts_undone_or_not_and_shadow_is_kept_apart() -> None:
    records = [
        on_record(7, Action.THROTTLE, lifted_ms=NOW),
        on_record(7, Action.NOTIFY),
        on_record(8, Action.HOLD, shadow=True),
        on_record(9, Action.OBSERVE, lifted_ms=NOW),
    ]

    assert strictest(records) == {7: (Action.THROTTLE, True), 9: (Action.OBSERVE, False)}
    assert strictest(records, shadow=True) == {8: (Action.HOLD, False)}


def test_levels_are_counted_from_the_mildest_action_of_each_on() -> None:
    one_of_each = [Fell(action, groups={"plan": "free"}) for action in Action]

    found = fairness(one_of_each, truth=False)

    assert dict(zip(LEVELS, (share.count for share in found.everybody), strict=True)) == {
        "noticed": 6,
        "throttled": 5,
        "restricted": 3,
        "held": 2,
    }
    assert found.groups[0].shares == found.everybody
    assert found.unknown == ("persona", "size")


def test_those_who_extract_are_left_out_of_the_groups_where_that_is_known() -> None:
    given = fell(0, 50) + fell(30, 30, extracting=True)

    known, unknown = fairness(given, truth=True), fairness(given, truth=False)

    assert [share.count for share in known.groups[0].shares] == [0, 0, 0, 0]
    assert known.extracting is not None
    assert (known.extracting[0].count, known.extracting[0].of) == (30, 30)
    assert unknown.groups[0].shares[0].count == 30
    assert unknown.extracting is None


def test_a_group_out_of_proportion_is_named_with_the_level() -> None:
    given = fell(40, 400, groups={"plan": "free"}) + fell(0, 4_000, groups={"plan": "team"})

    (free, team) = fairness(given, truth=False).groups

    assert (free.name, free.unlike, team.unlike) == ("free", ("noticed", "throttled"), ())


@pytest.mark.parametrize(("count", "of"), [(4, 40), (5, 400)])
def test_few_or_near_enough_is_not_called_unlike(count: int, of: int) -> None:
    given = fell(count, of, groups={"plan": "free"}) + fell(20, 4_000, groups={"plan": "team"})

    assert all(row.unlike == () for row in fairness(given, truth=False).groups)


def test_where_all_are_treated_alike_hardly_ever_anybody_is_called_unlike() -> None:
    draw = random.Random(5)
    named = 0
    for _ in range(80):
        given = [
            Fell(Action.NOTIFY if draw.random() < 0.1 else Action.OBSERVE, groups={"persona": f"p{n % 12}"})
            for n in range(1_200)
        ]
        named += any(row.unlike for row in fairness(given, truth=False).groups)
    assert named <= 4


def test_more_groups_make_every_interval_wider() -> None:
    few = fairness(fell(3, 100), truth=False)
    many = fairness(fell(3, 100) + [Fell(Action.OBSERVE, groups={"persona": f"p{n}"}) for n in range(40)], truth=False)

    (plan,) = [row for row in many.groups if row.kind == "plan"]
    assert plan.shares[0].low < few.groups[0].shares[0].low
    assert plan.shares[0].high > few.groups[0].shares[0].high
    shown = sum(len(row.shares) + 1 for row in many.groups) + len(many.everybody) + 1
    assert many.intervals == shown


def test_accounts_of_one_operator_are_told_of_as_one() -> None:
    given = fell(0, 30, operator="classroom-1") + fell(0, 3)

    assert fairness(given, truth=False).groups[0].operators == 4


def test_of_those_noticed_the_undone_are_counted() -> None:
    given = fell(3, 10, undone=True) + fell(3, 10) + fell(0, 10)

    undone = fairness(given, truth=False).undone

    assert (undone.count, undone.of) == (3, 6)


def test_no_kind_of_group_and_no_trait_says_where_somebody_comes_from() -> None:
    forbidden = ("nation", "country", "language", "region", "geo", "locale", "ethnic")
    names = [*KINDS, *TRAITS, *(one.name for one in fields(Traits)), *(one.name for one in fields(Facts))]

    assert KINDS == ("persona", "plan", "size")
    assert not [name for name in names if any(word in name for word in forbidden)]


def test_the_page_escapes_names_runs_nothing_and_the_values_are_json() -> None:
    found = fairness(fell(6, 60, groups={"plan": "<script>alert(1)</script>\x1b[31m"}), truth=False)

    page = fairness_html([("<b>store</b>", found)], ["<i>note</i>"])

    for said in ("<script", "<b>store", "<i>note", "\x1b"):
        assert said not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in html.unescape(page)
    values = json.loads(json.dumps(fairness_values(found), allow_nan=False))
    assert values["groups"][0]["noticed"]["count"] == 6
    assert values["groups"][0]["undone"]["of"] == 6
    assert values["everybody"]["held"]["low"] == 0.0
