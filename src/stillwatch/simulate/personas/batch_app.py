"""Batch classifier: one stable template, short answers, high volume, machine rhythm around the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import steadily
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.machines import sorting

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team", "enterprise"),
        software=("openai", "anthropic", "node", "plain"),
        operations=("chat", "chat", "messages", "responses"),
        signup_days=(1.0, 700.0),
        credentials=(1, 3),
        places=("cloud", "cloud", "office"),
        addresses=(1, 4),
        spread=1.5,
        per_call=True,
        declares=("customer support", "review analysis"),
        declared_share=0.3,
        end_users=(0, 400),
    ),
    Answers(
        tokens_out=9.0,
        sigma=0.6,
        max_tokens=(32, 64, 256),
        temperature=(0.0, 0.0, -1.0),
        formats=("text", "json_object", "json_schema"),
        small_model=0.75,
        follows=0.1,
        logprobs=0.15,
        seeded=0.1,
        batches=0.25,
    ),
    Friction(limited=0.004, failed=0.004, cut=0.002, refusals={"general_harms": 0.0015, "other": 0.0003}),
)
"""An application in production."""

USUAL_A_DAY: Final = 160.0
"""Median calls of an application on a day."""


def play(stage: Stage) -> Scene:
    """Play applications that classify customer text."""
    cast = recruit(stage, HABITS.access)
    a_day = stage.rng.lognormal(np.log(USUAL_A_DAY), 0.7, size=stage.accounts)
    calls = steadily(stage, cast, a_day)
    return compose(stage, cast, calls, sorting(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("batch_app", extracting=False, play=play)
"""Batch classifier."""
