"""Licensed distillation under contract: copies the model with its maker's leave and says so.

Text, length, rhythm and volume are those of a fast distiller. One owner, an old account, its own machines and the
declared contract are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import between, steadily
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.harvest import lessons

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("enterprise",),
        software=("openai", "anthropic", "plain"),
        operations=("messages", "responses", "chat"),
        signup_days=(200.0, 900.0),
        credentials=(1, 2),
        places=("cloud", "office"),
        addresses=(1, 4),
        spread=1.5,
        per_call=True,
        declares=("licensed distillation under contract",),
        declared_share=1.0,
    ),
    Answers(
        tokens_out=640.0,
        sigma=0.45,
        max_tokens=(4096, 8192),
        temperature=(0.7, 1.0),
        reasoning=0.8,
        efforts=("medium", "high"),
        follows=0.5,
        follows_within_h=24.0,
        choices=2,
        batches=0.3,
    ),
    Friction(
        limited=0.008,
        failed=0.004,
        refusals={"general_harms": 0.001, "frontier_llm": 0.002},
    ),
)
"""A licensee."""

A_DAY: Final = (280.0, 860.0)
"""Calls of an account on a day, least and most: as many as of an operator without a licence."""


def play(stage: Stage) -> Scene:
    """Play licensees."""
    cast = recruit(stage, HABITS.access)
    a_day = between(stage, A_DAY)
    calls = steadily(stage, cast, a_day)
    return compose(stage, cast, calls, lessons(stage, cast, calls, vary=False), HABITS, conversing=False)


PERSONA: Final = Persona("contracted", extracting=False, play=play)
"""Licensed distillation under contract."""
