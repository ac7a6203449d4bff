"""Technique sweeper: each early request is another trick, most are refused; then the few that work are scaled up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import between, by_machine
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, beside, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.taking import sweep
from stillwatch.simulate.stage import together

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "plus", "team"),
        software=("openai", "anthropic", "plain"),
        operations=("messages", "messages", "responses", "chat"),
        signup_days=(-1.0, 20.0),
        programs=(1, 3),
        places=("home",),
        addresses=(60, 240),
        spread=1.0,
        per_call=True,
        mail=(0.6, 0.1, 0.05, 0.25),
    ),
    Answers(
        tokens_out=450.0,
        sigma=0.7,
        max_tokens=(4096, 8192),
        temperature=(0.7, 1.0),
        reasoning=0.8,
        efforts=("high", "medium"),
        follows=0.4,
        follows_within_h=24.0,
    ),
    Friction(
        limited=0.01,
        failed=0.004,
        refusals={"reasoning_extraction": 0.7, "frontier_llm": 0.08, "general_harms": 0.02},
    ),
)
"""An operator who tries."""

SCALED: Final = replace(
    HABITS, friction=Friction(limited=0.02, failed=0.004, refusals={"reasoning_extraction": 0.06, "frontier_llm": 0.01})
)
"""The same operator once something works."""
EARLY_A_DAY: Final = 90.0
"""Attempts of an account on a day of the first half (calls)."""
LATE_A_DAY: Final = (280.0, 860.0)
"""Calls of an account on a day of the second half, least and most (published range)."""
WINNERS: Final = 3
"""Tricks of an operator that are scaled up."""


def play(stage: Stage) -> Scene:
    """Play technique sweepers."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    tries = by_machine(rng, cast, window, np.full(stage.accounts, EARLY_A_DAY), sigma=0.8)
    a_day = between(stage, LATE_A_DAY)
    yields = by_machine(rng, cast, window, a_day)
    calls = together(tries.where(tries.ts_ms < window.release_ms), yields.where(yields.ts_ms >= window.release_ms))
    late = calls.ts_ms >= window.release_ms
    wording = sweep(stage, cast, calls, late, WINNERS)
    return beside(
        compose(stage, cast, calls.where(~late), wording.where(~late), HABITS, conversing=False),
        compose(stage, cast, calls.where(late), wording.where(late), SCALED, conversing=False),
    )


PERSONA: Final = Persona("technique_sweeper", extracting=True, play=play)
"""Technique sweeper."""
