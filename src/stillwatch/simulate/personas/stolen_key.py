"""Account whose key is stolen: its owner goes on as before, while a thief spends it from elsewhere.

The thief begins with one tiny call on a model the owner never used, then burns millions of tokens within hours. The
owner copies nothing; the account is a victim.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate import catalogue
from stillwatch.simulate.arrivals import WORKING, Sessions, by_machine, in_bursts, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, beside, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.crowds import strangers
from stillwatch.simulate.prompts.machines import sorting
from stillwatch.simulate.prompts.people import chats
from stillwatch.simulate.stage import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "team"),
        software=("openai", "anthropic", "node"),
        operations=("chat", "messages", "responses"),
        signup_days=(30.0, 500.0),
        places=("home", "office"),
        addresses=(1, 3),
    ),
    Answers(
        tokens_out=260.0,
        sigma=0.8,
        max_tokens=(0, 2048),
        temperature=(-1.0, 0.7),
        small_model=1.0,
        streams=0.5,
    ),
    Friction(
        refusals={"general_harms": 0.002},
    ),
)
"""The owner."""

THIEF: Final = Habits(
    Access(
        plans=("payg",),
        software=("plain", "agent"),
        operations=("chat",),
        signup_days=(30.0, 500.0),
        programs=(2, 3),
        places=("cloud",),
        addresses=(5, 30),
        spread=1.0,
        per_call=True,
    ),
    Answers(
        tokens_out=900.0,
        sigma=0.7,
        max_tokens=(8192, 16384),
        temperature=(-1.0, 1.0),
        context=(1500.0, 9000.0),
        models=(catalogue.NEWER,),
    ),
    Friction(
        limited=0.05,
        failed=0.004,
        refusals={"general_harms": 0.01, "cyber": 0.01},
    ),
)
"""The thief."""

TRIED: Final = replace(THIEF, answers=replace(THIEF.answers, tokens_out=2.0, max_tokens=(1,), context=(0.0, 0.0)))
"""The thief's first call, to see whether the key works."""
STYLE: Final = Sessions(WORKING, active=0.8, weekend=0.6, a_day=1.5, turns=4.0, gap_s=60.0, gap_sigma=1.1)
"""The owner's own talks."""
JOB_A_DAY: Final = 8.0
"""Calls a day of a small job that the owner runs besides."""
BURST: Final = (600, 1600)
"""Calls of the thief, least and most."""


def play(stage: Stage) -> Scene:
    """Play owners and thieves."""
    rng, window = stage.rng, stage.window
    cast = recruit(stage, HABITS.access)
    other = recruit(stage, THIEF.access)
    thief = replace(
        cast,
        nets=other.nets,
        ips=other.ips,
        asns=other.asns,
        programs=other.programs,
        agents=other.agents,
        hellos=other.hellos,
    )
    calls, wording = chats(stage, cast, in_sessions(rng, cast, window, STYLE))
    jobs = by_machine(rng, cast, window, np.full(stage.accounts, JOB_A_DAY), sigma=1.0)
    kept = beside(
        compose(stage, cast, calls, wording, HABITS, conversing=True),
        compose(stage, cast, jobs, sorting(stage, cast, jobs), HABITS, conversing=False),
    )
    first = window.release_ms + rng.integers(0, window.days * DAY_MS // 4, size=stage.accounts)
    tries = [np.array([at]) for at in first.tolist()]
    begins = [np.array([at + HOUR_MS // 3]) for at in first.tolist()]
    tried = in_bursts(rng, thief, window, tries, np.ones(stage.accounts, dtype=np.int64), gap_s=1.0)
    burst = in_bursts(rng, thief, window, begins, rng.integers(BURST[0], BURST[1] + 1, size=stage.accounts), gap_s=8.0)
    alone = replace(burst, session=np.arange(len(burst), dtype=np.int64), turn=np.zeros(len(burst), dtype=np.int64))
    spent, said = strangers(stage, alone)
    return beside(
        beside(kept, compose(stage, thief, tried, strangers(stage, tried)[1], TRIED, conversing=False)),
        compose(stage, thief, spent, said, THIEF, conversing=False),
    )


PERSONA: Final = Persona("stolen_key", extracting=False, play=play)
"""Account whose key is stolen."""
