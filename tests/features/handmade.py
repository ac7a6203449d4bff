"""Account state written by hand, one account unless told otherwise."""

from __future__ import annotations

import numpy as np

from stillwatch.features import FEATURES, profile
from stillwatch.sketches.layout import COUNTS, REACH, REACH_OFFSETS, SUMS, Arrays, allocate

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_793_577_600_000
"""A Monday, 00:00 UTC."""


def blank(n: int = 1) -> Arrays:
    """Accounts 1..n with one event each and nothing else known."""
    arrays = allocate(n)
    arrays.key[:] = np.arange(1, n + 1)
    set_counts(arrays, events=1)
    arrays.first_ms[:] = START_MS
    arrays.last_ms[:] = START_MS
    return arrays


def set_counts(arrays: Arrays, **values: int) -> None:
    for name, value in values.items():
        arrays.counts[:, COUNTS.index(name)] = value


def set_sums(arrays: Arrays, **values: int) -> None:
    for name, value in values.items():
        arrays.sums[:, SUMS.index(name)] = value


def fill_registers(registers: np.ndarray, distinct: int, seed: int = 1) -> None:
    """Count ``distinct`` random 64-bit values into HyperLogLog registers, the slow and plain way."""
    p = int(registers.shape[0]).bit_length() - 1
    for value in np.random.default_rng(seed).integers(0, 2**64, distinct, dtype=np.uint64).tolist():
        rest = format(value, "064b")[p:]
        rank = len(rest) - len(rest.lstrip("0")) + 1
        at = value >> (64 - p)
        registers[at] = max(registers[at], min(rank, 64 - p + 1))


def set_reach(arrays: Arrays, field: str, distinct: int, seed: int = 1) -> None:
    at = [name for name, _ in REACH].index(field)
    fill_registers(arrays.reach[0, REACH_OFFSETS[at] : REACH_OFFSETS[at + 1]], distinct, seed)


def values_of(arrays: Arrays) -> dict[str, float]:
    """Profile of the first account, as plain numbers."""
    made = profile(arrays, arrays.key.shape[0], None, None)
    return {feature.name: float(made.column(feature.name)[0]) for feature in FEATURES}
