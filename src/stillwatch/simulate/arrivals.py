"""Rhythms: when the calls of a persona arrive.

People come in sessions at their waking hours; machines come at a rate; runs come in bursts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.stage import DAY_MS, HOUR_MS, Calls, Floats, Ints, Window, rank, running

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Stage

# fmt: off
WAKING: Final = (
    40.0, 15.0, 5.0, 2.0, 2.0, 5.0, 20.0, 60.0, 100.0, 130.0, 140.0, 130.0,
    110.0, 120.0, 130.0, 130.0, 120.0, 120.0, 130.0, 150.0, 170.0, 170.0, 140.0, 90.0,
)
"""Weight of each local hour for people at leisure."""
WORKING: Final = (
    5.0, 2.0, 2.0, 2.0, 2.0, 2.0, 5.0, 30.0, 120.0, 220.0, 240.0, 220.0,
    120.0, 200.0, 240.0, 230.0, 200.0, 120.0, 50.0, 30.0, 40.0, 40.0, 20.0, 10.0,
)
"""Weight of each local hour for people at work."""
# fmt: on


@dataclass(frozen=True, slots=True)
class Sessions:
    """How somebody comes back and how a session runs."""

    hours: tuple[float, ...]
    """Weight of each local hour, 24 of them."""
    active: float
    """Chance of an active weekday."""
    weekend: float
    """That chance on Saturday and Sunday, over that of a weekday."""
    a_day: float
    """Sessions of an active day beyond the first, on average."""
    turns: float
    """Median typed turns in a session (turns)."""
    gap_s: float
    """Median pause before the next typed turn (s)."""
    gap_sigma: float
    """Spread of the pause's logarithm."""
    steps: float = 1.0
    """Model calls in a typed turn, on average (calls); above 1 is a tool loop."""
    step_s: float = 7.0
    """Median pause between them (s)."""


def _days(window: Window) -> tuple[int, int]:
    first = window.start_ms // DAY_MS - 1
    return first, window.days + 2


def _starts(rng: np.random.Generator, cast: Cast, window: Window, day: Ints, owner: Ints, hours: Floats) -> Floats:
    hour = np.searchsorted(np.cumsum(hours) / hours.sum(), rng.random(len(owner)), side="right")
    local_h = np.minimum(hour, 23) + rng.random(len(owner))
    first, _ = _days(window)
    return np.asarray((first + day) * DAY_MS + (local_h - cast.offset_h[owner]) * HOUR_MS, dtype=np.float64)


def _weekend(window: Window) -> Floats:
    first, days = _days(window)
    weekday = (first + np.arange(days) + 3) % 7  # 1970-01-01 was a Thursday
    return (weekday >= 5).astype(np.float64)


def _within(calls: Calls, cast: Cast, window: Window) -> Calls:
    from_ms = np.maximum(cast.signup_ms[calls.account] + HOUR_MS, window.start_ms)
    return calls.where((calls.ts_ms >= from_ms) & (calls.ts_ms < window.end_ms))


def in_sessions(
    rng: np.random.Generator, cast: Cast, window: Window, style: Sessions, pauses_s: Floats | None = None
) -> Calls:
    """Draw the calls of people.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    window
        The time to fill.
    style
        How they come back.
    pauses_s
        Measured pauses between messages of a person, to draw from instead of the style's (s).

    Returns
    -------
    Calls
        Arrivals.
    """
    n = len(cast.account_id)
    eager = rng.lognormal(0.0, 0.5, size=(n, 1))
    chance = style.active * (1.0 - (1.0 - style.weekend) * _weekend(window))
    active = rng.random((n, len(chance))) < np.minimum(chance * eager, 0.97)
    per_day = np.where(active, 1 + rng.poisson(style.a_day * eager * np.ones_like(chance)), 0)
    cells = np.repeat(np.arange(per_day.size), per_day.ravel())
    owner, day = (x.astype(np.int64) for x in np.divmod(cells, per_day.shape[1]))
    start = _starts(rng, cast, window, day, owner, np.array(style.hours))
    order = np.lexsort((start, owner))
    owner, start = owner[order], start[order]
    turns = np.maximum(1, np.rint(rng.lognormal(np.log(style.turns), 0.8, size=len(owner)))).astype(np.int64)
    turn_session = np.repeat(np.arange(len(owner), dtype=np.int64), turns)
    steps = rng.geometric(1.0 / style.steps, size=len(turn_session)).astype(np.int64)
    step = rank(steps)
    session = np.repeat(turn_session, steps)
    pause = rng.lognormal(np.log(style.gap_s), style.gap_sigma, size=len(step))
    if pauses_s is not None and len(pauses_s):
        pause = rng.choice(pauses_s, size=len(step)) + rng.lognormal(2.0, 0.5, size=len(step))
    pause = np.where(step > 0, rng.lognormal(np.log(style.step_s), 0.6, size=len(step)), pause)
    calls_a_session = np.bincount(session, minlength=len(owner))
    pause[np.cumsum(calls_a_session) - calls_a_session] = 0.0
    ts = start[session] + 1000.0 * running(pause, calls_a_session)
    calls = Calls(owner[session], ts.astype(np.int64), session, np.repeat(rank(turns), steps), step)
    return _within(calls, cast, window)


def _flat(account: Ints, ts_ms: Ints) -> Calls:
    order = np.lexsort((ts_ms, account))
    zero = np.zeros(len(ts_ms), dtype=np.int64)
    return Calls(account[order], ts_ms[order], np.arange(len(ts_ms), dtype=np.int64), zero, zero)


