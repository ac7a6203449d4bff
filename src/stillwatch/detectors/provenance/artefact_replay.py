"""Reasoning artefacts (signatures, encrypted blocks) that turn up under an owner who never got them.

Needs no content: an exact join of keyed hashes says that a block was born under
another organisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.likelihood import Beta
from stillwatch.detectors.weights.owners import UNMAPPED, Owners
from stillwatch.detectors.weights.trait import Trait
from stillwatch.detectors.weights.words import counted, percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "artefact_replay"
_ANY_SHARE: Final = Beta(1.0, 1.0)
_STRAY: Final = Beta(0.05, 50.0)
OWNERS: Final = Owners(
    known=Trait(0.3, _ANY_SHARE, 1 / 4000, _ANY_SHARE, 1 / 4000, _STRAY),
    unknown=Trait(0.3, _ANY_SHARE, 1 / 100, _ANY_SHARE, 1 / 100, _STRAY),
    honest_pool=0.01,
)
"""3 in 10 campaigns replay; 1 honest account in 2,000 is wrongly mapped, merged or migrated, and 1 in 50 shares
sessions with an unmapped sibling where organisations are unknown. A mix-up involves one other owner; 1 honest case in
100 is spread like a pool (a collection of published transcripts)."""


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        if at["foreign_distinct"] == 0:
            return (
                f"all {whole(at['artefacts_distinct'])} carried reasoning artefacts were its own or its organisation's"
            )
        share = at["foreign_distinct"] / at["artefacts_distinct"]
        text = (
            f"{whole(at['foreign_distinct'])} of {whole(at['artefacts_distinct'])} carried reasoning artefacts "
            f"({percent(share)}) were born under {counted(at['foreign_owners'], 'other owner')}"
        )
        return text if at["owner_known"] > 0 else text + UNMAPPED

    return say


def examine(profile: Profile, config: Config) -> Examined:  # noqa: ARG001  one signature for all
    """Weigh carried artefacts of other owners; one answer an account."""
    carried = profile.column("artefacts_distinct")
    unknown = missing(profile, *DETECTOR.requires)
    gate = Gate(
        (
            (unknown, "the log holds no reasoning artefacts (artefacts_carried), or no index of them was made"),
            (fewer(carried, 1.0), "the account carried no reasoning artefact"),
        )
    )
    able = gate.reason == 0
    distinct, foreign, owners, known = (profile.column(name)[able] for name in DETECTOR.requires)
    weights = OWNERS.interval(np.minimum(foreign, distinct), distinct, owners, known > 0)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="reasoning artefacts of another owner sent back",
    group="provenance",
    needs=("artefacts_carried", "artefacts_born", "account_id", "org_id"),
    reads=("artefacts_distinct", "foreign_distinct", "foreign_owners", "owner_known"),
    requires=("artefacts_distinct", "foreign_distinct", "foreign_owners", "owner_known"),
    weight_model=(
        "Two beta-binomial mixtures over foreign of distinct artefacts carried. 30 % of extracting accounts replay (4 "
        "of the 12 campaigns with a published technique), any share being as likely as any other; 1 honest account in "
        "2,000 does so through a wrong account map, a merger or a migration, 1 in 50 where organisations are unknown; "
        "everybody else shows a stray block at Beta(0.05, 50), 1 in 1,000. Where owners are known the number of other "
        "owners is geometric: each further one has chance 0.8 in a pool, 0.1 after a mix-up, 0.5 among strays; 1 "
        "honest case in 100 is spread like a pool. Low and high: the same over the 90 % Wilson interval of the share."
    ),
    blind_spot=(
        "Campaigns that replay nothing, decode blocks at another provider, or keep birth and replay inside one "
        "organisation; logs without artefacts. Where a block was born before the log begins, its owner is taken to be "
        "who carried it first in the log."
    ),
    benign_twins=(
        "Session migration, context compaction and multi-model routers inside one organisation: same owner, so nothing "
        "is foreign. A pasted public transcript: one stray block among many. A merger or a wrong account map: one "
        "other owner only. A team with many keys and no organisation known: bounded to about 4 bits. A victim whose "
        "old block the copier carried first in this log: one other owner, and gone when earlier logs are read too."
    ),
    would_change=(
        "A map of organisations that puts both accounts under one owner; earlier logs in which the blocks were born "
        "in this account."
    ),
    references=(
        "Panfilov et al. (2026), Stealing reasoning traces, arXiv 2608.09867: blocks are interchangeable across users",
        "Anthropic, threat report of September 2026: replay of thinking signatures across sessions and accounts",
        "OpenAI, report of 30 September 2026: encrypted reasoning copied between conversations",
    ),
    examine=examine,
)
