"""Judge harvester: one rubric over another model's answers, two at a time and in every field, as a reward model.

Verdicts are long critiques, unlike those of an application that grades itself; volumes are those of a published
cleaning campaign, up to 280 requests a day an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import between, steadily
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.taking import comparisons

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "payg", "team"),
        software=("openai", "anthropic", "plain"),
        operations=("messages", "responses", "chat"),
        signup_days=(-1.0, 40.0),
        programs=(1, 3),
        places=("home",),
        addresses=(60, 240),
        spread=1.0,
        per_call=True,
        declares=("quality evaluation",),
        declared_share=0.1,
        mail=(0.5, 0.2, 0.05, 0.25),
    ),
    Answers(
        tokens_out=520.0,
        sigma=0.45,
        max_tokens=(2048, 4096),
        temperature=(0.0, 0.7, 1.0),
        reasoning=0.7,
        efforts=("medium", "high"),
        follows=0.5,
        follows_within_h=24.0,
        choices=4,
    ),
    Friction(
        limited=0.01,
        failed=0.004,
        refusals={"frontier_llm": 0.006, "general_harms": 0.001},
    ),
)
"""An operator with a model to reward."""

A_DAY: Final = (120.0, 280.0)
"""Calls of an account on a day, least and most."""


def play(stage: Stage) -> Scene:
    """Play judge harvesters."""
    cast = recruit(stage, HABITS.access)
    a_day = between(stage, A_DAY)
    calls = steadily(stage, cast, a_day)
    return compose(stage, cast, calls, comparisons(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("judge_harvester", extracting=True, play=play)
"""Judge harvester."""
