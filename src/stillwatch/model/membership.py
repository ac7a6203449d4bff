"""Members of an exchange, the groups that they share in, and how what they share is to be handled."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from typing import Final


class State(StrEnum):
    """How a member stands. Only an active one reads or writes."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


class Role(IntFlag):
    """What a member may do in its groups."""

    NONE = 0
    READER = 1
    CONTRIBUTOR = 2
    ASKER = 4
    """Asks about its own accounts; with this alone it neither reads nor contributes."""


class Tlp(IntEnum):
    """Traffic Light Protocol 2.0, from open to closed."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4


class Purpose(IntFlag):
    """What shared intelligence may be used for."""

    NONE = 0
    DETECT = 1
    ENFORCE = 2
    RESEARCH = 4
    REPORT = 8


EVERY_PURPOSE: Final = Purpose.DETECT | Purpose.ENFORCE | Purpose.RESEARCH | Purpose.REPORT
"""All that are known."""


@dataclass(frozen=True, slots=True)
class Handling:
    """How one object is to be handled."""

    tlp: Tlp
    """Only members cleared this high read it."""
    purposes: Purpose
    """Only members bound to one of these read it; none: nobody does."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member. The hub knows its name; no other member is told it."""

    number: int
    """Number in the hub's store, from 1; never leaves the hub."""
    id: str
    """UUID."""
    name: str
    """Name, for the operator of the hub."""
    state: State
    """How it stands."""
    roles: Role
    """What it may do."""
    ceiling: Tlp = Tlp.AMBER
    """Highest marking that it may read."""
    purposes: Purpose = Purpose.DETECT
    """What it has agreed to use intelligence for, and nothing else."""

    def may(self, role: Role) -> bool:
        """Say whether it acts in a role now."""
        return self.state is State.ACTIVE and role in self.roles and role is not Role.NONE

    def may_any(self, roles: Role) -> bool:
        """Say whether it acts in one of some roles now."""
        return self.state is State.ACTIVE and bool(roles & self.roles)


@dataclass(frozen=True, slots=True)
class Group:
    """One version of a sharing group; a change makes a new version and leaves this one as it is."""

    id: str
    """UUID, the same for all versions."""
    version: int
    """Number of the version, from 1."""
    name: str
    """Name, for people."""
    members: frozenset[int] = field(default_factory=frozenset)
    """Numbers of members. Empty: nobody."""
