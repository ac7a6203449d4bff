"""What the gateway needs of others, as protocols, and the plain versions of them that tests and small set-ups use."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from stillwatch.model.decision import IN_GOOD_STANDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stillwatch.model.decision import Standing

Record: TypeAlias = dict[str, Any]
"""One call: names of ``model.event.RAW_SCHEMA`` where known, and ``enforced`` where a barrier applied."""


class Sink(Protocol):
    """Takes one record a call."""

    def put(self, record: Record) -> None:
        """Take a record at once, or drop it and count it; never wait and never raise."""
        ...

    @property
    def dropped(self) -> int:
        """Records dropped since the start."""
        ...


class Standings(Protocol):
    """Knows what is in force for an account."""

    def get(self, account: int, now_ms: int) -> Standing:
        """Look an account up; ``IN_GOOD_STANDING`` where nothing is in force. It is asked once a call, in its way."""
        ...


class Owners(Protocol):
    """Knows for whom reasoning was made."""

    def foreign(self, artefacts: Iterable[int], account: int, now_ms: int) -> frozenset[int]:
        """Give those artefacts that are known to belong to another owner than the account's; unknown ones are not."""
        ...


class MemorySink:
    """Keeps the last records in memory."""

    def __init__(self, most: int = 10_000) -> None:
        self.records: deque[Record] = deque()
        """Records, oldest first."""
        self.dropped = 0
        """Records dropped since the start."""
        self._most = most

    def put(self, record: Record) -> None:
        """Keep a record, or drop it where there are enough."""
        if len(self.records) >= self._most:
            self.dropped += 1
        else:
            self.records.append(record)


class NoSink:
    """Keeps nothing."""

    dropped = 0
    """Nothing is dropped that was never to be kept."""

    def put(self, record: Record) -> None:
        """Let a record go."""


class MemoryStandings:
    """Standing by account, as a mapping that may change."""

    def __init__(self, standings: Mapping[int, Standing] | None = None) -> None:
        self.standings = dict(standings or {})
        """Account -> what is in force."""

    def get(self, account: int, now_ms: int) -> Standing:
        """Look an account up; what has expired is not in force."""
        standing = self.standings.get(account, IN_GOOD_STANDING)
        return standing if now_ms < standing.until_ms else IN_GOOD_STANDING


class MemoryOwners:
    """Owners by artefact, as a mapping."""

    def __init__(self, owners: Mapping[int, int] | None = None) -> None:
        self.owners = dict(owners or {})
        """Artefact -> account it was made for."""

    def foreign(self, artefacts: Iterable[int], account: int, now_ms: int) -> frozenset[int]:
        """Give those that belong to another account."""
        del now_ms
        return frozenset(one for one in artefacts if self.owners.get(one, account) != account)
