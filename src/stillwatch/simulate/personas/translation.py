"""Translation pipeline: one template, texts of any field, answers about as long as what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import steadily
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.pipelines import translation

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team", "enterprise"),
        software=("openai", "anthropic", "node", "plain"),
        operations=("chat", "chat", "messages", "responses"),
        signup_days=(1.0, 600.0),
        credentials=(1, 2),
        places=("cloud", "office"),
        addresses=(1, 3),
        spread=1.5,
        per_call=True,
        declares=("translation",),
        declared_share=0.3,
    ),
    Answers(
        tokens_out=250.0,
        sigma=0.12,
        max_tokens=(2048, 4096),
        temperature=(0.0, 0.3),
        small_model=0.5,
        follows=0.2,
        batches=0.3,
        echo=0.95,
    ),
    Friction(
        limited=0.004,
        failed=0.004,
        refusals={"general_harms": 0.001},
    ),
)
"""A pipeline of a publisher."""

USUAL_A_DAY: Final = 260.0
"""Median texts of a pipeline on a day."""


def play(stage: Stage) -> Scene:
    """Play translation pipelines."""
    cast = recruit(stage, HABITS.access)
    a_day = stage.rng.lognormal(np.log(USUAL_A_DAY), 0.6, size=stage.accounts)
    calls = steadily(stage, cast, a_day)
    return compose(stage, cast, calls, translation(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("translation", extracting=False, play=play)
"""Translation pipeline."""
