"""The decision of who may read, against one written out the slow way; default deny."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.membership import Group, Handling, Member, Purpose, Role, State, Tlp
from stillwatch.sharing.membership.access import may_open, may_read, may_write

MEMBERS = st.builds(
    Member,
    number=st.integers(1, 4),
    id=st.just("m"),
    name=st.just("m"),
    state=st.sampled_from(State),
    roles=st.sampled_from([Role.NONE, Role.READER, Role.CONTRIBUTOR, Role.READER | Role.CONTRIBUTOR]),
    ceiling=st.sampled_from(Tlp),
    purposes=st.integers(0, 15).map(Purpose),
)
GROUPS = st.frozensets(st.integers(1, 4)).map(lambda members: Group("g", 1, "g", members))
HANDLINGS = st.builds(Handling, st.sampled_from(Tlp), st.integers(0, 15).map(Purpose))


def slow(member: Member, latest: Group, then: Group, handling: Handling, owner: int) -> bool:
    """Every reason to deny, one after the other."""
    for denied in (
        str(member.state) != "active",
        int(member.roles) % 2 == 0,
        not any(one == member.number for one in latest.members),
    ):
        if denied:
            return False
    if owner == member.number:
        return True
    shared = [
        purpose for purpose in (1, 2, 4, 8) if int(handling.purposes) & purpose and int(member.purposes) & purpose
    ]
    order = ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"]
    cleared = order.index(handling.tlp.name) <= order.index(member.ceiling.name)
    return any(one == member.number for one in then.members) and cleared and len(shared) > 0


@given(MEMBERS, GROUPS, GROUPS, HANDLINGS, st.integers(1, 4))
def test_reading_is_what_the_slow_way_says(
    member: Member, latest: Group, then: Group, handling: Handling, owner: int
) -> None:
    assert may_read(member, latest, then, handling, owner) is slow(member, latest, then, handling, owner)


@given(MEMBERS, GROUPS, HANDLINGS, st.integers(1, 4))
def test_an_empty_group_is_nobody(member: Member, then: Group, handling: Handling, owner: int) -> None:
    nobody = Group("g", 2, "g", frozenset())
    assert not may_open(member, nobody)
    assert not may_write(member, nobody)
    assert not may_read(member, nobody, then, handling, owner)


@given(MEMBERS, GROUPS)
def test_only_an_active_member_does_anything(member: Member, latest: Group) -> None:
    if member.state is not State.ACTIVE:
        assert not may_open(member, latest)
        assert not may_write(member, latest)
        assert not member.may(Role.NONE)
