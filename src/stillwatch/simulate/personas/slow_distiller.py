"""Slow distiller: 2 to 26 requests a day an account over several accounts of one operator, at human hours.

No account stands out by volume; the accounts share the template's family, the seeds' breadth, cards and networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import by_hand
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.harvest import lessons

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("free", "payg", "plus"),
        software=("openai", "anthropic", "node", "browser"),
        operations=("chat", "messages", "responses"),
        signup_days=(0.5, 40.0),
        programs=(1, 2),
        places=("home",),
        addresses=(12, 60),
        spread=1.0,
        per_call=True,
        mail=(0.6, 0.1, 0.05, 0.25),
    ),
    Answers(
        tokens_out=600.0,
        sigma=0.5,
        max_tokens=(0, 4096, 8192),
        temperature=(-1.0, 0.7, 1.0),
        reasoning=0.6,
        efforts=("medium", "high"),
        follows=0.5,
        follows_within_h=48.0,
    ),
    Friction(refusals={"reasoning_extraction": 0.006, "frontier_llm": 0.002, "general_harms": 0.001}),
)
"""An operator with patience."""

A_DAY: Final = (2, 26)
"""Calls of an account on a day, least and most (published range)."""


def play(stage: Stage) -> Scene:
    """Play slow distillers."""
    cast = recruit(stage, HABITS.access)
    calls = by_hand(stage.rng, cast, stage.window, A_DAY)
    wording = lessons(stage, cast, calls, vary=True)
    return compose(stage, cast, calls, wording, HABITS, conversing=False)


PERSONA: Final = Persona("slow_distiller", extracting=True, play=play)
"""Slow distiller."""
