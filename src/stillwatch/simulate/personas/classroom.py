"""Class at its exercises: the same tasks for everybody, in school hours, behind the school's one address.

A class is one account with its students named, or one organisation with an account a student.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.arrivals import Sessions, in_sessions
from stillwatch.simulate.cast import crowd, recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.crowds import exercises

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Stage

HABITS: Final = Habits(
    Access(
        plans=("plus", "team"),
        software=("browser", "openai"),
        operations=("chat", "messages", "responses"),
        signup_days=(5.0, 120.0),
        programs=(1, 2),
        places=("office",),
        addresses=(1, 1),
        groups=(1, 1, 1, 1, 30, 45),
        declares=("teaching",),
        declared_share=0.2,
        end_users=(30, 200),
        mail=(0.0, 0.0, 1.0, 0.0),
    ),
    Answers(
        tokens_out=200.0,
        sigma=0.7,
        max_tokens=(0, 2048),
        temperature=(-1.0, 0.7),
        small_model=0.4,
        follows=0.3,
        streams=0.9,
    ),
    Friction(
        limited=0.01,
        refusals={"general_harms": 0.003, "other": 0.001},
    ),
)
"""A school."""

STYLE: Final = Sessions(
    (0.0,) * 8 + (4.0, 6.0, 6.0, 5.0, 1.0, 4.0, 3.0) + (0.0,) * 9,
    active=0.45,
    weekend=0.0,
    a_day=0.1,
    turns=4.0,
    gap_s=60.0,
    gap_sigma=0.9,
)
"""A student's lesson: four turns, from 8 to 15 o'clock on school days."""


def play(stage: Stage) -> Scene:
    """Play classes."""
    rng = stage.rng
    cast = recruit(stage, HABITS.access)
    # Students of one organisation have accounts of their own, the clock and the language of their school.
    _, first, group, sizes = np.unique(cast.operator, return_index=True, return_inverse=True, return_counts=True)
    alone = sizes[group] == 1
    cast = replace(
        cast,
        users=np.where(alone, cast.users, 0),
        offset_h=cast.offset_h[first][group],
        language=cast.language[first][group],
    )
    students, account = crowd(cast, np.maximum(cast.users, 1))
    calls = in_sessions(rng, students, stage.window, STYLE)
    calls = replace(calls, account=account[calls.account])
    return compose(stage, cast, calls, exercises(stage, cast, calls, first[group]), HABITS, conversing=True)


PERSONA: Final = Persona("classroom", extracting=False, play=play)
"""Class at its exercises."""
