"""Orchestrated agents over their owner's repository: many at once, with tools, long contexts and handed-over reasoning.

An agent often starts from what another agent of the same organisation found, so reasoning moves between sessions;
contexts are compacted, which breaks its binding now and then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import WORKING, Sessions, in_sessions
from stillwatch.simulate.artefacts import Links, within_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.pipelines import errands

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Bools, Stage

HABITS: Final = Habits(
    Access(
        plans=("team", "enterprise"),
        software=("agent", "node"),
        operations=("messages", "responses"),
        signup_days=(2.0, 480.0),
        programs=(1, 2),
        credentials=(1, 3),
        places=("cloud", "office"),
        addresses=(2, 8),
        spread=1.0,
        groups=(1, 1, 2, 4),
        declares=("software development",),
        declared_share=0.2,
    ),
    Answers(
        tokens_out=260.0,
        sigma=0.9,
        max_tokens=(8192, 16384, 32000),
        temperature=(-1.0, 1.0),
        reasoning=0.8,
        efforts=("medium", "high"),
        tools=(12, 40),
        context=(8000.0, 40000.0),
        small_model=0.0,
        follows=0.7,
        follows_within_h=60.0,
        streams=0.8,
    ),
    Friction(
        limited=0.01,
        failed=0.006,
        refusals={"cyber": 0.001, "general_harms": 0.0005},
        mismatches={"prefix": 0.02, "turn_boundary": 0.01, "model": 0.002},
    ),
)
"""A team that lets agents work."""

STYLE: Final = Sessions(
    WORKING, active=0.8, weekend=0.4, a_day=9.0, turns=1.5, gap_s=20.0, gap_sigma=1.0, steps=6.0, step_s=6.0
)
"""Ten agents a day, six model calls an errand."""
HANDED_OVER: Final = 0.5
"""Share of agents that start from what another one found."""


def play(stage: Stage) -> Scene:
    """Play teams of agents."""
    rng = stage.rng
    cast = recruit(stage, HABITS.access)
    calls = in_sessions(rng, cast, stage.window, STYLE)

    def carry(born: Bools, _able: Bools) -> Links:
        return within_sessions(rng, cast, calls, born, HANDED_OVER)

    return compose(stage, cast, calls, errands(stage, cast, calls), HABITS, conversing=True, replay=carry)


PERSONA: Final = Persona("orchestrator", extracting=False, play=play)
"""Orchestrated agents."""
