"""The desk: what both faces of the appeals do, without HTTP. Times and keys come from outside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillwatch.reports.reasons import Contest, statement
from stillwatch.serve.appeals.bounds import Rate
from stillwatch.store import past
from stillwatch.store.appeals import PER_DECISION, lodge, of_decision
from stillwatch.store.tokens import admits

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.model.decision import Decision, OnRecord
    from stillwatch.reports.reasons import Statement
    from stillwatch.store.appeals import Appeal
    from stillwatch.store.database import Database
    from stillwatch.store.sealed import AppealKeys


@dataclass(frozen=True, slots=True)
class Limited:
    """Somebody asks too often."""


class Desk:
    """Statements and appeals of one store.

    Parameters
    ----------
    database, keys
        The store and the keys of its appeals.
    clock
        Gives the time (ms since 1970).
    """

    def __init__(self, database: Database, keys: AppealKeys, clock: Callable[[], int]) -> None:
        self._database, self._keys, self.clock = database, keys, clock
        self._asked = Rate(burst=60, per_minute=60)
        self._wrong = Rate(burst=10, per_minute=2)
        self._written = Rate(burst=5, per_minute=1)

    def within(self, client: str) -> bool:
        """Say whether a client may ask now."""
        return self._asked.take(client, self.clock())

    def read(self, client: str, decision: str, token: str) -> Statement | Limited | None:
        """Give a statement; None for a wrong token and for an unknown decision alike."""
        now_ms = self.clock()
        with self._database.reading() as connection:
            if not admits(connection, self._keys.token, decision, token):
                # Guessing 256 bits is hopeless; the limit keeps the attempts from costing us much.
                return None if self._wrong.take(client, now_ms) else Limited()
            found = past.by_id(connection, decision)
            if found is None or found.decision.shadow:
                return None
            return statement(
                _as_ended(found, now_ms),
                past.verdict(connection, decision),
                past.sentence(connection, found.decision),
                [_contest(one) for one in of_decision(connection, decision)],
                lifted_ms=found.lifted_ms,
                most=PER_DECISION,
                now_ms=now_ms,
            )

    def write(self, decision: str, text: str) -> Appeal | Limited:
        """Take an appeal in, for somebody whose token was good.

        Raises
        ------
        InputError
            It cannot be taken in; the message is for the customer.
        """
        if not self._written.take(decision, self.clock()):
            return Limited()
        return lodge(self._database, self._keys, decision, text, self.clock())


def _as_ended(found: OnRecord, now_ms: int) -> Decision:
    """Give a decision with the end that a person set, which is past whatever the clock says."""
    if found.ended_ms < 0:
        return found.decision
    return replace(found.decision, until_ms=min(found.until_ms, now_ms))


def _contest(one: Appeal) -> Contest:
    return Contest(one.id, one.at_ms, one.outcome, one.why, one.answered_ms)