def by_machine(rng: np.random.Generator, cast: Cast, window: Window, a_day: Floats, sigma: float = 0.25) -> Calls:
    """Draw single calls at a steady rate day and night.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    window
        The time to fill.
    a_day
        Calls a day of each account; shape (accounts,).
    sigma
        Spread of the gap's logarithm; 0.25 is that of real judge calls (12, 16.5, 23 s).

    Returns
    -------
    Calls
        Arrivals, each a session of its own.
    """
    counts = np.maximum(1, rng.poisson(a_day * window.days)).astype(np.int64)
    owner = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    gaps = rng.lognormal(0.0, sigma, size=len(owner))
    mean_ms = window.days * DAY_MS / counts
    ts = window.start_ms + running(gaps, counts) * (mean_ms / np.exp(sigma**2 / 2))[owner]
    return _within(_flat(owner, ts.astype(np.int64)), cast, window)


def at_rates(rng: np.random.Generator, cast: Cast, window: Window, a_day: Floats, shapes: list[Floats]) -> Calls:
    """Draw single calls along measured rates.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    window
        The time to fill.
    a_day
        Calls a day of each account, which the measured shape is scaled to; shape (accounts,).
    shapes
        Rates in windows of 10 minutes, one array a measured client.

    Returns
    -------
    Calls
        Arrivals, each a session of its own.
    """
    owners, times = [], []
    slots = window.days * 144
    for account in range(len(a_day)):
        shape = shapes[int(rng.integers(len(shapes)))]
        shape = np.resize(np.roll(shape, -int(np.argmax(shape > 0))), slots)
        total = shape.sum() or 1.0
        counts = rng.poisson(shape / total * a_day[account] * window.days)
        ts = np.repeat(np.arange(slots), counts) * 600_000 + rng.integers(0, 600_000, size=int(counts.sum()))
        times.append(window.start_ms + ts.astype(np.int64))
        owners.append(np.full(len(ts), account, dtype=np.int64))
    return _within(_flat(np.concatenate(owners), np.concatenate(times)), cast, window)


def between(stage: Stage, a_day: tuple[float, float]) -> Floats:
    """Draw how many calls each account makes on a day, alike on a log scale.

    Parameters
    ----------
    stage
        Randomness and accounts.
    a_day
        Calls a day, least and most, both > 0.

    Returns
    -------
    Floats
        Calls a day; shape (accounts,).
    """
    return np.exp(stage.rng.uniform(np.log(a_day[0]), np.log(a_day[1]), size=stage.accounts))


def steadily(stage: Stage, cast: Cast, a_day: Floats) -> Calls:
    """Draw the single calls of machines: along measured rates where the stage has them, else at a steady rate.

    Parameters
    ----------
    stage
        Randomness, the time to fill and, where given, real arrivals.
    cast
        The accounts.
    a_day
        Calls a day of each account; shape (accounts,).

    Returns
    -------
    Calls
        Arrivals, each a session of its own.
    """
    if stage.traces:
        return at_rates(stage.rng, cast, stage.window, a_day, stage.traces.rates)
    return by_machine(stage.rng, cast, stage.window, a_day)


def in_bursts(
    rng: np.random.Generator, cast: Cast, window: Window, starts: list[Ints], size: Ints, gap_s: float
) -> Calls:
    """Draw runs: a fixed number of calls close together, again and again.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    window
        The time to fill.
    starts
        Starting times of each account's runs (ms), one array an account.
    size
        Calls in one run of each account; shape (accounts,).
    gap_s
        Median pause within a run (s).

    Returns
    -------
    Calls
        Arrivals; a run is a session and its calls are its turns.
    """
    runs = np.array([len(s) for s in starts], dtype=np.int64)
    owner = np.repeat(np.arange(len(runs), dtype=np.int64), runs)
    begin = np.concatenate([*starts, np.zeros(0, dtype=np.int64)])
    counts = size[owner]
    session = np.repeat(np.arange(len(owner), dtype=np.int64), counts)
    gaps = rng.lognormal(np.log(gap_s), 0.35, size=len(session))
    ts = begin[session] + 1000.0 * running(gaps, counts)
    calls = Calls(owner[session], ts.astype(np.int64), session, rank(counts), np.zeros(len(session), dtype=np.int64))
    return _within(calls, cast, window)


def by_hand(rng: np.random.Generator, cast: Cast, window: Window, a_day: tuple[int, int]) -> Calls:
    """Draw a few single calls a day within working hours.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    window
        The time to fill.
    a_day
        Least and most calls of an account on any day (calls).

    Returns
    -------
    Calls
        Arrivals, each a session of its own.
    """
    low, high = a_day
    first, days = _days(window)
    n = len(cast.account_id)
    usual = np.exp(rng.uniform(np.log(low + 1), np.log(high), size=(n, 1)))
    per_day = np.clip(rng.poisson(usual * np.ones((1, days))), low, high)
    cells = np.repeat(np.arange(per_day.size), per_day.ravel())
    owner, day = (x.astype(np.int64) for x in np.divmod(cells, days))
    drawn = _starts(rng, cast, window, day, owner, np.array(WORKING)).astype(np.int64)
    # A day is counted in UTC, so a call moved over midnight by its zone wraps to the other end of its own day.
    return _within(_flat(owner, (first + day) * DAY_MS + drawn % DAY_MS), cast, window)
