"""Application with a broken retry: usual calls go on, while a few requests are repeated for hours without a pause."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.simulate.arrivals import by_machine, in_bursts
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, beside, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.machines import sorting
from stillwatch.simulate.prompts.wording import Wording
from stillwatch.simulate.stage import HOUR_MS

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team"),
        software=("openai", "node", "plain"),
        operations=("chat", "messages", "responses"),
        signup_days=(1.0, 500.0),
        places=("cloud", "office"),
        addresses=(1, 2),
        per_call=True,
    ),
    Answers(
        tokens_out=30.0,
        sigma=0.6,
        max_tokens=(256,),
        temperature=(0.0,),
        small_model=0.6,
        follows=0.1,
    ),
    Friction(
        limited=0.003,
        failed=0.003,
        refusals={"general_harms": 0.001},
    ),
)
"""An application on a good day."""

BROKEN: Final = replace(HABITS, friction=Friction(limited=0.72, failed=0.22, refusals={}))
"""The same on a bad one: nearly every call is turned away, and sent again."""
USUAL_A_DAY: Final = 90.0
"""Median calls on a day besides the storm."""
STORM_H: Final = (2.0, 6.0)
"""Length of the storm, least and most (h)."""
GAP_S: Final = 3.0
"""Median pause between two attempts (s)."""
STUCK: Final = 4
"""Requests that are repeated, at most."""


def play(stage: Stage) -> Scene:
    """Play applications whose client retries without end."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    a_day = rng.lognormal(np.log(USUAL_A_DAY), 0.5, size=stage.accounts)
    usual = by_machine(rng, cast, window, a_day, sigma=1.0)
    lasts_h = rng.uniform(*STORM_H, size=stage.accounts)
    latest_h = window.days * 24.0 - lasts_h
    begins = [np.array([window.start_ms + int(rng.uniform(0.0, at) * HOUR_MS)]) for at in latest_h.tolist()]
    storm = in_bursts(rng, cast, window, begins, (lasts_h * 3600.0 / GAP_S).astype(np.int64), GAP_S)
    stuck = rng.integers(1, STUCK + 1, size=stage.accounts)[storm.account]
    wording = sorting(stage, cast, usual)
    first, count = np.searchsorted(usual.account, storm.account), np.bincount(usual.account, minlength=stage.accounts)
    again = pa.array(first + storm.turn % np.minimum(stuck, count[storm.account]))
    repeated = Wording(wording.prompt.take(again), wording.system.take(again), wording.simulated)
    return beside(
        compose(stage, cast, usual, wording, HABITS, conversing=False),
        compose(stage, cast, storm, repeated, BROKEN, conversing=False),
    )


PERSONA: Final = Persona("retry_storm", extracting=False, play=play)
"""Application with a broken retry."""
