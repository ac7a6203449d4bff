"""What coordination needs of the state of every account: a third of it, in columns, by ascending account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.sketches.layout import CODES, EMPTY_HASH, EMPTY_ID, NETS_K, SAMPLE_K, SLOTS, SUMS, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from stillwatch.sketches.layout import Arrays

DAYS: Final = WINDOWS[-1][1]
"""Sampled days kept an account."""
NO_NETWORK: Final = np.uint64(EMPTY_HASH)
NO_PIECE: Final = np.uint32(EMPTY_ID)
NO_CODE: Final = np.uint32(0)
_FIRST_DAY: Final = sum(kept for _, kept in WINDOWS[:-1])
_TOKENS_OUT: Final = SUMS.index("tokens_out")


class Outline(NamedTuple):
    """Columns of all accounts; row i of each is one account."""

    key: NDArray[np.int64]
    """(n,) account pseudonym, ascending."""
    events: NDArray[np.int64]
    """(n,) requests."""
    tokens_out: NDArray[np.int64]
    """(n,) answer tokens."""
    first_ms: NDArray[np.int64]
    """(n,) first request (ms since 1970)."""
    last_ms: NDArray[np.int64]
    """(n,) last request (ms since 1970)."""
    week: NDArray[np.uint16]
    """(n, 168) requests by hour of the week."""
    sample: NDArray[np.uint64]
    """(n, SAMPLE_K) sampled prompt hashes, all-ones where empty."""
    sample_count: NDArray[np.uint16]
    """(n, SAMPLE_K) requests with that prompt."""
    sample_piece: NDArray[np.uint32]
    """(n, 3 * SAMPLE_K) template keys of system text, head and tail, one kind after the other; NO_PIECE for none."""
    sample_topic: NDArray[np.uint8]
    """(n, 2 * SAMPLE_K) topics of first and last half, cell by cell."""
    slot_piece: NDArray[np.uint32]
    """(n, SLOTS) template keys drawn from all requests; NO_PIECE for none."""
    nets: NDArray[np.uint64]
    """(n, NETS_K) sampled networks, NO_NETWORK where empty."""
    day: NDArray[np.uint32]
    """(n, DAYS) sampled days since 1970, EMPTY_ID where none."""
    day_mask: NDArray[np.uint64]
    """(n, DAYS) which 64ths of that day had a request."""
    user_agent: NDArray[np.uint32]
    """(n,) client program, NO_CODE where unknown."""
    ja4: NDArray[np.uint32]
    """(n,) TLS fingerprint, NO_CODE where unknown."""
    library: NDArray[np.uint32]
    """(n,) SDK family, NO_CODE where unknown."""


def _code(name: str) -> Callable[[Arrays], NDArray[np.uint32]]:
    at = CODES.index(name)
    return lambda a: np.where(a.code_rank[:, at] != EMPTY_ID, a.code[:, at], NO_CODE)


_TAKEN: Final[dict[str, Callable[[Arrays], NDArray[np.generic]]]] = {
    "key": lambda a: a.key,
    "events": lambda a: a.counts[:, 0],
    "tokens_out": lambda a: a.sums[:, _TOKENS_OUT],
    "first_ms": lambda a: a.first_ms,
    "last_ms": lambda a: a.last_ms,
    "week": lambda a: a.week,
    "sample": lambda a: a.sample,
    "sample_count": lambda a: a.sample_count,
    "sample_piece": lambda a: np.concatenate([a.sample_system, a.sample_head, a.sample_tail], axis=1),
    "sample_topic": lambda a: a.sample_topic,
    "slot_piece": lambda a: np.where(a.slot_rank != EMPTY_ID, a.slot_key >> np.uint64(32), EMPTY_ID).astype(np.uint32),
    "nets": lambda a: a.nets,
    "day": lambda a: a.window_id[:, _FIRST_DAY:],
    "day_mask": lambda a: a.window_mask[:, _FIRST_DAY:],
    "user_agent": _code("user_agent"),
    "ja4": _code("ja4"),
    "library": _code("client_lib"),
}
_WIDTHS: Final = {
    "week": 168,
    "sample": SAMPLE_K,
    "sample_count": SAMPLE_K,
    "sample_piece": 3 * SAMPLE_K,
    "sample_topic": 2 * SAMPLE_K,
    "slot_piece": SLOTS,
    "nets": NETS_K,
    "day": DAYS,
    "day_mask": DAYS,
}
_KINDS: Final[dict[str, type[np.generic]]] = {
    "week": np.uint16,
    "sample": np.uint64,
    "sample_count": np.uint16,
    "sample_piece": np.uint32,
    "sample_topic": np.uint8,
    "slot_piece": np.uint32,
    "nets": np.uint64,
    "day": np.uint32,
    "day_mask": np.uint64,
    "user_agent": np.uint32,
    "ja4": np.uint32,
    "library": np.uint32,
}
_CHUNK: Final = 16_384


def outline(parts: Iterable[Arrays]) -> Outline:
    """Take what coordination needs from the state of all accounts.

    Parameters
    ----------
    parts
        State of some accounts each, no account twice; each is looked at once, a stretch of rows at a time.

    Returns
    -------
    Outline
        All accounts, ascending.

    Notes
    -----
    About 1.1 kB an account; nothing is held twice.
    """
    held = list(parts)
    keys = np.concatenate([np.zeros(0, np.int64), *(part.key for part in held)])
    n = keys.shape[0]
    place = np.empty(n, np.int64)
    place[np.argsort(keys, kind="stable")] = np.arange(n)
    made = Outline._make(
        np.empty((n, _WIDTHS[name]) if name in _WIDTHS else n, _KINDS.get(name, np.int64)) for name in Outline._fields
    )
    begin = 0
    for part in held:
        for first in range(0, part.key.shape[0], _CHUNK):
            some = type(part)._make(column[first : first + _CHUNK] for column in part)
            rows = place[begin + first : begin + first + some.key.shape[0]]
            for name in Outline._fields:
                getattr(made, name)[rows] = _TAKEN[name](some)
        begin += part.key.shape[0]
    return made
