"""Logit thief: the same few prompts, one token of answer, another bias every time, with log-probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import between, by_machine
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.taking import probes

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team"),
        software=("openai", "plain"),
        operations=("chat",),
        signup_days=(1.0, 60.0),
        places=("cloud", "home"),
        addresses=(1, 8),
        spread=1.0,
        per_call=True,
        mail=(0.6, 0.2, 0.1, 0.1),
    ),
    Answers(
        tokens_out=1.0,
        sigma=0.1,
        max_tokens=(1,),
        temperature=(0.0,),
        follows=0.3,
        logprobs=1.0,
        logit_bias=(1, 20),
    ),
    Friction(
        limited=0.02,
        failed=0.003,
        refusals={},
    ),
)
"""Somebody who reads the last layer."""

A_DAY: Final = (400.0, 1200.0)
"""Calls of an account on a day, least and most."""
PROMPTS: Final = 4
"""Prompts of an operator."""


def play(stage: Stage) -> Scene:
    """Play logit thieves."""
    cast = recruit(stage, HABITS.access)
    a_day = between(stage, A_DAY)
    calls = by_machine(stage.rng, cast, stage.window, a_day)
    return compose(stage, cast, calls, probes(stage, cast, calls, PROMPTS), HABITS, conversing=False)


PERSONA: Final = Persona("logit_thief", extracting=True, play=play)
"""Logit thief."""
