"""How many different classes of evidence speak against an account: what every clause asks for beside its conditions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final, get_args

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

    A campaign speaks where it is reported as extraction and the account more likely than not belongs to it.
    """
    if evidence_class == "campaign":
        return All((CampaignReported(), CampaignBound(number="belongs", least=LIKELY)))
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
        return {one: _voice(one, self.least_bits, dossier) for one in self.among if one in COUNTABLE}

    def _enough(self, classes: list[EvidenceClass]) -> bool:
        return len(classes) >= self.fewest and max((STRENGTH[one] for one in classes), default=0) >= self.strength

    def truth(self, dossier: Dossier) -> bool | None:
        """Say whether enough speak; None where those that cannot be told could make it enough."""
        if self.fewest <= 0:
            return True
        voices = self._voices(dossier)
        if self._enough([one for one, said in voices.items() if said]):
            return True
        return None if self._enough([one for one, said in voices.items() if said is not False]) else False

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether enough speak, and which."""
        truth = self.truth(dossier)
        if self.fewest <= 0:
            return Met(str(self), "no class of evidence is asked for")
        voices = self._voices(dossier)
        speaking = [one for one, said in voices.items() if said]
        fact = f"{len(speaking)} of {self.fewest} classes of evidence speak" if speaking else "no class speaks"
        fact += f" ({', '.join(speaking)})" if speaking else ""
        if truth:
            return Met(str(self), fact)
        if len(speaking) >= self.fewest:
            fact += f"; none of them is {_word(self.strength)}"
        untold = [one for one, said in voices.items() if said is None]
        fact += f"; nothing can be told of {', '.join(untold)}" if truth is None else ""
        return NotMet(str(self), fact, unknown=truth is None)

    def words(self) -> str:
        """Say it in plain words."""
        if self.fewest <= 0:
            return "no class of evidence need speak against the account"
        kinds = "1 class" if self.fewest == 1 else f"{self.fewest} different classes"
        strong = "" if self.strength <= 1 else f", at least one of them {_word(self.strength)}"
        return f"{kinds} of evidence speak with {plain(self.least_bits)} bits or more ({', '.join(self.among)}){strong}"

    def __str__(self) -> str:
        """Write it as the terms do."""
        parts = f"classes: {self.fewest}, among: [{', '.join(self.among)}], strength: {_word(self.strength)}"
        return f"evidence: {{{parts}, bits: {number(self.least_bits)}}}"


def _word(strength: int) -> str:
    return next(word for word, value in STRENGTHS.items() if value >= strength)


def _voice(evidence_class: EvidenceClass, least_bits: float, dossier: Dossier) -> bool | None:
    if evidence_class != "campaign":
        bits = bits_of(dossier, evidence_class)
        return None if bits != bits else bits >= least_bits  # noqa: PLR0124 - NaN, by far the fastest way
    campaign = dossier.campaign
    if campaign is None:
        return None
    return campaign.extracting and (None if campaign.belongs != campaign.belongs else campaign.belongs >= LIKELY)
