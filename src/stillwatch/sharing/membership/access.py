"""Who may read and write, as one pure function of who, what and which group. What is not allowed here is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.membership import Role

if TYPE_CHECKING:
    from stillwatch.model.membership import Group, Handling, Member


def may_open(member: Member, latest: Group) -> bool:
    """Say whether a member may read in a collection of a group at all: an active reader, in the group as it is now."""
    return member.may(Role.READER) and member.number in latest.members


def may_write(member: Member, latest: Group) -> bool:
    """Say whether a member may submit: an active contributor, in the group as it is now."""
    return member.may(Role.CONTRIBUTOR) and member.number in latest.members


def may_read(member: Member, latest: Group, shared_with: Group, handling: Handling, owner: int) -> bool:
    """Say whether a member may read one object.

    Parameters
    ----------
    member
        Who asks.
    latest
        The group of the collection as it is now: who has left it reads nothing in it any more.
    shared_with
        The version of the group that the object was shared with: who joined later does not get it.
    handling
        Its marking and its purposes.
    owner
        Number of the member that submitted it; that one reads it whatever its marking.
    """
    if not may_open(member, latest):
        return False
    if owner == member.number:
        return True
    return (
        member.number in shared_with.members
        and handling.tlp <= member.ceiling
        and bool(handling.purposes & member.purposes)
    )
