"""Drift monitor: the same few dozen prompts on all models, every hour or every day, by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate import catalogue
from stillwatch.simulate.arrivals import in_bursts
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.pipelines import watched_set
from stillwatch.simulate.stage import HOUR_MS

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team", "enterprise"),
        software=("openai", "anthropic", "plain"),
        operations=("chat", "messages", "responses"),
        signup_days=(20.0, 700.0),
        places=("cloud", "office"),
        addresses=(1, 2),
        declares=("quality monitoring",),
        declared_share=0.4,
    ),
    Answers(
        tokens_out=110.0,
        sigma=0.4,
        max_tokens=(512, 1024),
        temperature=(0.0,),
        seeded=0.5,
        logprobs=0.2,
        models=(catalogue.LARGE, catalogue.SMALL_MODEL, catalogue.NEWER),
    ),
    Friction(
        limited=0.003,
        failed=0.004,
        refusals={"general_harms": 0.001},
    ),
)
"""A team that distrusts its provider."""

ITEMS: Final = (30, 60)
"""Prompts of a set, least and most."""
EVERY_H: Final = (1, 24, 24, 24)
"""Time from one round to the next (h), drawn alike."""


def play(stage: Stage) -> Scene:
    """Play monitors of quality."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    items = rng.integers(ITEMS[0], ITEMS[1] + 1, size=stage.accounts)
    models = len(HABITS.answers.models)
    starts = []
    for every_h in rng.choice(EVERY_H, size=stage.accounts).tolist():
        first = window.start_ms + int(rng.integers(0, min(every_h, 12) * HOUR_MS))
        starts.append(np.arange(first, window.end_ms, every_h * HOUR_MS, dtype=np.int64))
    calls = in_bursts(rng, cast, window, starts, items * models, gap_s=1.2)
    calls = calls.where((calls.turn % models != models - 1) | (calls.ts_ms >= window.release_ms))
    wording = watched_set(stage, cast, calls, calls.turn // models)
    return compose(stage, cast, calls, wording, HABITS, conversing=False)


PERSONA: Final = Persona("monitor", extracting=False, play=play)
"""Drift monitor."""
