"""The hub's books open at one member's page: what an account is drawn from, and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from stillwatch.model.membership import Member

    Row: TypeAlias = dict[str, Any]
    Rows: TypeAlias = Callable[["Books", int, int], list[Row]]

PAGE: Final = 200
"""Rows read at once."""


@dataclass(frozen=True, slots=True)
class Books:
    """What an account is drawn from: views of one moment."""

    hub: sqlite3.Connection
    """The hub's file."""
    tags: sqlite3.Connection | None
    """The database of tags; None where this hub matches nothing."""
    member: Member
    """Whose account."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of an account."""

    name: str
    """Name."""
    says: str
    """What it holds, and what not."""
    rows: Rows
    """(books, after, most) -> rows, each with its place ``at`` and the number of its entry in the log."""


def every_row(books: Books, section: Section) -> Iterator[Row]:
    """Give all rows of a section."""
    after = -1
    while rows := section.rows(books, after, PAGE):
        yield from rows
        after = rows[-1]["at"]
