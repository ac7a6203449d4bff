"""Whether the campaign is reported as extraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.language.fields import Word
from stillwatch.policy.language.kinds import Truth
from stillwatch.policy.reasoning.sets import Spans
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.verdict import Answer
    from stillwatch.policy.reasoning.sets import Values

REPORTED: Final = Variable("campaign_reported", low=0.0, high=1.0, whole=True)
"""The quantity: 1 where the campaign is reported as extraction."""


@dataclass(frozen=True, slots=True)
class CampaignReported:
    """Whether the account is in a campaign that is reported as extraction, and not only coordinated."""

    asked: bool = True
    """False asks for a campaign that is not reported."""

    def truth(self, dossier: Dossier) -> bool | None:
        """Say whether it holds; None where the account is in no campaign."""
        return None if dossier.campaign is None else dossier.campaign.extracting == self.asked

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        campaign = dossier.campaign
        if campaign is None:
            return NotMet(str(self), "the account is in no campaign", unknown=True)
        said = "reported as extraction" if campaign.extracting else "coordinated and not reported as extraction"
        fact = f"campaign {campaign.name} of {campaign.accounts:,} accounts is {said}"
        return Met(str(self), fact) if campaign.extracting == self.asked else NotMet(str(self), fact)

    def variable(self) -> Variable:
        """Name the quantity."""
        return REPORTED

    def met_by(self) -> Values:
        """Give the value that meets it."""
        return Spans(((float(self.asked), float(self.asked)),))

    def words(self) -> str:
        """Say it in plain words."""
        return f"the account is in a campaign that is {'' if self.asked else 'not '}reported as extraction"

    def __str__(self) -> str:
        """Write it as the terms do."""
        return f"campaign_reported: {'true' if self.asked else 'false'}"


def _build(read: Any) -> CampaignReported:  # noqa: ANN401
    return CampaignReported(bool(read))


WORD: Final = Word(
    "campaign_reported",
    Truth(),
    "Whether the campaign of the account is reported as extraction. One that is only coordinated says nothing.",
    "The account is in no campaign.",
    _build,
    ("campaign_reported: true",),
)
