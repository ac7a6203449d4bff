"""Interactive person: multi-turn chats with human pauses, by day, with days off; some on a campus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import WAKING, Sessions, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.identity import PEOPLE
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.people import chats

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("free", "free", "plus", "plus", "payg"),
        software=("browser", "openai", "node"),
        operations=("chat", "chat", "messages", "responses"),
        signup_days=(-2.0, 540.0),
        programs=(1, 2),
        places=("home", "home", "home", "office"),
        addresses=(1, 3),
        groups=(1, 1, 1, 1, 1, 1, 1, 12),
        group_pays=False,
        mail=PEOPLE,
    ),
    Answers(
        tokens_out=280.0,
        sigma=0.8,
        max_tokens=(0, 0, 2048, 4096),
        temperature=(-1.0, -1.0, 0.7, 1.0),
        reasoning=0.6,
        efforts=("low", "medium", "medium"),
        small_model=0.3,
        follows=0.5,
        streams=0.9,
        stores=0.3,
    ),
    Friction(
        refusals={
            "general_harms": 0.004,
            "bio": 0.0003,
            "cyber": 0.0005,
            "reasoning_extraction": 0.0001,
            "other": 0.0005,
        },
        mismatches={"model": 0.003, "prefix": 0.002},
    ),
)
"""A person at leisure or at study."""

STYLE: Final = Sessions(WAKING, active=0.45, weekend=0.9, a_day=0.8, turns=4.0, gap_s=45.0, gap_sigma=1.1)
"""Pauses of 45 s in the middle: reading an answer and typing the next turn."""


def play(stage: Stage) -> Scene:
    """Play people who chat."""
    cast = recruit(stage, HABITS.access)
    pauses = stage.traces.pauses_s if stage.traces else None
    calls, wording = chats(stage, cast, in_sessions(stage.rng, cast, stage.window, STYLE, pauses))
    return compose(stage, cast, calls, wording, HABITS, conversing=True)


PERSONA: Final = Persona("interactive", extracting=False, play=play)
"""Interactive person."""
