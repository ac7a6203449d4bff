"""Counts of the gateway, and their Prometheus text; written by hand: the hot path adds to plain dictionaries."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

from stillwatch.serve.gateway.standing import FRESH, MISSING, NO_STORE, STALE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BOUNDS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper ends of the steps of ``added_seconds`` (s)."""
STATES: Final = (FRESH, STALE, MISSING, NO_STORE)
_HELP: Final = {
    "requests": "Calls answered, by form of their bodies and HTTP status.",
    "standing": "Calls by the standing they were judged under.",
    "barriers": "Calls in which a barrier changed or refused something.",
    "standing_failures": "Calls whose standing could not be read.",
    "unread": "Requests and answers whose text a record lacks: packed in a way that is not read, malformed or cut off.",
    "upstream_failures": "Calls that no upstream answered, by reason.",
    "gone": "Calls whose customer hung up first.",
    "faults": "Calls that failed by a fault of the gateway itself.",
    "decisions": "Answers of the decision endpoint, by form and outcome.",
}


class Counts:
    """Everything that is counted; names and labels are fixed here, so that no stranger can add one."""

    def __init__(self) -> None:
        self.of: dict[str, dict[tuple[tuple[str, str], ...], int]] = {name: {} for name in _HELP}
        """Name -> labels -> count."""
        self.active = 0
        """Calls under way."""
        self._steps = [0] * (len(BOUNDS_S) + 1)
        self._seconds = 0.0

    def add(self, name: str, *labels: tuple[str, str]) -> None:
        """Count one."""
        table = self.of[name]
        table[labels] = table.get(labels, 0) + 1

    def added(self, seconds: float) -> None:
        """Note how long a call was in our hands before its upstream had it, a barrier's delay apart."""
        self._steps[bisect_left(BOUNDS_S, seconds)] += 1
        self._seconds += seconds

    def text(self, dropped: int, fail: str, standing: Mapping[str, Any]) -> str:
        """Write everything as Prometheus reads it.

        Parameters
        ----------
        dropped
            Records that the sink dropped.
        fail
            ``open`` or ``closed``: what happens where standing cannot be read.
        standing
            What is known of it, as ``/healthz`` tells it.
        """
        return "\n".join([*self._lines(dropped, fail), *_of_standing(standing), ""])

    def _lines(self, dropped: int, fail: str) -> Iterator[str]:
        for name, table in self.of.items():
            yield f"# HELP stillwatch_gateway_{name}_total {_HELP[name]}"
            yield f"# TYPE stillwatch_gateway_{name}_total counter"
            for labels, count in sorted(table.items()):
                told = ",".join(f'{label}="{value}"' for label, value in labels)
                yield (
                    f"stillwatch_gateway_{name}_total{{{told}}} {count}"
                    if told
                    else (f"stillwatch_gateway_{name}_total {count}")
                )
        yield "# TYPE stillwatch_gateway_active gauge"
        yield f"stillwatch_gateway_active {self.active}"
        yield "# TYPE stillwatch_gateway_records_dropped_total counter"
        yield f"stillwatch_gateway_records_dropped_total {dropped}"
        yield "# HELP stillwatch_gateway_fails_open 1 where calls go through while standing cannot be read."
        yield "# TYPE stillwatch_gateway_fails_open gauge"
        yield f"stillwatch_gateway_fails_open {int(fail == 'open')}"
        yield "# HELP stillwatch_gateway_added_seconds Time from a whole request to its way upstream, delays apart."
        yield "# TYPE stillwatch_gateway_added_seconds histogram"
        total = 0
        for bound, count in zip((*BOUNDS_S, "+Inf"), self._steps, strict=True):
            total += count
            yield f'stillwatch_gateway_added_seconds_bucket{{le="{bound}"}} {total}'
        yield f"stillwatch_gateway_added_seconds_sum {self._seconds:.6f}"
        yield f"stillwatch_gateway_added_seconds_count {total}"


def _of_standing(told: Mapping[str, Any]) -> Iterator[str]:
    yield "# HELP stillwatch_gateway_standing_state 1 for what is known of standing: fresh, stale, missing or no store."
    yield "# TYPE stillwatch_gateway_standing_state gauge"
    for state in STATES:
        yield f'stillwatch_gateway_standing_state{{state="{state}"}} {int(told["state"] == state)}'
    yield "# HELP stillwatch_gateway_standing_spans Decisions in memory that are or were in force."
    yield "# TYPE stillwatch_gateway_standing_spans gauge"
    yield f"stillwatch_gateway_standing_spans {told['spans']}"
    if told.get("age_s") is not None:
        yield "# HELP stillwatch_gateway_standing_age_seconds Time since the store was last read."
        yield "# TYPE stillwatch_gateway_standing_age_seconds gauge"
        yield f"stillwatch_gateway_standing_age_seconds {told['age_s']}"
        yield "# TYPE stillwatch_gateway_standing_refresh_failures_total counter"
        yield f"stillwatch_gateway_standing_refresh_failures_total {told['refresh_failures']}"
