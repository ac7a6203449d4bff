"""How many different classes of evidence speak against an account: what every clause asks for beside its conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Final, get_args

from stillwatch.model.campaign import HARVEST_BITS
from stillwatch.model.dossier import STRENGTH, EvidenceClass
from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.conditions.base import number, plain
from stillwatch.policy.conditions.campaign.numbers import CampaignBound
from stillwatch.policy.conditions.campaign.reported import CampaignReported
from stillwatch.policy.conditions.evidence.classes import ClassBits, bits_of
from stillwatch.policy.conditions.logic import All, AnyOf

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Clause
    from stillwatch.model.verdict import Answer
    from stillwatch.policy.conditions.logic import Tree

COUNTABLE: Final[tuple[EvidenceClass, ...]] = tuple(one for one in get_args(EvidenceClass) if STRENGTH[one])
"""Classes that can speak of extraction; coordination never does."""
LIKELY: Final = 0.5
"""Chance of belonging to a campaign below which its evidence does not speak against an account: a bystander's."""
STRENGTHS: Final = {"weak": 1, "substantial": 2, "strong": 3}
"""Word of the language -> strength."""


def speaks(evidence_class: EvidenceClass, least_bits: float) -> Tree:
    """Make the condition that one class speaks against the account.

    A campaign speaks where it is reported as extraction, something speaks of harvest, and the account more likely than
    not belongs to it. The second follows from the first where the report is right; nothing else rests on that.
    """
    if evidence_class == "campaign":
        harvest = CampaignBound(number="harvest_bits", least=HARVEST_BITS)
        return All((CampaignReported(), CampaignBound(number="belongs", least=LIKELY), harvest))
    return ClassBits(evidence_class=evidence_class, least=least_bits)


@dataclass(frozen=True, slots=True)
class Speaking:
    """Whether enough different classes speak, one of them strong enough."""

    among: tuple[EvidenceClass, ...]
    """Classes that count; coordination is passed over."""
    fewest: int
    """How many must speak; 0 asks for none."""
    strength: int
    """Strength that one of them must have, 1 to 3."""
    least_bits: float
    """Bits from which a class speaks."""

    @classmethod
    def of(cls, clause: Clause) -> Speaking:
        """Take it out of a clause."""
        among, fewest = clause.least_classes
        return cls(among, fewest, clause.least_strength, clause.least_bits)

    def tree(self) -> Tree:
        """Write it out as conditions on single classes."""
        if self.fewest <= 0:
            return All(())
        counted = [one for one in self.among if one in COUNTABLE]
        enough = [
            All(tuple(speaks(one, self.least_bits) for one in some))
            for some in combinations(counted, self.fewest)
            if max(STRENGTH[one] for one in some) >= self.strength
        ]
        return AnyOf(tuple(enough))

    def _voices(self, dossier: Dossier) -> dict[EvidenceClass, bool | None]:
        return {one: voice(one, self.least_bits, dossier) for one in self.among if one in COUNTABLE}

    def _enough(self, classes: list[EvidenceClass]) -> bool:
        return len(classes) >= self.fewest and max((STRENGTH[one] for one in classes), default=0) >= self.strength

    def _told(self, voices: dict[EvidenceClass, bool | None]) -> bool | None:
        if self.fewest <= 0 or self._enough([one for one, said in voices.items() if said]):
            return True
        return None if self._enough([one for one, said in voices.items() if said is not False]) else False

    def truth(self, dossier: Dossier) -> bool | None:
        """Say whether enough speak; None where those that cannot be told could make it enough."""
        return self._told(self._voices(dossier))

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether enough speak, and which."""
        if self.fewest <= 0:
            return Met(str(self), "no class of evidence is asked for")
        voices = self._voices(dossier)
        truth = self._told(voices)
        speaking = [one for one, said in voices.items() if said]
        said = f"evidence from {' and '.join(speaking)} speaks against the account" if speaking else "no class speaks"
        fact = f"{said}; {_classes(self.fewest)} asked for"
        if truth:
            return Met(str(self), fact)
        if len(speaking) >= self.fewest:
            fact += f", one of them {_word(self.strength)}"
        untold = [one for one, said in voices.items() if said is None]
        fact += f"; nothing can be told of {', '.join(untold)}" if truth is None else ""
        return NotMet(str(self), fact, unknown=truth is None)

    def words(self) -> str:
        """Say it in plain words."""
        if self.fewest <= 0:
            return "no class of evidence need speak against the account"
        strong = "" if self.strength <= 1 else f", at least one of them {_word(self.strength)}"
        some = f"{_classes(self.fewest)} of evidence {'speaks' if self.fewest == 1 else 'speak'}"
        bits = "1 bit" if self.least_bits == 1 else f"{plain(self.least_bits)} bits"
        return f"{some} with {bits} or more ({', '.join(self.among)}){strong}"

    def __str__(self) -> str:
        """Write it as the terms do."""
        return _spelt(self)


@lru_cache(maxsize=1024)
def _spelt(evidence: Speaking) -> str:
    parts = f"classes: {evidence.fewest}, among: [{', '.join(evidence.among)}], strength: {_word(evidence.strength)}"
    return f"evidence: {{{parts}, bits: {number(evidence.least_bits)}}}"


def _classes(number: int) -> str:
    return "1 class" if number == 1 else f"{number} different classes"


def _word(strength: int) -> str:
    return next(word for word, value in STRENGTHS.items() if value >= strength)


def voice(evidence_class: EvidenceClass, least_bits: float, dossier: Dossier) -> bool | None:
    """Say whether a class speaks against an account; None where that cannot be told. As :func:`speaks`, but quick."""
    if evidence_class == "campaign":
        return campaign_speaks(dossier)
    bits = bits_of(dossier, evidence_class)
    return bits >= least_bits if math.isfinite(bits) else None


def campaign_speaks(dossier: Dossier) -> bool | None:
    """Say whether the campaign speaks against the account; None where that cannot be told."""
    campaign = dossier.campaign
    if campaign is None:
        return None
    if not campaign.extracting or campaign.belongs < LIKELY or campaign.harvest_bits < HARVEST_BITS:
        return False
    return True if math.isfinite(campaign.belongs) and math.isfinite(campaign.harvest_bits) else None
