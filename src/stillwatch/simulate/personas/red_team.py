"""Authorised red team: tries every trick within the days agreed, declares it, and keeps no trick that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import in_bursts
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.taking import sweep
from stillwatch.simulate.stage import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("enterprise",),
        software=("openai", "anthropic", "plain"),
        operations=("messages", "chat", "responses"),
        signup_days=(60.0, 700.0),
        programs=(1, 2),
        places=("office", "cloud"),
        addresses=(1, 3),
        groups=(1, 2, 4),
        declares=("authorised red team exercise",),
        declared_share=1.0,
    ),
    Answers(
        tokens_out=300.0,
        sigma=0.8,
        max_tokens=(2048, 4096),
        temperature=(0.7, 1.0),
        reasoning=0.8,
        efforts=("medium", "high"),
        follows=0.5,
    ),
    Friction(
        limited=0.004,
        refusals={"reasoning_extraction": 0.3, "cyber": 0.1, "general_harms": 0.1, "bio": 0.02},
    ),
)
"""A team with an assignment."""

DAYS: Final = 2
"""Length of the exercise (days)."""
A_RUN: Final = (20, 60)
"""Attempts in one sitting, least and most (calls)."""
RUNS_A_DAY: Final = 3
"""Sittings on a day of the exercise."""


def play(stage: Stage) -> Scene:
    """Play authorised red teams."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    # All accounts of a team work on the same days.
    begin = rng.integers(0, max(1, window.days - DAYS + 1), size=stage.accounts)[cast.operator]
    day = np.minimum(begin[:, None] + np.arange(DAYS).repeat(RUNS_A_DAY), window.days - 1)
    hour = np.sort(rng.uniform(8.0, 18.0, size=day.shape), axis=1)
    starts = list((window.start_ms + day * DAY_MS + hour * HOUR_MS).astype(np.int64))
    calls = in_bursts(rng, cast, window, starts, rng.integers(A_RUN[0], A_RUN[1] + 1, size=stage.accounts), gap_s=25.0)
    wording = sweep(stage, cast, calls, np.zeros(len(calls), dtype=np.bool_), winners=1)
    return compose(stage, cast, calls, wording, HABITS, conversing=False)


PERSONA: Final = Persona("red_team", extracting=False, play=play)
"""Authorised red team."""
