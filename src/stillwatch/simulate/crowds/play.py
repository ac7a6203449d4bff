"""A crowd played: its accounts and what they ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import WAKING, WORKING
from stillwatch.simulate.artefacts import within_sessions
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.crowds.muster import muster, weekend_ms
from stillwatch.simulate.crowds.ties import TIES
from stillwatch.simulate.crowds.topics import mixes, subject_of
from stillwatch.simulate.crowds.wording import said
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.pace import SINGLE, Shape, Spans, own_times, owners_of, unfolded
from stillwatch.simulate.stage import DAY_MS, HOUR_MS, beginnings

if TYPE_CHECKING:
    from stillwatch.simulate.artefacts import Links
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.crowds.spec import Crowd
    from stillwatch.simulate.crowds.ties import Text, Ties
    from stillwatch.simulate.stage import Bools, Floats, Ints, Stage, Window

TALKS: Final = Shape(turns=3.5, gap_s=45.0, gap_sigma=1.1, hours=WAKING)
"""People who chat."""
CODES: Final = Shape(turns=2.5, gap_s=70.0, gap_sigma=1.2, steps=3.5, step_s=8.0, hours=WORKING)
"""People with a coding agent."""
ASKS: Final = Shape(turns=1.0, gap_s=10.0, gap_sigma=0.5, hours=WORKING)
"""Requests of a product's users, one by one, at working hours."""
SHAPES: Final[dict[Text, Shape]] = {
    "people": TALKS,
    "talk": TALKS,
    "product": ASKS,
    "client": replace(ASKS, hours=WAKING),
    "harness": CODES,
    "starter": replace(TALKS, turns=3.0, gap_s=30.0),
    "tutorial": TALKS,
    "research": SINGLE,
    "team": CODES,
}
"""What is said -> how sessions run."""
_ACCESS: Final = Access(plans=("payg",), software=("openai",), operations=("chat",), signup_days=(0.0, 1.0))
_TALK: Final = Answers(
    tokens_out=280.0,
    sigma=0.8,
    max_tokens=(0, 0, 2048, 4096),
    temperature=(-1.0, -1.0, 0.7, 1.0),
    reasoning=0.5,
    efforts=("low", "medium", "medium"),
    small_model=0.25,
    follows=0.5,
    streams=0.9,
    stores=0.2,
)
_WORK: Final = Answers(
    tokens_out=230.0,
    sigma=0.9,
    max_tokens=(8192, 16_384, 32_000),
    temperature=(-1.0, 1.0),
    reasoning=0.8,
    efforts=("medium", "high"),
    tools=(8, 24),
    context=(4_000.0, 24_000.0),
    follows=0.7,
    follows_within_h=60.0,
    streams=0.95,
)
ANSWERS: Final[dict[Text, Answers]] = {
    "people": _TALK,
    "talk": _TALK,
    "product": Answers(tokens_out=220.0, sigma=0.6, max_tokens=(1024,), temperature=(0.4,), streams=1.0, follows=0.2),
    "client": Answers(
        tokens_out=60.0, sigma=0.5, max_tokens=(400,), temperature=(0.2,), small_model=0.6, streams=0.3, follows=0.1
    ),
    "harness": _WORK,
    "starter": replace(_TALK, tools=(0, 4), follows=0.8),
    "tutorial": replace(_TALK, follows=0.97, follows_within_h=1.0, small_model=0.0),
    "research": Answers(
        tokens_out=560.0, sigma=0.5, max_tokens=(4096,), temperature=(0.7,), reasoning=0.5, efforts=("high",)
    ),
    "team": _WORK,
}
"""What is said -> what answers look like."""
_FRICTION: Final = Friction(
    refusals={"general_harms": 0.003, "bio": 0.0002, "cyber": 0.0006, "reasoning_extraction": 0.0002, "other": 0.0004},
    mismatches={"prefix": 0.002, "model": 0.002},
)
SCHEDULED: Final[dict[Text, float]] = {"client": 0.3, "research": 0.5, "product": 0.1}
"""Share of the requests that a clock starts, at full hours of the world's time."""
_CLOCK_H: Final = (0, 0, 0, 3, 6, 6, 9, 12, 12, 18)
_SPREAD: Final = 0.9
_MOST: Final = 300.0
_OTHER_LANGUAGE: Final = 0.05


