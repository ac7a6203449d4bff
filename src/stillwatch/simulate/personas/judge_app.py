"""Application that grades its own answers: one rubric, one field, short verdicts, a machine's rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import steadily
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.pipelines import grading

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team", "enterprise"),
        software=("openai", "anthropic", "plain"),
        operations=("chat", "messages", "responses"),
        signup_days=(2.0, 600.0),
        credentials=(1, 2),
        places=("cloud", "office"),
        addresses=(1, 3),
        per_call=True,
        declares=("quality evaluation of our own application",),
        declared_share=0.35,
    ),
    Answers(
        tokens_out=45.0,
        sigma=0.5,
        max_tokens=(128, 256),
        temperature=(0.0,),
        formats=("json_object", "json_schema"),
        small_model=0.4,
        follows=0.3,
        logprobs=0.2,
        batches=0.2,
    ),
    Friction(
        limited=0.004,
        failed=0.004,
        refusals={"general_harms": 0.001},
    ),
)
"""A team that watches its product."""

USUAL_A_DAY: Final = 220.0
"""Median verdicts on a day."""


def play(stage: Stage) -> Scene:
    """Play applications that grade their own answers."""
    cast = recruit(stage, HABITS.access)
    a_day = stage.rng.lognormal(np.log(USUAL_A_DAY), 0.5, size=stage.accounts)
    calls = steadily(stage, cast, a_day)
    return compose(stage, cast, calls, grading(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("judge_app", extracting=False, play=play)
"""Application that grades its own answers."""
