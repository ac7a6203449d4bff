"""How many accounts of each persona live in a world, and for how long.

A spec says nothing about what the personas do; that is in ``personas/``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError
from stillwatch.simulate.crowds.spec import Crowd

if TYPE_CHECKING:
    from stillwatch.simulate.campaigns.spec import Campaign


def _divides(field: str) -> bool:
    """Say whether a field of a spec counts operators."""
    return field.endswith("_operators")


def _counts() -> tuple[str, ...]:
    """Name the fields of a spec that are counts."""
    return tuple(f.name for f in fields(WorldSpec) if f.name not in {"days", "campaigns", "crowds"})


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """The size of a world. Every count may be 0."""

    interactive: int = 0
    """Accounts of people who chat (accounts)."""
    developer: int = 0
    """Accounts of developers with a coding agent (accounts)."""
    batch_app: int = 0
    """Accounts of applications that classify customer text (accounts)."""
    evaluation: int = 0
    """Accounts that run a known set of prompts over model versions (accounts)."""
    researcher: int = 0
    """Accounts that make training text for a model of their own and say so (accounts)."""
    reseller: int = 0
    """Accounts of licensed resellers, whose customers chat (accounts)."""
    contracted: int = 0
    """Accounts that distil under contract and say so (accounts)."""
    rag: int = 0
    """Accounts of applications that answer from documents (accounts)."""
    translation: int = 0
    """Accounts of translation pipelines (accounts)."""
    classroom: int = 0
    """Accounts of classes: one a class, or one a student (accounts)."""
    retry_storm: int = 0
    """Accounts whose client repeats failed requests without end (accounts)."""
    stolen_key: int = 0
    """Accounts whose key a thief uses beside its owner (accounts)."""
    ci_bot: int = 0
    """Accounts of bots that review the changes of one repository (accounts)."""
    orchestrator: int = 0
    """Accounts of teams that let many agents work (accounts)."""
    judge_app: int = 0
    """Accounts of applications that grade their own answers (accounts)."""
    own_model_tuner: int = 0
    """Accounts of people who train a model of their own (accounts)."""
    red_team: int = 0
    """Accounts of authorised red teams (accounts)."""
    monitor: int = 0
    """Accounts that ask a fixed set on a clock (accounts)."""
    router: int = 0
    """Accounts of organisations that route between models (accounts)."""
    fast_distiller: int = 0
    """Extracting accounts with machine rhythm and high volume (accounts)."""
    slow_distiller: int = 0
    """Extracting accounts of 2 to 26 requests a day each (accounts)."""
    agentic_distiller: int = 0
    """Extracting accounts that copy agents at work (accounts)."""
    reasoning_harvester: int = 0
    """Extracting accounts that force reasoning into the answer (accounts)."""
    logit_thief: int = 0
    """Extracting accounts that read probabilities (accounts)."""
    replayer: int = 0
    """Extracting accounts that send stored sessions again (accounts)."""
    live_relay: int = 0
    """Extracting accounts that pass their own users' requests on (accounts)."""
    technique_sweeper: int = 0
    """Extracting accounts that try tricks and scale the winners (accounts)."""
    judge_harvester: int = 0
    """Extracting accounts that grade another model's answers (accounts)."""
    prompt_factory: int = 0
    """Extracting accounts that have tasks made up (accounts)."""
    fast_operators: int = 1
    """Operators among whom the fast distillers are divided (operators)."""
    slow_operators: int = 1
    """Operators among whom the slow distillers are divided (operators)."""
    agentic_distiller_operators: int = 1
    """Operators among whom these are divided: agentic distiller (operators)."""
    reasoning_harvester_operators: int = 1
    """Operators among whom these are divided: reasoning harvester (operators)."""
    logit_thief_operators: int = 1
    """Operators among whom these are divided: logit thief (operators)."""
    replayer_operators: int = 1
    """Operators among whom these are divided: replayer (operators)."""
    live_relay_operators: int = 1
    """Operators among whom these are divided: live relay (operators)."""
    technique_sweeper_operators: int = 1
    """Operators among whom these are divided: technique sweeper (operators)."""
    judge_harvester_operators: int = 1
    """Operators among whom these are divided: judge harvester (operators)."""
    prompt_factory_operators: int = 1
    """Operators among whom these are divided: prompt factory (operators)."""
    campaigns: tuple[Campaign, ...] = ()
    """Campaigns of many coordinated accounts."""
    crowds: tuple[Crowd, ...] = ()
    """Honest groups whose accounts look alike or share something."""
    days: int = 7
    """Length of the world (days of 24 h from its start)."""

    @property
    def accounts(self) -> int:
        """Count all accounts."""
        of_personas = sum(int(getattr(self, name)) for name in _counts() if not _divides(name))
        grouped = sum(one.accounts for one in self.campaigns) + sum(one.accounts for one in self.crowds)
        return of_personas + grouped

    def scaled(self, factor: float) -> WorldSpec:
        """Make a world of the same mix with more or fewer accounts.

        Parameters
        ----------
        factor
            Times as many accounts, > 0.

        Returns
        -------
        WorldSpec
            A persona that was there keeps at least one account. Operators grow with the square root, so that there
            are more of them and each has more accounts.

        Raises
        ------
        InputError
            The factor is not a number above 0.

        Examples
        --------
        >>> WorldSpec(interactive=10, slow_distiller=2).scaled(4).slow_operators
        2
        """
        if not 0.0 < factor < math.inf:
            raise InputError(f"a world is scaled by a number above 0, not {factor}")
        counts = {name: getattr(self, name) for name in _counts()}
        times = {name: math.sqrt(factor) if _divides(name) else factor for name in counts}
        return replace(
            self,
            **{name: max(min(1, n), round(n * times[name])) for name, n in counts.items()},
            campaigns=tuple(one.scaled(factor) for one in self.campaigns),
            crowds=tuple(one.scaled(factor) for one in self.crowds),
        )

    def with_background(self, times: float) -> WorldSpec:
        """Put more independent honest accounts beside the campaigns.

        Parameters
        ----------
        times
            Honest accounts over accounts of campaigns, > 0.

        Returns
        -------
        WorldSpec
            With as many independents more as are missing; nobody is taken away.

        Raises
        ------
        InputError
            The factor is no number above 0, or the world has no campaign.
        """
        campaigns = sum(one.accounts for one in self.campaigns)
        if not 0.0 < times < math.inf or campaigns == 0:
            raise InputError(f"a background of {times} needs a number above 0 and a world with campaigns")
        personas = [name for name in _counts() if not _divides(name) and self.operators(name) > 0]
        honest = self.accounts - campaigns - sum(self.of(name) for name in personas)
        missing = round(times * campaigns) - honest
        if missing <= 0:
            return self
        return replace(self, crowds=(*self.crowds, Crowd("independent", accounts=missing, name="background")))

    def of(self, persona: str) -> int:
        """Count the accounts of one persona.

        Parameters
        ----------
        persona
            Name of a persona, such as ``developer``.

        Returns
        -------
        int
            Accounts.
        """
        return int(getattr(self, persona))

    def operators(self, persona: str) -> int:
        """Count the operators of one persona.

        Parameters
        ----------
        persona
            Name of a persona.

        Returns
        -------
        int
            Operators; 0 for the honest personas, whose accounts belong to their own organisations.
        """
        short = {"fast_distiller": "fast", "slow_distiller": "slow"}.get(persona, persona)
        return int(getattr(self, f"{short}_operators", 0))


SMALL: Final = WorldSpec(
    interactive=180,
    developer=70,
    batch_app=12,
    evaluation=14,
    researcher=6,
    reseller=2,
    fast_distiller=4,
    slow_distiller=10,
)
"""The world of the demo: 298 accounts, 7 days, about 70,000 events, 14 extracting accounts under 2 operators."""

WIDE: Final = replace(
    SMALL,
    contracted=2,
    rag=4,
    translation=4,
    classroom=62,
    retry_storm=2,
    stolen_key=4,
    ci_bot=3,
    orchestrator=6,
    judge_app=3,
    own_model_tuner=8,
    red_team=4,
    monitor=4,
    router=6,
    agentic_distiller=8,
    reasoning_harvester=5,
    logit_thief=2,
    replayer=24,
    live_relay=20,
    technique_sweeper=5,
    judge_harvester=5,
    prompt_factory=5,
)
"""SMALL with some of every other persona."""
