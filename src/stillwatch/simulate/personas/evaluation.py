"""Evaluation run: a finite known set of prompts, repeated over model versions, in bursts; more on release day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import in_bursts
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.machines import known_sets
from stillwatch.simulate.stage import HOUR_MS

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team", "enterprise"),
        software=("openai", "anthropic", "plain"),
        operations=("chat", "messages", "responses"),
        signup_days=(2.0, 600.0),
        places=("cloud", "office", "home"),
        addresses=(1, 2),
        declares=("model evaluation", "benchmarking"),
        declared_share=0.4,
    ),
    Answers(
        tokens_out=120.0,
        sigma=1.0,
        max_tokens=(512, 1024, 4096),
        temperature=(0.0, 0.0, 1.0),
        reasoning=1.0,
        efforts=("low", "high"),
        small_model=0.25,
        follows=1.0,
        follows_within_h=1.0,
        choices=4,
        logprobs=0.2,
        seeded=0.5,
    ),
    Friction(limited=0.008, failed=0.004, refusals={"general_harms": 0.002, "bio": 0.001, "cyber": 0.001}),
)
"""A team that measures models."""

SET_SIZE: Final = (80, 260)
"""Items in a known set, least and most (prompts)."""
RUNS_A_WEEK: Final = 2.0
"""Runs a week besides the one after a release, on average."""


def play(stage: Stage) -> Scene:
    """Play evaluation runs."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    items = rng.integers(SET_SIZE[0], SET_SIZE[1] + 1, size=stage.accounts)
    starts = []
    for runs in rng.poisson(RUNS_A_WEEK * window.days / 7, size=stage.accounts).tolist():
        usual = rng.integers(window.start_ms, window.end_ms, size=runs)
        after_release = window.release_ms + rng.integers(HOUR_MS, 30 * HOUR_MS, size=1)
        starts.append(np.sort(np.concatenate([usual, after_release])))
    calls = in_bursts(rng, cast, window, starts, items, gap_s=1.4)
    return compose(stage, cast, calls, known_sets(stage, cast, calls, items), HABITS, conversing=False)


PERSONA: Final = Persona("evaluation", extracting=False, play=play)
"""Evaluation run."""
