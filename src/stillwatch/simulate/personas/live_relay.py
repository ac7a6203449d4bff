"""Live relay: passes its own users' requests on as they come, 5 or 6 a day an account, and keeps the answers.

People type, so pauses and hours are theirs; each has another harness. Signed reasoning that one account received is
sent back through another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from stillwatch.simulate.arrivals import WAKING, Sessions, in_sessions
from stillwatch.simulate.artefacts import Links, across_accounts, rather, within_sessions
from stillwatch.simulate.cast import crowd, recruit
from stillwatch.simulate.compose import Scene, compose
from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.personas.persona import Persona
from stillwatch.simulate.prompts.crowds import strangers

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Bools, Stage

HABITS: Final = Habits(
    Access(
        plans=("payg", "plus", "team"),
        software=("agent", "agent", "node", "openai", "anthropic", "browser"),
        operations=("messages", "messages", "responses"),
        signup_days=(0.5, 60.0),
        programs=(3, 8),
        places=("home", "cloud"),
        addresses=(40, 160),
        spread=1.0,
        mail=(0.6, 0.1, 0.05, 0.25),
    ),
    Answers(
        tokens_out=320.0,
        sigma=0.8,
        max_tokens=(0, 4096, 8192),
        temperature=(-1.0, 0.7, 1.0),
        reasoning=0.7,
        efforts=("medium", "high"),
        tools=(0, 12),
        follows=0.5,
        follows_within_h=48.0,
        streams=0.9,
    ),
    Friction(
        limited=0.002,
        refusals={"general_harms": 0.003, "reasoning_extraction": 0.002},
        mismatches={"organization": 0.5, "prefix": 0.04},
    ),
)
"""An operator with users of its own."""

STYLE: Final = Sessions(WAKING, active=0.33, weekend=0.9, a_day=0.0, turns=3.0, gap_s=50.0, gap_sigma=1.1)
"""One of the users behind an account, on one day of three."""
USERS: Final = (2, 6)
"""Users behind an account, least and most (people)."""
REPLAYED: Final = 0.2
"""Share of calls that carry what another account received."""


def play(stage: Stage) -> Scene:
    """Play live relays."""
    rng = stage.rng
    cast = recruit(stage, HABITS.access)
    users, account = crowd(cast, rng.integers(USERS[0], USERS[1] + 1, size=stage.accounts))
    users = replace(users, offset_h=rng.permutation(users.offset_h))
    calls = in_sessions(rng, users, stage.window, STYLE)
    calls, wording = strangers(stage, replace(calls, account=account[calls.account]))

    def replay(born: Bools, able: Bools) -> Links:
        foreign = across_accounts(rng, cast, calls, born, able, REPLAYED)
        return rather(foreign, within_sessions(rng, cast, calls, born))

    return compose(stage, cast, calls, wording, HABITS, conversing=True, replay=replay)


PERSONA: Final = Persona("live_relay", extracting=True, play=play)
"""Live relay."""
