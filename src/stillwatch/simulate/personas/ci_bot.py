"""Reviewing bot: one template over the changes of one repository, many at once, every run from a fresh machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import WORKING, Sessions, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.pipelines import review

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("team", "enterprise"),
        software=("anthropic", "node", "plain"),
        operations=("messages", "chat", "responses"),
        signup_days=(1.0, 500.0),
        places=("cloud",),
        addresses=(150, 400),
        spread=1.0,
        declares=("code review",),
        declared_share=0.25,
    ),
    Answers(
        tokens_out=160.0,
        sigma=0.8,
        max_tokens=(2048, 4096),
        temperature=(0.0,),
        formats=("text", "json_object"),
        reasoning=0.4,
        efforts=("low", "medium"),
        context=(500.0, 6000.0),
        small_model=0.2,
        follows=0.5,
        follows_within_h=60.0,
    ),
    Friction(
        limited=0.01,
        failed=0.005,
        refusals={"cyber": 0.001},
    ),
)
"""A bot of one repository."""

STYLE: Final = Sessions(WORKING, active=1.0, weekend=0.3, a_day=40.0, turns=7.0, gap_s=1.5, gap_sigma=0.5)
"""A run a push: seven files within ten seconds."""


def play(stage: Stage) -> Scene:
    """Play bots that review changes."""
    cast = recruit(stage, HABITS.access)
    calls = in_sessions(stage.rng, cast, stage.window, STYLE)
    return compose(stage, cast, calls, review(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("ci_bot", extracting=False, play=play)
"""Reviewing bot."""
