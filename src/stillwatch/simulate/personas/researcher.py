"""Researcher who declares: makes training text for a model of their own, openly, at moderate volume.

The near miss of distillation: template, seeds and long single-turn answers are alike. One owner, an old account,
one network and a declared purpose are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import in_bursts
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.harvest import synthetic_examples
from stillwatch.simulate.stage import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team"),
        software=("openai", "anthropic", "plain"),
        operations=("chat", "messages", "responses"),
        signup_days=(60.0, 900.0),
        places=("office", "home"),
        addresses=(1, 3),
        declares=("synthetic training text for our own model", "academic research on small models"),
        declared_share=0.9,
        mail=(0.2, 0.3, 0.5, 0.0),
    ),
    Answers(
        tokens_out=420.0,
        sigma=0.5,
        max_tokens=(2048, 4096),
        temperature=(0.7, 1.0),
        small_model=0.3,
        follows=0.4,
        choices=2,
        stores=0.1,
    ),
    Friction(limited=0.01, failed=0.004, refusals={"general_harms": 0.001, "frontier_llm": 0.0008}),
)
"""A group with a model of its own."""

A_RUN: Final = (60, 400)
"""Examples made in one sitting, least and most (calls)."""


def play(stage: Stage) -> Scene:
    """Play researchers who declare."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    starts = []
    for zone in cast.offset_h.tolist():
        days = np.flatnonzero(rng.random(window.days) < 0.35)
        hour = rng.uniform(9, 17, size=len(days)) - zone
        starts.append((window.start_ms + days * DAY_MS + hour * HOUR_MS).astype(np.int64))
    size = rng.integers(A_RUN[0], A_RUN[1] + 1, size=stage.accounts)
    calls = in_bursts(rng, cast, window, starts, size, gap_s=7.0)
    return compose(stage, cast, calls, synthetic_examples(stage, cast, calls), HABITS, conversing=False)


PERSONA: Final = Persona("researcher", extracting=False, play=play)
"""Researcher who declares."""
