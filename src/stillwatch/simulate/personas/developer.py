"""Developer with a coding agent: bursts of tool use, long contexts, signed reasoning carried within the sessions.

A few sessions are resumed, or taken over by a colleague of the same organisation; contexts are compacted, which
breaks the binding of carried reasoning now and then. Some run the agent at night from continuous integration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import WORKING, Sessions, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.people import coding
from stillwatch.simulate.stage import together

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team", "team", "enterprise"),
        software=("agent", "agent", "node"),
        operations=("messages", "messages", "responses"),
        signup_days=(-1.0, 480.0),
        programs=(1, 2),
        credentials=(1, 2),
        places=("home", "office", "cloud"),
        addresses=(1, 4),
        groups=(1, 1, 2, 3, 5, 8),
        declares=("software development",),
        declared_share=0.15,
    ),
    Answers(
        tokens_out=220.0,
        sigma=0.9,
        max_tokens=(8192, 16_384, 32_000),
        temperature=(-1.0, 1.0),
        reasoning=0.8,
        efforts=("medium", "high", "high"),
        tools=(8, 24),
        context=(6_000.0, 28_000.0),
        small_model=0.05,
        follows=0.7,
        follows_within_h=60.0,
        streams=0.95,
        stores=0.3,
    ),
    Friction(
        limited=0.004,
        failed=0.006,
        refusals={"general_harms": 0.0006, "cyber": 0.0015, "reasoning_extraction": 0.0001, "other": 0.0003},
        mismatches={"prefix": 0.004, "turn_boundary": 0.003, "model": 0.002},
    ),
)
"""A developer at work."""

STYLE: Final = Sessions(
    WORKING, active=0.7, weekend=0.2, a_day=1.2, turns=4.0, gap_s=70.0, gap_sigma=1.2, steps=4.0, step_s=8.0
)
"""Four model calls a typed turn, 8 s apart; the working hours leave a little for the night."""
NIGHTLY: Final = Sessions(
    (0.0, 0.0, 1.0, 1.0) + (0.0,) * 20,
    active=0.9,
    weekend=1.0,
    a_day=0.05,
    turns=1.0,
    gap_s=5.0,
    gap_sigma=0.3,
    steps=9.0,
)
"""A run of the agent by continuous integration, between 2 and 4 at night."""
NIGHTLY_SHARE: Final = 0.12
"""Share of developers who have such a run."""


def play(stage: Stage) -> Scene:
    """Play developers with a coding agent."""
    cast = recruit(stage, HABITS.access)
    by_day = in_sessions(stage.rng, cast, stage.window, STYLE)
    by_night = in_sessions(stage.rng, cast, stage.window, NIGHTLY)
    has_run = stage.rng.random(stage.accounts) < NIGHTLY_SHARE
    calls, wording = coding(stage, cast, together(by_day, by_night.where(has_run[by_night.account])))
    return compose(stage, cast, calls, wording, HABITS, conversing=True)


PERSONA: Final = Persona("developer", extracting=False, play=play)
"""Developer with a coding agent."""
