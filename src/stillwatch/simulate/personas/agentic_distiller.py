"""Agentic distiller: coding tasks with tools over made-up repositories, day and night, to keep the whole trajectory.

Volumes are the published ones of agentic campaigns: 26 to some 280 requests a day an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import Sessions, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.taking import trajectories

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "plus", "team"),
        software=("agent", "agent", "node"),
        operations=("messages", "messages", "responses"),
        signup_days=(-1.5, 40.0),
        programs=(1, 3),
        places=("home",),
        addresses=(60, 240),
        spread=1.0,
        declares=("software development",),
        declared_share=0.1,
        mail=(0.5, 0.25, 0.05, 0.2),
    ),
    Answers(
        tokens_out=380.0,
        sigma=0.7,
        max_tokens=(8192, 16384, 32000),
        temperature=(0.7, 1.0),
        reasoning=1.0,
        efforts=("high", "high", "medium"),
        tools=(8, 24),
        context=(2000.0, 16000.0),
        follows=0.6,
        follows_within_h=24.0,
        streams=0.9,
    ),
    Friction(
        limited=0.01,
        failed=0.005,
        refusals={"frontier_llm": 0.004, "reasoning_extraction": 0.003, "cyber": 0.001},
        mismatches={"prefix": 0.01},
    ),
)
"""An operator who trains an agent."""

STYLE: Final = Sessions(
    (1.0,) * 24, active=0.95, weekend=1.0, a_day=2.0, turns=3.0, gap_s=12.0, gap_sigma=0.4, steps=6.0, step_s=7.0
)
"""Three tasks a day, six model calls a turn, no pause to read."""


def play(stage: Stage) -> Scene:
    """Play agentic distillers."""
    cast = recruit(stage, HABITS.access)
    calls = in_sessions(stage.rng, cast, stage.window, STYLE)
    return compose(stage, cast, calls, trajectories(stage, cast, calls), HABITS, conversing=True)


PERSONA: Final = Persona("agentic_distiller", extracting=True, play=play)
"""Agentic distiller."""
