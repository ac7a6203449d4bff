"""Spans of decisions in plain arrays: some sixty bytes each, found by bisection.

One row a decision that may bind. Rows of one account lie together, the strictest action first and of equal ones
the one that ends last, so the first row that covers a moment is the standing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from stillwatch.model.decision import POLICY, Action, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    Row: TypeAlias = tuple[int, int, int, int, str, str, str, str]
    """Account, action, from_ms, until_ms, decision, clause, campaign, by."""

ACTIONS: Final = tuple(Action)
MACHINE: Final = 0x80
"""Bit of the action byte: no person took it."""


@dataclass(frozen=True, slots=True)
class Spans:
    """The arrays; made by :func:`pack`."""

    account: array[int]
    """Accounts, ascending; an account stands once a decision."""
    action: bytes
    """Action, with ``MACHINE``."""
    from_ms: array[int]
    """In force from (ms since 1970)."""
    until_ms: array[int]
    """In force until (ms since 1970)."""
    place: array[int]
    """Where a decision's id begins in ``ids``; one more at the end."""
    ids: bytes
    """Ids of the decisions, one after the other."""
    named: array[int]
    """Position in ``names``."""
    names: tuple[tuple[str, str], ...]
    """Clause and campaign, each pair once."""

    def find(self, account: int, now_ms: int, least: int = 0) -> Standing | None:
        """Give the strictest span of an account that covers a moment.

        Parameters
        ----------
        account
            Pseudonym.
        now_ms
            Moment (ms since 1970).
        least
            ``MACHINE`` leaves out what no person took.

        Returns
        -------
        Standing or None
            None where nothing is in force.
        """
        accounts = self.account
        row, rows = bisect_left(accounts, account), len(accounts)
        while row < rows and accounts[row] == account:
            if self.from_ms[row] <= now_ms < self.until_ms[row] and not self.action[row] & least:
                clause, campaign = self.names[self.named[row]]
                return Standing(
                    account,
                    ACTIONS[self.action[row] & ~MACHINE],
                    self.until_ms[row],
                    self.ids[self.place[row] : self.place[row + 1]].decode(),
                    clause,
                    campaign,
                )
            row += 1
        return None

    def __len__(self) -> int:
        """Count the spans."""
        return len(self.account)

    @property
    def bytes_held(self) -> int:
        """Memory of the arrays (bytes)."""
        arrays = (self.account, self.from_ms, self.until_ms, self.place, self.named)
        texts = sum(len(clause) + len(campaign) + 150 for clause, campaign in self.names)
        return sum(len(one) * one.itemsize for one in arrays) + len(self.action) + len(self.ids) + texts


def pack(rows: Iterable[Row]) -> Spans:
    """Pack rows that come ordered by account, action falling, end falling."""
    account, from_ms, until_ms = array("q"), array("q"), array("q")
    place, named = array("Q", [0]), array("I")
    action, ids = bytearray(), bytearray()
    names: dict[tuple[str, str], int] = {}
    for who, what, begins, ends, decision, clause, campaign, by in rows:
        account.append(who)
        action.append(what | MACHINE if by == POLICY else what)
        from_ms.append(begins)
        until_ms.append(ends)
        ids += decision.encode()
        place.append(len(ids))
        named.append(names.setdefault((clause, campaign), len(names)))
    return Spans(account, bytes(action), from_ms, until_ms, place, bytes(ids), named, tuple(names))
