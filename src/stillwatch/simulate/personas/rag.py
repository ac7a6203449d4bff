"""Retrieval application: a long shared frame, retrieved passages, medium answers; once a backfill over the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import by_machine, in_bursts
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.pipelines import retrieval
from stillwatch.simulate.stage import DAY_MS, together

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("team", "enterprise"),
        software=("openai", "anthropic", "node", "plain"),
        operations=("chat", "messages", "responses"),
        signup_days=(1.0, 500.0),
        credentials=(1, 2),
        places=("cloud", "cloud", "office"),
        addresses=(1, 4),
        spread=1.5,
        per_call=True,
        declares=("document search",),
        declared_share=0.3,
        end_users=(0, 300),
    ),
    Answers(
        tokens_out=230.0,
        sigma=0.5,
        max_tokens=(1024, 2048),
        temperature=(0.0, 0.2),
        context=(1500.0, 6000.0),
        small_model=0.4,
        follows=0.2,
        streams=0.5,
    ),
    Friction(
        limited=0.004,
        failed=0.004,
        refusals={"general_harms": 0.001, "other": 0.0005},
    ),
)
"""An application over documents."""

USUAL_A_DAY: Final = 130.0
"""Median questions of an application on a day."""
BACKFILL: Final = (800, 2400)
"""Questions of the backfill, least and most (calls)."""


def play(stage: Stage) -> Scene:
    """Play applications over documents."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    asked = by_machine(rng, cast, window, rng.lognormal(np.log(USUAL_A_DAY), 0.6, size=stage.accounts), sigma=1.0)
    starts = [
        window.start_ms + rng.integers(0, max(1, (window.days - 1) * DAY_MS), size=1) for _ in range(stage.accounts)
    ]
    size = rng.integers(BACKFILL[0], BACKFILL[1] + 1, size=stage.accounts)
    calls = together(asked, in_bursts(rng, cast, window, starts, size, gap_s=3.0))
    return compose(stage, cast, calls, retrieval(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("rag", extracting=False, play=play)
"""Retrieval application."""
