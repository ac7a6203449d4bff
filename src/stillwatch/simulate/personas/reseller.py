"""Licensed reseller: many strangers' chats under one account, declared, with the customer named in every call.

A near miss of pooled access: one credential, all topics, all hours, high volume; but human conversations of ordinary
length, no common template, and an old contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import WAKING, Sessions, in_sessions
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.people import customers

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("enterprise",),
        software=("gateway",),
        operations=("chat",),
        signup_days=(120.0, 700.0),
        credentials=(1, 2),
        places=("cloud",),
        addresses=(1, 3),
        per_call=True,
        declares=("licensed resale",),
        declared_share=1.0,
        resells=True,
        end_users=(60, 200),
    ),
    Answers(
        tokens_out=280.0,
        sigma=0.8,
        max_tokens=(0, 4096),
        temperature=(-1.0, 1.0),
        small_model=0.2,
        follows=0.4,
        streams=1.0,
    ),
    Friction(limited=0.003, refusals={"general_harms": 0.004, "bio": 0.0003, "cyber": 0.0005, "other": 0.0005}),
)
"""A gateway with customers of its own."""

STYLE: Final = Sessions(WAKING, active=1.0, weekend=0.95, a_day=50.0, turns=4.0, gap_s=45.0, gap_sigma=1.1)
"""Fifty conversations a day."""


def play(stage: Stage) -> Scene:
    """Play licensed resellers."""
    cast = recruit(stage, HABITS.access)
    pauses = stage.traces.pauses_s if stage.traces else None
    calls, wording = customers(stage, cast, in_sessions(stage.rng, cast, stage.window, STYLE, pauses))
    return compose(stage, cast, calls, wording, HABITS, conversing=True)


PERSONA: Final = Persona("reseller", extracting=False, play=play)
"""Licensed reseller."""
