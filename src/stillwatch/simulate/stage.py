"""What a persona is given (a stage) and what arrivals look like (calls).

Arrivals are columns: one row a call, sorted by session and then by time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from stillwatch.simulate.prompts.library import Library
    from stillwatch.simulate.traces import Traces

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

HOUR_MS: Final = 3_600_000
"""Milliseconds in an hour."""
DAY_MS: Final = 24 * HOUR_MS
"""Milliseconds in a day."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time a world covers."""

    start_ms: int
    """First instant (ms since 1970-01-01 UTC)."""
    days: int
    """Length (days)."""

    @property
    def end_ms(self) -> int:
        """First instant after the world (ms)."""
        return self.start_ms + self.days * DAY_MS

    @property
    def release_ms(self) -> int:
        """When the provider releases its newer model: the middle of the world (ms)."""
        return self.start_ms + self.days * DAY_MS // 2


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything one persona may draw on."""

    rng: np.random.Generator
    """Randomness of this persona alone, so that other personas do not move it."""
    accounts: int
    """Accounts to play (accounts)."""
    operators: int
    """Operators among whom they are divided; 0 for honest personas."""
    window: Window
    """The time to fill."""
    prompts: Library | None
    """Real prompts, or nothing for the grammar."""
    traces: Traces | None
    """Real arrivals, or nothing for the built-in rhythms."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Arrivals: one row a call, sorted by session, then by time."""

    account: Ints
    """Index of the account among the persona's accounts."""
    ts_ms: Ints
    """Arrival (ms since 1970-01-01 UTC)."""
    session: Ints
    """Number of the session, ascending from 0."""
    turn: Ints
    """Which typed turn of the session this call answers, from 0."""
    step: Ints
    """Which model call within the turn, from 0; above 0 only in tool loops."""

    def __len__(self) -> int:
        """Count the calls."""
        return len(self.ts_ms)

    def where(self, keep: Bools) -> Calls:
        """Keep some calls.

        Parameters
        ----------
        keep
            Which calls stay; shape (n,).

        Returns
        -------
        Calls
            Those calls, sessions renumbered.
        """
        session = self.session[keep]
        numbers = np.cumsum(np.diff(session, prepend=session[:1]) != 0).astype(np.int64)
        return Calls(self.account[keep], self.ts_ms[keep], numbers, self.turn[keep], self.step[keep])


def beginnings(calls: Calls) -> Ints:
    """Find the first call of each session.

    Parameters
    ----------
    calls
        Arrivals.

    Returns
    -------
    Ints
        Indices of calls; shape (sessions,).
    """
    return np.flatnonzero(np.diff(calls.session, prepend=-1)).astype(np.int64)


def together(first: Calls, second: Calls) -> Calls:
    """Put the sessions of two sets of arrivals into one.

    Parameters
    ----------
    first
        Arrivals.
    second
        More arrivals of the same accounts.

    Returns
    -------
    Calls
        All of them, sessions renumbered by account and beginning.
    """
    begin = [beginnings(calls) for calls in (first, second)]
    owner = np.concatenate([calls.account[at] for calls, at in zip((first, second), begin, strict=True)])
    start = np.concatenate([calls.ts_ms[at] for calls, at in zip((first, second), begin, strict=True)])
    number = np.empty(len(owner), dtype=np.int64)
    number[np.lexsort((start, owner))] = np.arange(len(owner))
    session = number[np.concatenate([first.session, second.session + len(begin[0])])]
    order = np.argsort(session, kind="stable")
    account, ts_ms, turn, step = (
        np.concatenate(pair)[order]
        for pair in (
            (first.account, second.account),
            (first.ts_ms, second.ts_ms),
            (first.turn, second.turn),
            (first.step, second.step),
        )
    )
    return Calls(account, ts_ms, session[order], turn, step)


def rank(counts: Ints) -> Ints:
    """Count within groups laid end to end.

    Parameters
    ----------
    counts
        Size of each group; shape (g,).

    Returns
    -------
    Ints
        0, 1, 2... within each group; shape (sum of counts,).

    Examples
    --------
    >>> rank(np.array([2, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    total = int(counts.sum())
    return np.arange(total, dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)


def running(values: Floats, counts: Ints) -> Floats:
    """Sum up within groups laid end to end, each group from its own first value.

    Parameters
    ----------
    values
        Summands, group after group; shape (n,).
    counts
        Size of each group, each >= 1, sum n; shape (g,).

    Returns
    -------
    Floats
        Running sums; shape (n,).
    """
    sums = np.cumsum(values)
    first = np.cumsum(counts) - counts
    before = sums[first] - values[first]
    return np.asarray(sums - np.repeat(before, counts), dtype=np.float64)