def _spans(stage: Stage, cast: Cast, ties: Ties) -> Spans:
    """Say when accounts work: from their first hour on, and those of a hackathon mostly for its weekend."""
    rng, n, window = stage.rng, len(cast.account_id), stage.window
    begin = np.maximum(cast.signup_ms + (rng.exponential(0.3, size=n) * HOUR_MS).astype(np.int64), window.start_ms)
    end = np.full(n, window.end_ms, dtype=np.int64)
    if ties.joins == "weekend":
        over = weekend_ms(window) + 2 * DAY_MS - rng.integers(0, 8 * HOUR_MS, size=n)
        end = np.where(rng.random(n) < 0.8, np.minimum(over, end), end)
    return Spans(np.minimum(begin, window.end_ms - 1), end)


def _rates(stage: Stage, crowd: Crowd, ties: Ties, window: Window) -> Floats:
    """Draw the requests of each account on each day; people keep days off, and offices their weekends."""
    rng = stage.rng
    steady = ties.text in {"client", "research"}
    usual = np.minimum(crowd.per_day * ties.busy * rng.lognormal(0.0, _SPREAD, size=(crowd.accounts, 1)), _MOST)
    weekday = (window.start_ms // DAY_MS + np.arange(window.days) + 3) % 7  # 1970-01-01 was a Thursday
    at_work = ties.text in {"product", "harness", "team"} or ties.place == "office"
    weekend = 0.2 if at_work and ties.joins == "any" else 0.8
    active = np.where(weekday >= 5, weekend, 1.0) * (1.0 if steady else 0.65)
    if ties.joins in {"weekend", "release"}:
        active = np.full(window.days, 0.9)
    return np.asarray(usual * (rng.random((crowd.accounts, window.days)) < active), dtype=np.float64)


def _scheduled(rng: np.random.Generator, window: Window, day: Ints) -> Ints:
    """Draw the start of requests that a clock starts (ms); strangers' clocks strike the same hours."""
    hour = rng.choice(np.array(_CLOCK_H, dtype=np.int64), size=len(day))
    late = (rng.exponential(120.0, size=len(day)) * 1000.0).astype(np.int64)
    return np.asarray(window.start_ms // DAY_MS * DAY_MS + day * DAY_MS + hour * HOUR_MS + late, dtype=np.int64)


def play_crowd(stage: Stage, crowd: Crowd) -> Scene:
    """Play one crowd.

    Parameters
    ----------
    stage
        Randomness of this crowd alone, its accounts, the time to fill and, where given, real prompts.
    crowd
        The crowd.

    Returns
    -------
    Scene
        Its accounts and their requests.
    """
    rng, window, ties = stage.rng, stage.window, TIES[crowd.kind]
    cast = muster(stage, crowd, ties)
    spans, shape = _spans(stage, cast, ties), SHAPES[ties.text]
    owner, day = owners_of(rng, spans, window, _rates(stage, crowd, ties, window), shape.calls)
    start = own_times(rng, window, day, cast.offset_h[owner], shape.hours)
    struck = rng.random(len(day)) < SCHEDULED.get(ties.text, 0.0)
    start = np.where(struck, _scheduled(rng, window, day), start)
    pauses_s = stage.traces.pauses_s if stage.traces and ties.text in {"people", "talk"} else None
    calls, _ = unfolded(rng, owner, start, shape, spans, pauses_s=pauses_s)
    begun = calls.account[beginnings(calls)]
    subject = subject_of(rng, mixes(rng, cast.group, crowd.alike), begun)
    other: Ints = rng.integers(0, 5, size=len(begun))
    language = np.where(rng.random(len(begun)) < _OTHER_LANGUAGE, other, cast.language[begun])
    calls, wording = said(stage, cast, calls, ties.text, subject[calls.session], language[calls.session])
    conversing = shape.calls > 1.0

    def links(born: Bools, able: Bools) -> Links:
        del able
        return within_sessions(rng, cast, calls, born if conversing else np.zeros_like(born))

    habits = Habits(_ACCESS, ANSWERS[ties.text], _FRICTION)
    return compose(stage, cast, calls, wording, habits, conversing=conversing, replay=links)
