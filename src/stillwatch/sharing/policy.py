"""What a member lets leave: which traits, of how many accounts, and what may go without somebody looking.

::

    automatic = true                    # what fits goes by itself; without it everything waits
    traits = ["template", "payment"]    # fields by which groups may be matched; all of TRAITS where left out
    identifiers = ["payment:v1"]        # of accounts in those groups, matched as well; none where left out
    share = 0.01                        # at most this share of the accounts behind offers
    accounts = 100                      # so many may always
    automatic_groups = 200              # a share with more groups waits for somebody to look
    tell = true                         # others are told at once what joint campaigns carry now
    collection = "Campaigns"            # where; the only one that may be written to where left out
    tlp = "amber"                       # how it is marked

A key that is not known is refused: a misspelt limit is no limit.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.kinds import KINDS, TRAIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.model.offer import Offer

TRAITS: Final = (
    "template",
    "user_agent",
    "ja4",
    "referral",
    "network",
    "payment",
    "card_bin",
    "email_domain",
    "email_class",
    "signup_hour",
    "signup_day",
    "artefact",
    "hours",
)
"""Fields by which groups come together."""
IDENTIFIERS: Final = tuple(one.name for one in KINDS if one.name != TRAIT and one.bands == 1)
"""Kinds of identifiers that may leave."""
SKETCHED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"template": ("slot_key", "slot_count")})
"""Cells of a sketch that hold what a trait is made of; they stay empty where the trait may not leave."""
LEVELS: Final = ("clear", "green", "amber", "amber-strict", "red")
"""Levels of TLP 2.0."""


@dataclass(frozen=True, slots=True)
class SharingPolicy:
    """What may leave."""

    automatic: bool = False
    """Whether what fits leaves without somebody looking."""
    traits: frozenset[str] = frozenset(TRAITS)
    """Fields that groups may be matched by; others never leave."""
    identifiers: frozenset[str] = frozenset()
    """Kinds of identifiers of accounts in offered groups that are matched as well; none unless they are named."""
    share: float = 0.01
    """Most accounts behind all offers, as a share of all (0 to 1)."""
    accounts: int = 100
    """So many accounts may always."""
    automatic_groups: int = 200
    """Most groups of a share that leaves by itself."""
    tell: bool = False
    """Whether others are told at once of new tags of a joint campaign that is reported as extraction."""
    collection: str = ""
    """Title or id of the collection that they are told in; "" where there is one only."""
    tlp: str = "amber"
    """Level of TLP 2.0 of what is told."""

    def waits(self, offers: Sequence[Offer]) -> str:
        """Say why a share waits for somebody to look, "" where it may go."""
        if not self.automatic:
            return "the policy lets nothing leave by itself"
        if len(offers) > self.automatic_groups:
            return f"{len(offers)} groups are more than the {self.automatic_groups} that may leave by themselves"
        return ""

    def trimmed(self, offers: Sequence[Offer]) -> tuple[Offer, ...]:
        """Leave out traits that may not leave, from tags and sketches, and groups that have no others."""
        hidden = {cell for trait, cells in SKETCHED.items() if trait not in self.traits for cell in cells}
        kept = (
            dataclasses.replace(
                one,
                tags=tuple(tag for tag in one.tags if tag.kind in self.traits),
                sketch={name: np.zeros_like(cells) if name in hidden else cells for name, cells in one.sketch.items()},
            )
            for one in offers
        )
        return tuple(one for one in kept if one.tags)


def read_policy(told: Mapping[str, Any]) -> SharingPolicy:
    """Read a policy as it stands in a file.

    Raises
    ------
    InputError
        A key is not known, or a value makes no sense.
    """
    known = {one.name for one in dataclasses.fields(SharingPolicy)}
    strange = sorted(set(told) - known)
    if strange:
        raise InputError(f"{strange[0][:40]!r} is no part of a sharing policy; known are {', '.join(sorted(known))}")
    traits = told.get("traits", list(TRAITS))
    if not isinstance(traits, list) or not all(isinstance(one, str) and one in TRAITS for one in traits):
        raise InputError(f"traits are a list of {', '.join(TRAITS)}")
    kinds = told.get("identifiers", [])
    if not isinstance(kinds, list) or not all(isinstance(one, str) and one in IDENTIFIERS for one in kinds):
        raise InputError(f"identifiers are a list of {', '.join(IDENTIFIERS)}")
    numbers = {"accounts": (int, 0), "automatic_groups": (int, 0), "share": ((int, float), 0)}
    for name, (kind, least) in numbers.items():
        value = told.get(name, least)
        if isinstance(value, bool) or not isinstance(value, kind) or value < least:  # type: ignore[arg-type]
            raise InputError(f"{name} is a number from 0")
    if not 0 <= told.get("share", 0.0) <= 1:
        raise InputError("share lies between 0 and 1")
    for name in ("automatic", "tell"):
        if not isinstance(told.get(name, False), bool):
            raise InputError(f"{name} is true or false")
    if not isinstance(told.get("collection", ""), str) or told.get("tlp", "amber") not in LEVELS:
        raise InputError(f"collection is a title, and tlp one of {', '.join(LEVELS)}")
    return SharingPolicy(**{**told, "traits": frozenset(traits), "identifiers": frozenset(kinds)})
