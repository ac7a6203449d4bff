"""Person who trains a model of their own: talks of students, teachers and distillation all day, and takes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import WORKING, Sessions, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.crowds import training

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "plus", "team"),
        software=("openai", "anthropic", "browser", "agent"),
        operations=("chat", "messages", "responses"),
        signup_days=(3.0, 500.0),
        programs=(1, 2),
        places=("home", "office"),
        addresses=(1, 3),
        groups=(1, 1, 2, 3),
        declares=("training our own open model",),
        declared_share=0.3,
        mail=(0.5, 0.35, 0.15, 0.0),
    ),
    Answers(
        tokens_out=320.0,
        sigma=0.8,
        max_tokens=(0, 4096, 8192),
        temperature=(-1.0, 0.7),
        reasoning=0.6,
        efforts=("medium", "high"),
        small_model=0.1,
        follows=0.6,
        streams=0.8,
        stores=0.2,
    ),
    Friction(
        refusals={"frontier_llm": 0.004, "general_harms": 0.001},
        mismatches={"prefix": 0.003, "model": 0.003},
    ),
)
"""Somebody with open weights."""

STYLE: Final = Sessions(WORKING, active=0.75, weekend=0.5, a_day=1.5, turns=5.0, gap_s=80.0, gap_sigma=1.1)
"""A working day between two training runs."""


def play(stage: Stage) -> Scene:
    """Play people who train their own models."""
    cast = recruit(stage, HABITS.access)
    calls = in_sessions(stage.rng, cast, stage.window, STYLE)
    return compose(stage, cast, calls, training(stage, cast, calls), HABITS, conversing=True)


PERSONA: Final = Persona("own_model_tuner", extracting=False, play=play)
"""Person who trains a model of their own."""
