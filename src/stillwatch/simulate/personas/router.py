"""Router over several models: chats of one organisation move between models and sessions, with their reasoning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate import catalogue
from stillwatch.simulate.arrivals import WORKING, Sessions, in_sessions
from stillwatch.simulate.artefacts import Links, within_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.people import customers

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Bools, Stage

HABITS: Final = Habits(
    Access(
        plans=("team", "enterprise"),
        software=("gateway", "openai", "anthropic", "node"),
        operations=("messages", "messages", "responses"),
        signup_days=(10.0, 600.0),
        programs=(1, 3),
        credentials=(1, 3),
        places=("cloud", "office"),
        addresses=(1, 4),
        groups=(1, 1, 2, 3),
        declares=("internal assistant",),
        declared_share=0.2,
        end_users=(0, 60),
    ),
    Answers(
        tokens_out=250.0,
        sigma=0.8,
        max_tokens=(0, 4096, 8192),
        temperature=(-1.0, 0.7),
        reasoning=0.7,
        efforts=("low", "medium", "high"),
        tools=(0, 8),
        context=(500.0, 8000.0),
        streams=0.8,
        models=(catalogue.LARGE, catalogue.SMALL_MODEL, catalogue.LARGE, catalogue.NEWER),
    ),
    Friction(
        limited=0.004,
        failed=0.006,
        refusals={"general_harms": 0.001},
        mismatches={"model": 0.35, "prefix": 0.02},
    ),
)
"""A house with one gateway."""

STYLE: Final = Sessions(WORKING, active=0.95, weekend=0.3, a_day=8.0, turns=3.0, gap_s=60.0, gap_sigma=1.1)
"""Nine conversations a day."""
MOVED: Final = 0.25
"""Share of conversations that go on where another one of the house stopped."""


def play(stage: Stage) -> Scene:
    """Play organisations with a router."""
    rng = stage.rng
    cast = recruit(stage, HABITS.access)
    calls, wording = customers(stage, cast, in_sessions(rng, cast, stage.window, STYLE))

    def carry(born: Bools, _able: Bools) -> Links:
        return within_sessions(rng, cast, calls, born, MOVED)

    return compose(stage, cast, calls, wording, HABITS, conversing=True, replay=carry)


PERSONA: Final = Persona("router", extracting=False, play=play)
"""Router over several models."""
