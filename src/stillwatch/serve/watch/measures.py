"""How a watch is doing, as numbers; and those numbers in the text form that Prometheus reads."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COUNTERS: Final[Mapping[str, str]] = {
    "events_in": "Events taken in and on the disk.",
    "events_folded": "Events folded into accounts.",
    "events_repeated": "Events whose id had been seen; counted once.",
    "events_unattributed": "Events without an account; judged nowhere.",
    "records_refused": "Records refused with a reason.",
    "puts_refused": "Requests and fetches put off because the spool had no room.",
    "messages_in": "Messages of a broker that were taken and acknowledged.",
    "messages_refused": "Messages of a broker of which nothing could be read; acknowledged and passed over.",
    "accounts_examined": "Accounts looked at, each time they changed.",
    "dossiers": "Dossiers judged by the terms.",
    "decisions": "Decisions recorded, shadow ones as well.",
    "campaign_runs": "Searches for campaigns.",
    "checkpoints": "Checkpoints written.",
    "files_read_again": "Times that accounts, agreements, terms or the reference were read again after a change.",
    "failures": "Turns that ended in an error of ours; see /healthz.",
}
"""What only grows -> meaning."""
GAUGES: Final[Mapping[str, str]] = {
    "lag_seconds": "Age of the oldest event that is taken in and not folded (s).",
    "accounts": "Accounts known.",
    "waiting": "Decisions that wait for a person: see `stillwatch decisions waiting`.",
    "spool_bytes": "Bytes of the spool on the disk.",
    "broker_away": "Whether the broker does not answer (1) or does, or there is none (0).",
    "broker_waiting": "Messages at the broker that were not fetched, as of the last fetch.",
    "files_unread": "Files followed that cannot be read at the moment.",
    "campaigns": "Campaigns of the last search.",
    "campaigns_extracting": "Of these, reported as extraction.",
    "detectors_able": "Detectors that could tell for at least one account at the last look.",
    "detectors_blind": "Detectors that could tell for nobody: their fields are missing, which is no all-clear.",
}
"""What goes up and down -> meaning."""
STAGES: Final = ("fold", "examine", "campaigns", "judge", "checkpoint")
"""Stages whose seconds are counted."""
_PREFIX: Final = "stillwatch_watch_"


class Measures:
    """Counters, gauges and seconds by stage; threads may share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(COUNTERS, 0)
        self._gauges = dict.fromkeys(GAUGES, 0.0)
        self._seconds = dict.fromkeys(STAGES, 0.0)

    def count(self, name: str, more: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name] += more

    def put(self, name: str, value: float) -> None:
        """Set a gauge."""
        with self._lock:
            self._gauges[name] = value

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the seconds of a stage."""
        began = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._seconds[name] += time.monotonic() - began

    def taken(self) -> dict[str, float]:
        """Give every number by name."""
        with self._lock:
            seconds = {f"seconds_{name}": value for name, value in self._seconds.items()}
            return {**self._counts, **self._gauges, **seconds}

    def text(self) -> str:
        """Write them in the text form of Prometheus (0.0.4)."""
        lines = []
        with self._lock:
            for name, value in self._counts.items():
                lines += _metric(f"{name}_total", "counter", COUNTERS[name], [("", value)])
            for name, level in self._gauges.items():
                lines += _metric(name, "gauge", GAUGES[name], [("", level)])
            stages = [(f'{{stage="{name}"}}', value) for name, value in self._seconds.items()]
            lines += _metric("stage_seconds_total", "counter", "Seconds spent, by stage.", stages)
        return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, meaning: str, values: list[tuple[str, float]]) -> list[str]:
    head = [f"# HELP {_PREFIX}{name} {meaning}", f"# TYPE {_PREFIX}{name} {kind}"]
    return [*head, *(f"{_PREFIX}{name}{label} {value:.10g}" for label, value in values)]
