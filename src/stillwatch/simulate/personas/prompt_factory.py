"""Prompt factory: has tasks made up in batches and made harder, to train another model on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import between, steadily
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.taking import batches_of_tasks

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "plus", "team"),
        software=("openai", "anthropic", "plain"),
        operations=("chat", "messages", "responses"),
        signup_days=(-1.0, 40.0),
        programs=(1, 2),
        places=("home",),
        addresses=(30, 120),
        spread=1.0,
        per_call=True,
        mail=(0.5, 0.25, 0.05, 0.2),
    ),
    Answers(
        tokens_out=700.0,
        sigma=0.5,
        max_tokens=(4096, 8192),
        temperature=(0.8, 1.0),
        follows=0.5,
        follows_within_h=24.0,
        choices=4,
    ),
    Friction(
        limited=0.008,
        failed=0.004,
        refusals={"frontier_llm": 0.006, "general_harms": 0.001},
    ),
)
"""An operator who needs tasks."""

A_DAY: Final = (26.0, 280.0)
"""Calls of an account on a day, least and most (published range)."""


def play(stage: Stage) -> Scene:
    """Play prompt factories."""
    cast = recruit(stage, HABITS.access)
    a_day = between(stage, A_DAY)
    calls = steadily(stage, cast, a_day)
    return compose(stage, cast, calls, batches_of_tasks(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("prompt_factory", extracting=True, play=play)
"""Prompt factory."""
