"""What accounts may share is coded, what is unknown counts for nothing, and like is held against like."""

from __future__ import annotations

import numpy as np
import pytest

from coordination.made import DAY_MS, HOUR_MS, START_MS, blank, code_of, enrolled, groups_of, unknown
from stillwatch.coordination.layers.values import hold
from stillwatch.coordination.roster import AT, FIELDS, MOST_STRATA, Roster


def values(roster: Roster, field: str) -> list[list[int]]:
    coded = roster.fields[AT[field]]
    return [coded.token[coded.value[a:b]].tolist() for a, b in zip(coded.start[:-1], coded.start[1:], strict=True)]


def test_of_blank_accounts_nothing_is_known() -> None:
    roster = enrolled(blank(3))
    assert len(roster) == 3
    assert len(roster.fields) == len(FIELDS) == 12
    for field in roster.fields:
        assert not field.known().any()


@pytest.mark.parametrize("name", ["user_agent", "ja4"])
def test_drawn_codes_are_values(name: str) -> None:
    outline = blank(4)
    getattr(outline, name)[:] = [7, 0, 7, 5]
    assert values(enrolled(outline), name) == [[7], [], [7], [5]]


@pytest.mark.parametrize("name", ["payment", "card_bin", "email_domain", "email_class", "referral"])
def test_keyed_values_may_be_negative_and_zero_is_unknown(name: str) -> None:
    registered = unknown(4)
    getattr(registered, name)[:] = [-7, 0, -7, 5]
    assert values(enrolled(blank(4), registered), name) == [[2**64 - 7], [], [2**64 - 7], [5]]


def test_an_account_has_several_networks() -> None:
    outline = blank(3)
    outline.nets[0, :2] = 4, 9
    outline.nets[2, :1] = 9
    roster = enrolled(outline)
    assert values(roster, "network") == [[4, 9], [], [9]]
    assert code_of(roster, "network", 2) == 1


def test_sign_ups_are_coded_by_hour_and_by_day() -> None:
    registered = unknown(4)
    registered.signup_ms[:] = START_MS, START_MS + HOUR_MS - 1, START_MS + HOUR_MS, -1
    roster = enrolled(blank(4), registered)
    hour = START_MS // HOUR_MS
    assert values(roster, "signup_hour") == [[hour], [hour], [hour + 1], []]
    assert values(roster, "signup_day") == [[START_MS // DAY_MS]] * 3 + [[]]


def test_groups_of_a_template_and_of_artefacts_are_values_of_their_members() -> None:
    templates, artefacts = groups_of([0, 1, 2], [2, 3], tokens=[50, 51]), groups_of([1, 3], tokens=[60])
    roster = enrolled(blank(5), None, templates, artefacts)
    assert values(roster, "template") == [[50], [50], [50, 51], [51], []]
    assert values(roster, "artefact") == [[], [60], [], [60], []]


def test_accounts_are_of_one_kind_only_with_the_same_plan_library_and_size() -> None:
    outline, registered = blank(6), unknown(6)
    outline.library[:] = [1, 1, 2, 1, 1, 1]
    registered.plan[:] = [1, 1, 1, 2, 1, 1]
    outline.events[:] = [1, 9, 1, 1, 10, 1]
    stratum = enrolled(outline, registered).stratum
    assert stratum[0] == stratum[1] == stratum[5]
    assert len(set(stratum.tolist())) == 4


def test_sizes_change_at_ten_a_hundred_and_a_thousand_requests() -> None:
    outline = blank(8)
    outline.events[:] = [1, 9, 10, 99, 100, 999, 1000, 10**9]
    assert enrolled(outline).stratum.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_library_never_runs_into_size_or_plan() -> None:
    outline, registered = blank(3), unknown(3)
    outline.library[:] = 0x80000000, 0, 0
    outline.events[:] = 1, 10, 1
    registered.plan[:] = 0, 0, 1
    assert np.unique(enrolled(outline, registered).stratum).shape == (3,)


def test_made_up_libraries_do_not_stop_a_run_and_the_rarest_kinds_are_one() -> None:
    """Anybody may call a client anything; a library of many accounts keeps a stratum of its own."""
    outline = blank(MOST_STRATA + 200)
    outline.library[:] = np.arange(1, MOST_STRATA + 201)
    outline.library[-100:] = 7
    roster = enrolled(outline)
    assert np.unique(roster.stratum).tolist() == list(range(MOST_STRATA))
    same = roster.stratum == roster.stratum[-1]
    assert np.flatnonzero(same).tolist() == [6, *range(MOST_STRATA + 100, MOST_STRATA + 200)]
    assert (np.bincount(roster.stratum) > 1).sum() == 2
    assert hold(groups_of(range(3)), roster, AT["ja4"]).log_p.shape == (1,)
