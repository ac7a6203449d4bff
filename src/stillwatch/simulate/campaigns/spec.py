"""A campaign: how many accounts work together, on what, and what its operator does so that they look apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Final, Literal, TypeAlias, get_args

from stillwatch.model.errors import InputError

Technique: TypeAlias = Literal["template", "reasoning", "grading", "agentic", "store_replay", "live_relay", "sweep"]
TECHNIQUES: Final[tuple[str, ...]] = get_args(Technique)
"""``template``: one fixed instruction over a broad list of tasks. ``reasoning``: a fixed string that forces reasoning
into tags, in every request. ``grading``: a rubric and two answers. ``agentic``: coding tasks with tools.
``store_replay``: stored sessions of real users, sent again. ``live_relay``: requests of the operator's own users,
passed on as they come. ``sweep``: every request another trick, then the winners on a large scale."""
Partition: TypeAlias = Literal["random", "sequential"]
PARTITIONS: Final[tuple[str, ...]] = get_args(Partition)
"""How one list of tasks is dealt to the accounts: ``random`` shuffles it, ``sequential`` gives each a stretch."""
SHARES: Final = (
    "paraphrase",
    "residential",
    "fingerprint_random",
    "shared_cards",
    "disposable_mail",
    "benign_mix",
    "topic_personas",
    "duplicates",
    "synchrony",
    "replaced",
    "artefact_replay",
)
"""Fields that are shares between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One operator's campaign over many accounts. Defaults are those of an operator who does not hide much."""

    name: str
    """Name in the truth; also the seed of its own randomness."""
    accounts: int
    """Accounts in all, later pools and replacements included (accounts, >= 4)."""
    per_day: float = 13.0
    """Requests of an account on a day of its life, benign ones included (requests a day, > 0)."""
    technique: Technique = "template"
    """What is asked, one of TECHNIQUES."""
    instructions: int = 1
    """Fixed instructions in use, such as one for each lab that a pool serves (instructions, >= 1)."""
    in_system: bool = False
    """Whether the fixed instruction stands in the system text; else it stands in the prompt."""
    pools: int = 1
    """Pools of accounts, one after the other; the next takes over when the provider has closed one (pools, >= 1)."""
    failover_delay_h: float = 6.0
    """From the closing of a pool to the first request of the next (h, >= 0)."""
    replaced: float = 0.04
    """Share of each pool's accounts that stand in reserve and take over from single closed ones (0..1)."""
    paraphrase: float = 0.0
    """Share of accounts whose instruction a language model rewords, anew in every request (0..1)."""
    jitter_min: float = 10.0
    """Spread of the accounts' start of a common job (min, >= 0)."""
    residential: float = 0.0
    """Share of accounts with residential addresses of their own; the others share one pool (0..1)."""
    fingerprint_random: float = 0.0
    """Share of accounts with a made-up TLS hello and user agent of their own (0..1)."""
    shared_cards: float = 0.5
    """Share of accounts paid by a few shared cards of few issuers; the others have a card each (0..1)."""
    disposable_mail: float = 0.4
    """Share of accounts with throw-away mail (0..1)."""
    benign_mix: float = 0.0
    """Share of each account's requests that come from unrelated paying customers of a reseller (0..0.99)."""
    topic_personas: float = 0.0
    """Share of accounts that keep to a topic of their own instead of a shard of all (0..1)."""
    duplicates: float = 0.0
    """Share of the campaign's requests that repeat a task which another request has, mostly of another account, where
    tasks come from a list (0..1)."""
    synchrony: float = 0.5
    """Share of the campaign's requests that belong to jobs started on all accounts together; a live relay has no
    such jobs (0..1)."""
    signup_burst_h: float = 48.0
    """Length of the burst in which a pool signs up (h, > 0)."""
    pivots: bool = True
    """Whether it moves to a new model within 24 h."""
    partition: Partition = "random"
    """How the list of tasks is dealt, one of PARTITIONS; replay, relay and sweep have no such list."""
    artefact_replay: float = 0.0
    """Share of requests that carry signed reasoning which another account received (0..1)."""

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        problem = _problem(self)
        if problem:
            raise InputError(f"campaign {self.name or '?'}: {problem}")

    def scaled(self, factor: float) -> Campaign:
        """Make the same campaign with more or fewer accounts.

        Parameters
        ----------
        factor
            Times as many accounts, > 0.

        Returns
        -------
        Campaign
            With at least four accounts, and two a pool; each is as busy as before.

        Raises
        ------
        InputError
            The factor is not a number above 0.

        Examples
        --------
        >>> Campaign("c", accounts=1500).scaled(0.1).accounts
        150
        """
        if not 0.0 < factor < math.inf:
            raise InputError(f"a campaign is scaled by a number above 0, not {factor}")
        return replace(self, accounts=max(4, 2 * self.pools, round(self.accounts * factor)))


def _problem(asked: Campaign) -> str:
    """Say what is wrong with a campaign and what to write instead; empty if nothing is."""
    outside = [name for name in SHARES if not 0.0 <= getattr(asked, name) <= 1.0]
    wrong = [name for name in ("per_day", "signup_burst_h") if not 0.0 < getattr(asked, name) < math.inf]
    negative = [name for name in ("jitter_min", "failover_delay_h") if not 0.0 <= getattr(asked, name) < math.inf]
    says = {
        "it needs a name": not asked.name,
        f"accounts={asked.accounts}: write 4 or more": asked.accounts < 4,
        f"technique={asked.technique}: write one of {', '.join(TECHNIQUES)}": asked.technique not in TECHNIQUES,
        f"partition={asked.partition}: write one of {', '.join(PARTITIONS)}": asked.partition not in PARTITIONS,
        f"instructions={asked.instructions}: write 1 or more": asked.instructions < 1,
        f"pools={asked.pools}: write 1 to {asked.accounts // 2}, two accounts a pool": not 1
        <= asked.pools
        <= max(1, asked.accounts // 2),
        f"{', '.join(outside)}: write a share between 0 and 1": bool(outside),
        "benign_mix: write a share up to 0.99": asked.benign_mix > 0.99,
        f"{', '.join(wrong)}: write a number above 0": bool(wrong),
        f"{', '.join(negative)}: write 0 or more": bool(negative),
        "replaced: write a share up to 0.5": asked.replaced > 0.5,
    }
    return next((text for text, holds in says.items() if holds), "")


def campaign_fields() -> tuple[str, ...]:
    """Name every field of a campaign, in order."""
    return tuple(field.name for field in fields(Campaign))
