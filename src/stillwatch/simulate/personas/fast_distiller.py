"""Fast distiller: machine rhythm, a fixed instruction and generated seeds over all topics, long answers.

Volumes are the published ones of campaigns at their peak: 280 to 860 requests a day an account. All accounts of an
operator draw on one pool of home networks, so one credential is seen from many. Half of the operators also send
signed reasoning back that another of their accounts received.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import between, steadily
from stillwatch.simulate.artefacts import Links, across_accounts
from stillwatch.simulate.cast import recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.harvest import lessons

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Bools, Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "payg", "team"),
        software=("openai", "anthropic", "agent", "plain"),
        operations=("messages", "messages", "responses", "chat"),
        signup_days=(-1.5, 12.0),
        programs=(2, 4),
        places=("home",),
        addresses=(60, 240),
        spread=1.0,
        per_call=True,
        declares=("education", "security research"),
        declared_share=0.1,
        mail=(0.5, 0.25, 0.05, 0.2),
    ),
    Answers(
        tokens_out=650.0,
        sigma=0.45,
        max_tokens=(4096, 8192, 16_384),
        temperature=(0.7, 0.8, 1.0),
        reasoning=0.8,
        efforts=("high", "high", "medium"),
        follows=0.5,
        follows_within_h=24.0,
        choices=2,
    ),
    Friction(
        limited=0.015,
        failed=0.004,
        refusals={"reasoning_extraction": 0.012, "frontier_llm": 0.004, "general_harms": 0.001},
        mismatches={"organization": 0.55, "end_user": 0.1, "prefix": 0.05},
    ),
)
"""An operator in a hurry."""

A_DAY: Final = (280.0, 860.0)
"""Calls of an account on a day, least and most (published range)."""
REPLAYED: Final = 0.15
"""Share of a replaying operator's calls that carry foreign artefacts."""


def play(stage: Stage) -> Scene:
    """Play fast distillers."""
    cast = recruit(stage, HABITS.access)
    a_day = between(stage, A_DAY)
    calls = steadily(stage, cast, a_day)
    replays = cast.operator[calls.account] % 2 == 0

    def replay(born: Bools, able: Bools) -> Links:
        return across_accounts(stage.rng, cast, calls, born, able & replays, REPLAYED)

    wording = lessons(stage, cast, calls, vary=False)
    return compose(stage, cast, calls, wording, HABITS, conversing=False, replay=replay)


PERSONA: Final = Persona("fast_distiller", extracting=True, play=play)
"""Fast distiller."""
