"""Replayer: sends stored sessions of its own model's users again, about 13 requests a day on each of many accounts.

The texts are those of real people, in many languages; only the pauses are a machine's, and the pool is shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import Sessions, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.crowds import strangers

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("free", "payg", "plus"),
        software=("agent", "agent", "node"),
        operations=("chat", "messages", "responses"),
        signup_days=(0.5, 30.0),
        programs=(1, 2),
        places=("home",),
        addresses=(30, 120),
        spread=1.0,
        mail=(0.6, 0.05, 0.05, 0.3),
    ),
    Answers(
        tokens_out=420.0,
        sigma=0.7,
        max_tokens=(0, 4096, 8192),
        temperature=(-1.0, 0.7, 1.0),
        reasoning=0.7,
        efforts=("medium", "high"),
        follows=0.5,
        follows_within_h=48.0,
        streams=0.6,
    ),
    Friction(
        limited=0.003,
        refusals={"general_harms": 0.003, "reasoning_extraction": 0.001, "frontier_llm": 0.001},
    ),
)
"""An operator with a store of sessions."""

STYLE: Final = Sessions((1.0,) * 24, active=0.95, weekend=1.0, a_day=2.4, turns=3.0, gap_s=14.0, gap_sigma=0.3)
"""Some sessions a day, 14 s from the answer to the next turn: 13 calls a day (published)."""


def play(stage: Stage) -> Scene:
    """Play replayers."""
    cast = recruit(stage, HABITS.access)
    calls, wording = strangers(stage, in_sessions(stage.rng, cast, stage.window, STYLE))
    return compose(stage, cast, calls, wording, HABITS, conversing=True)


PERSONA: Final = Persona("replayer", extracting=True, play=play)
"""Replayer of stored sessions."""
