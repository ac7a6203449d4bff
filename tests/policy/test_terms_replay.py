"""Old and new terms over recorded dossiers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import DAY_MS, NOW_MS, dossiers, replaced, terms
from policy.test_judge_terms import ASKED, CONTENT, COPIER
from policy.written_terms import loaded
from stillwatch.policy.replay import replay

OLD = loaded(("total_bits: {at_least: 3}", "total_bits: {at_least: 8}")).terms
NEW = loaded(
    ("[observe, notify, throttle, hold, suspend]", "[observe, notify, throttle]"),
    ("    by_person: [hold, suspend]\n", ""),
).terms


def recorded(account: int, day: int, **changes: object):
    at_ms = NOW_MS - (90 - day) * DAY_MS
    return replaced(COPIER, account=account, at_ms=at_ms, **changes)


def test_a_replay_says_whose_action_changes_and_when_it_first_did() -> None:
    found = replay(
        [
            recorded(1, 0, total_bits=9.0),
            recorded(2, 1, total_bits=1.0, plan="free"),
            recorded(3, 2, total_bits=2.0),
            recorded(3, 40, total_bits=5.0),
            recorded(3, 50, total_bits=6.0),
        ],
        OLD,
        NEW,
    )

    assert (found.dossiers, dict(found.accounts)) == (5, {"free": 1, "pro": 2})
    assert (found.from_ms, found.until_ms) == (NOW_MS - 90 * DAY_MS, NOW_MS - 40 * DAY_MS)
    assert dict(found.counts) == {
        ("free", "none"): (1, 1),
        ("pro", "none"): (1, 0),
        ("pro", "suspend"): (1, 0),
        ("pro", "throttle"): (0, 2),
    }
    assert [(one.account, one.old, one.new, one.clauses) for one in found.moved] == [
        (3, "none", "throttle", ("no-model-copying",)),
        (1, "suspend", "throttle", ("no-model-copying",)),
    ]
    assert found.moved[0].first_ms == NOW_MS - 50 * DAY_MS


def test_clauses_count_before_they_begin_and_in_shadow_since_that_is_the_question() -> None:
    later = loaded(("2026-12-01", "2027-05-01"), ("mode: live", "mode: shadow")).terms

    assert [one.new for one in replay([recorded(1, 0)], loaded(("classes: 2", "classes: 4")).terms, later).moved] == [
        "suspend"
    ]


def test_an_exempt_account_does_not_move() -> None:
    spared = replaced(recorded(1, 0), seen=(CONTENT, ASKED), attributed_share=1.0)

    assert replay([spared], OLD, OLD).moved == ()


def test_no_dossiers() -> None:
    found = replay([], OLD, NEW)

    assert (found.dossiers, found.from_ms, found.until_ms, found.moved) == (0, -1, -1, ())


@given(terms, terms, st.lists(dossiers(), max_size=5))
def test_counts_add_up_and_order_of_dossiers_does_not_matter(old, new, some) -> None:
    # The plan of an account is that of its last dossier, so here every account keeps one.
    some = [replaced(one, plan="pro") for one in some]
    found = replay(some, old, new)
    turned = replay(some[::-1], old, new)

    for at in (0, 1):
        assert sum(both[at] for both in found.counts.values()) == len({one.account for one in some})
    assert {one.account for one in found.moved} == {one.account for one in turned.moved}
    assert found.counts == turned.counts
    assert replay(some, old, old).moved == ()
