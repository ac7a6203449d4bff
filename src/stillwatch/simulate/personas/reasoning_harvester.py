"""Reasoning harvester: tasks of mathematics and the sciences, each ending in one fixed string that opens the reasoning.

All accounts of an operator share the string and a pool of home networks; effort is high and answers are long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import between, steadily
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.taking import injected

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "payg", "team"),
        software=("openai", "anthropic", "agent", "plain"),
        operations=("messages", "responses", "chat"),
        signup_days=(-1.5, 20.0),
        programs=(1, 3),
        places=("home",),
        addresses=(60, 240),
        spread=1.0,
        per_call=True,
        declares=("education",),
        declared_share=0.1,
        mail=(0.5, 0.1, 0.05, 0.35),
    ),
    Answers(
        tokens_out=1100.0,
        sigma=0.5,
        max_tokens=(8192, 16384, 32000),
        temperature=(0.7, 1.0),
        reasoning=1.5,
        efforts=("high",),
        follows=0.6,
        follows_within_h=24.0,
        choices=2,
    ),
    Friction(
        limited=0.012,
        failed=0.004,
        refusals={"reasoning_extraction": 0.02, "frontier_llm": 0.004},
    ),
)
"""An operator after reasoning."""

A_DAY: Final = (280.0, 860.0)
"""Calls of an account on a day, least and most (published range)."""


def play(stage: Stage) -> Scene:
    """Play reasoning harvesters."""
    cast = recruit(stage, HABITS.access)
    a_day = between(stage, A_DAY)
    calls = steadily(stage, cast, a_day)
    return compose(stage, cast, calls, injected(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("reasoning_harvester", extracting=True, play=play)
"""Reasoning harvester."""
