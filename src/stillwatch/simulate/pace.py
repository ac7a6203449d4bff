"""When sessions start and how they run: jobs that start on all accounts together, and each account's own times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import WAKING
from stillwatch.simulate.stage import DAY_MS, HOUR_MS, Calls, Floats, Ints, rank, running

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Window


@dataclass(frozen=True, slots=True)
class Spans:
    """When each account works."""

    from_ms: Ints
    """When it begins (ms); shape (accounts,)."""
    to_ms: Ints
    """When it stops: its closing, its end or the world's (ms); shape (accounts,)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one session runs."""

    turns: float
    """Typed turns, on average (turns, >= 1)."""
    gap_s: float
    """Median pause before the next one (s)."""
    gap_sigma: float
    """Spread of its logarithm."""
    steps: float = 1.0
    """Model calls in a turn, on average (calls, >= 1)."""
    step_s: float = 7.0
    """Median pause between them (s)."""
    hours: tuple[float, ...] = (1.0,) * 24
    """Weight of each local hour of sessions that nobody starts together."""

    @property
    def calls(self) -> float:
        """Calls of a session, on average."""
        return self.turns * self.steps


SINGLE: Final = Shape(turns=1.0, gap_s=10.0, gap_sigma=0.3)
"""Calls that stand alone, day and night."""
STORED: Final = Shape(turns=3.0, gap_s=14.0, gap_sigma=0.3)
"""A stored session: a machine sends the next turn 14 s after the last."""
TYPED: Final = Shape(turns=3.0, gap_s=50.0, gap_sigma=1.1, hours=WAKING)
"""A person's session, at waking hours."""
WORKED: Final = Shape(turns=2.0, gap_s=12.0, gap_sigma=0.4, steps=4.0, hours=WAKING)
"""A task of an agent: some typed turns, four model calls each."""
JOBS_A_DAY: Final = 3.0
"""Common jobs of a campaign on a day."""


def owners_of(
    rng: np.random.Generator, spans: Spans, window: Window, per_day: Floats, calls_a_session: float
) -> tuple[Ints, Ints]:
    """Draw how many sessions each account has on each day.

    Parameters
    ----------
    rng
        Source of randomness.
    spans
        When the accounts work.
    window
        The time of the world.
    per_day
        Calls a day of each account, shape (accounts,), or on each day, shape (accounts, days).
    calls_a_session
        Calls of a session, on average.

    Returns
    -------
    tuple of Ints
        Account and day of each session; shape (sessions,) each.
    """
    days = np.arange(window.days)
    begin = window.start_ms + days * DAY_MS
    lived = np.minimum(spans.to_ms[:, None], begin + DAY_MS) - np.maximum(spans.from_ms[:, None], begin)
    share = np.maximum(lived, 0) > 0
    wanted = per_day[:, None] if per_day.ndim == 1 else per_day
    counts = rng.poisson(wanted / calls_a_session * share)
    cells = np.repeat(np.arange(counts.size, dtype=np.int64), counts.ravel())
    owner, day = np.divmod(cells, window.days)
    return owner, day


def own_times(rng: np.random.Generator, window: Window, day: Ints, offset_h: Ints, hours: tuple[float, ...]) -> Ints:
    """Draw the start of sessions that nobody starts together (ms).

    Parameters
    ----------
    rng
        Source of randomness.
    window
        The time of the world.
    day
        Day of each session; shape (sessions,).
    offset_h
        Time zone of who is behind each session (h east of UTC); shape (sessions,).
    hours
        Weight of each local hour.

    Returns
    -------
    Ints
        Times (ms); shape (sessions,).
    """
    weights = np.array(hours)
    hour = np.minimum(np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(len(day)), side="right"), 23)
    within = ((hour + rng.random(len(day)) - offset_h) * HOUR_MS).astype(np.int64) % DAY_MS
    return window.start_ms + day * DAY_MS + within


def job_times(rng: np.random.Generator, window: Window, owner: Ints, day: Ints, jitter_min: float) -> Ints:
    """Draw the start of sessions that belong to common jobs (ms).

    Every account starts its part of a job within the jitter, and spreads what it has to do over half an hour.

    Parameters
    ----------
    rng
        Source of randomness.
    window
        The time of the world.
    owner
        Account of each session; shape (sessions,).
    day
        Day of each session; shape (sessions,).
    jitter_min
        Spread of the accounts' starts (min).

    Returns
    -------
    Ints
        Times (ms); shape (sessions,).
    """
    jobs = np.maximum(1, rng.poisson(JOBS_A_DAY, size=window.days))
    first = np.cumsum(jobs) - jobs
    start = rng.integers(0, DAY_MS, size=int(jobs.sum()))
    job = first[day] + np.floor(rng.random(len(day)) * jobs[day]).astype(np.int64)
    late = rng.random((int(owner.max(initial=0)) + 1, int(jobs.sum())), dtype=np.float32)[owner, job]
    spread = rng.exponential(6.0, size=len(day))
    after = ((late * jitter_min + spread) * 60_000.0).astype(np.int64)
    return np.asarray(window.start_ms + day * DAY_MS + start[job] + after, dtype=np.int64)


def unfolded(
    rng: np.random.Generator,
    owner: Ints,
    start_ms: Ints,
    shape: Shape,
    spans: Spans,
    behind: Ints | None = None,
    pauses_s: Floats | None = None,
) -> tuple[Calls, Ints]:
    """Make the calls of sessions.

    Parameters
    ----------
    rng
        Source of randomness.
    owner
        Account of each session; shape (sessions,).
    start_ms
        Start of each session (ms); shape (sessions,).
    shape
        How a session runs.
    spans
        When the accounts work; nothing is sent outside of them.
    behind
        Who is behind each session, such as a customer; nothing is 0; shape (sessions,).
    pauses_s
        Measured pauses of people before their next turn, to draw from instead of the shape's (s).

    Returns
    -------
    tuple of Calls and Ints
        Arrivals, sorted by account, session and time, and who is behind each session that is left.
    """
    order = np.lexsort((start_ms, owner))
    person = np.zeros(len(owner), dtype=np.int64) if behind is None else behind[order]
    owner, start_ms = owner[order], start_ms[order]
    turns = rng.geometric(1.0 / shape.turns, size=len(owner)).astype(np.int64)
    of_turn = np.repeat(np.arange(len(owner), dtype=np.int64), turns)
    steps = rng.geometric(1.0 / shape.steps, size=len(of_turn)).astype(np.int64)
    session, step = np.repeat(of_turn, steps), rank(steps)
    usual = rng.lognormal(np.log(shape.gap_s), shape.gap_sigma, size=len(step))
    if pauses_s is not None and len(pauses_s):
        usual = rng.choice(pauses_s, size=len(step)) + rng.lognormal(2.0, 0.5, size=len(step))
    pause = np.where(step > 0, rng.lognormal(np.log(shape.step_s), 0.6, size=len(step)), usual)
    counts = np.bincount(session, minlength=len(owner))
    pause[np.cumsum(counts) - counts] = 0.0
    ts_ms = start_ms[session] + (1000.0 * running(pause, counts)).astype(np.int64)
    who = owner[session]
    calls = Calls(who, ts_ms, session, np.repeat(rank(turns), steps), step)
    kept = (ts_ms >= spans.from_ms[who]) & (ts_ms < spans.to_ms[who])
    return calls.where(kept), person[session[kept][np.diff(session[kept], prepend=-1) != 0]]
