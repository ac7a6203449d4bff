"""What passes between the hub's protocol and its store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.model.membership import Purpose, Tlp

UNVERSIONED = -1
"""Version of an object that has neither ``modified`` nor ``created``: it gets its date added."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Which versions of an object are asked for; what is asked for adds up."""

    last: bool = True
    """The newest."""
    first: bool = False
    """The oldest."""
    every: bool = False
    """All."""
    at: tuple[int, ...] = ()
    """Those of these moments (us since 1970)."""


@dataclass(frozen=True, slots=True)
class Query:
    """One page that is asked for."""

    limit: int
    """Most objects (1 to the page cap)."""
    after_us: int = -1
    """Only what was added after this moment (us since 1970); -1: from the start."""
    ids: tuple[str, ...] = ()
    """Only these; empty: all."""
    types: tuple[str, ...] = ()
    """Only of these types; empty: all."""
    versions: Versions = field(default_factory=Versions)
    """Which versions."""
    nothing: bool = False
    """Whether nothing can be found, as for a version of STIX that is not kept."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object of a page."""

    added_us: int
    """When it was added (us since 1970); no two objects share one."""
    id: str
    """STIX identifier."""
    version_us: int
    """Its version (us since 1970)."""
    body: bytes
    """As it was received; empty where only the manifest was asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object that comes in."""

    id: str
    """STIX identifier."""
    type: str
    """STIX type."""
    version_us: int
    """``modified``, else ``created`` (us since 1970), else ``UNVERSIONED``."""
    revoked: bool
    """Whether this version takes the object back."""
    tlp: Tlp
    """Its marking."""
    purposes: Purpose
    """What it may be used for."""
    body: bytes
    """As received."""
    digest: bytes
    """SHA-256 of the body (32 bytes)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One object that was not taken."""

    id: str
    """STIX identifier, or its place in the envelope where it has none."""
    version: str
    """Its version as text, "" where it has none."""
    message: str
    """Why; never holds content."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submission."""

    successes: tuple[tuple[str, int], ...]
    """Identifier and version (us since 1970) of each object that is in the collection now."""
    failures: tuple[Failure, ...]
    """What was not taken."""
    added: tuple[Entry, ...]
    """Entries that were not there before."""
    pending: tuple[tuple[str, int], ...] = ()
    """Identifier and version (us since 1970) of each object that is held until the operator has looked at it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing for the transparency log."""

    kind: str
    """What happened: submission, membership, group, key."""
    body: Mapping[str, Any]
    """Plain values."""
