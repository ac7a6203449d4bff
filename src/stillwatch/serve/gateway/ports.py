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
    """Takes one record a call. None of it waits, none of it raises."""

    def begin(self, call_id: str, record: Record) -> None:
        """Take note of a call that goes to the model now."""
        ...

    def put(self, call_id: str, record: Record) -> None:
        """Take the record of a call that has ended, or drop it and count it."""
        ...

    def applied(self, entry: dict[str, Any]) -> None:
        """Take what barriers changed in a call that was only asked about."""
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

    def told(self) -> dict[str, Any]:
        """Say how much is known: ``state`` and whatever else ``/healthz`` shows."""
        ...


class Owners(Protocol):
    """Knows for whom reasoning was made."""

    def born(self, artefacts: Iterable[int], account: int) -> None:
        """Take note that artefacts were made for an account."""
        ...

    def foreign(self, artefacts: Iterable[int], account: int, now_ms: int) -> frozenset[int]:
        """Give those artefacts that are known to belong to another owner than the account's; unknown ones are not."""
        ...


class MemorySink:
    """Keeps the last records in memory."""

    def __init__(self, most: int = 10_000) -> None:
        self.records: deque[Record] = deque()
        """Records, oldest first."""
        self.begun: list[str] = []
        """Calls that went to the model."""
        self.entries: list[dict[str, Any]] = []
        """What barriers changed in calls that were only asked about."""
        self.dropped = 0
        """Records dropped since the start."""
        self._most = most

    def begin(self, call_id: str, record: Record) -> None:
        """Keep the id."""
        del record
        self.begun.append(call_id)

    def applied(self, entry: dict[str, Any]) -> None:
        """Keep an entry."""
        self.entries.append(entry)

    def put(self, call_id: str, record: Record) -> None:
        """Keep a record, or drop it where there are enough."""
        del call_id
        if len(self.records) >= self._most:
            self.dropped += 1
        else:
            self.records.append(record)


class NoSink:
    """Keeps nothing."""

    dropped = 0
    """Nothing is dropped that was never to be kept."""

    def begin(self, call_id: str, record: Record) -> None:
        """Let it go."""

    def put(self, call_id: str, record: Record) -> None:
        """Let it go."""

    def applied(self, entry: dict[str, Any]) -> None:
        """Let it go."""


class MemoryStandings:
    """Standing by account, as a mapping that may change."""

    def __init__(self, standings: Mapping[int, Standing] | None = None) -> None:
        self.standings = dict(standings or {})
        """Account -> what is in force."""

    def get(self, account: int, now_ms: int) -> Standing:
        """Look an account up; what has expired is not in force."""
        standing = self.standings.get(account, IN_GOOD_STANDING)
        return standing if now_ms < standing.until_ms else IN_GOOD_STANDING

    def told(self) -> dict[str, Any]:
        """Say that no store is followed."""
        return {"state": "no store", "spans": len(self.standings)}
