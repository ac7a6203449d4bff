"""Numbers of the campaign: chances, evidence of harvest, what is left without the strongest evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.language.fields import Field, RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number, OneOf
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier

CampaignNumber: TypeAlias = Literal["belongs", "one_operator", "extraction", "harvest_bits", "log_p_rest"]

_NAMES: Final[dict[CampaignNumber, str]] = {
    "belongs": "the chance that the account belongs to the campaign",
    "one_operator": "the chance that one operator stands behind the campaign",
    "extraction": "the chance that the operator extracts, if there is one",
    "harvest_bits": "the evidence that the campaign harvests in bits",
    "log_p_rest": "ln p of the campaign without its strongest kind of evidence",
}
_INF: Final = math.inf
_ENDS: Final[dict[CampaignNumber, tuple[float, float]]] = {
    "belongs": (0.0, 1.0),
    "one_operator": (0.0, 1.0),
    "extraction": (0.0, 1.0),
    "harvest_bits": (-_INF, _INF),
    "log_p_rest": (-_INF, 0.0),
}
VARIABLES: Final = {name: Variable("campaign", name, low=low, high=high) for name, (low, high) in sorted(_ENDS.items())}
"""Number of a campaign -> the quantity it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignBound(Bounded):
    """One number of the campaign. That accounts act together is no evidence that they extract."""

    number: CampaignNumber
    """Which."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where the account is in no campaign."""
        return math.nan if dossier.campaign is None else float(getattr(dossier.campaign, self.number))

    def missing(self, dossier: Dossier) -> str:
        """Say why it is unknown."""
        return "the account is in no campaign" if dossier.campaign is None else f"{self.named()} was not worked out"

    def named(self) -> str:
        """Name it."""
        return _NAMES[self.number]

    def written(self) -> tuple[str, str]:
        """Give the key and the number."""
        return "campaign", f"number: {self.number}"

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLES[self.number]


def _build(read: dict[str, Any]) -> CampaignBound:
    number: CampaignNumber = read["number"]
    low, high = _ENDS[number]
    given = limits(read)
    if given["least"] > high or given["most"] < low:
        raise ValueError(f"{number} is never there: it lies between {low:g} and {high:g}")
    return CampaignBound(number=number, **given)


_KIND: Final = RecordOf(
    "campaign",
    (
        Field("number", OneOf(get_args(CampaignNumber)), "Which number of the campaign.", required=True),
        *bounds(Number(-1e6, 1e6, "chance 0 to 1, bits, or ln p"), "number"),
    ),
    ("at_least", "at_most"),
)
WORD: Final = Word(
    "campaign",
    _KIND,
    "A number of the campaign that the account belongs to: `belongs`, `one_operator` and `extraction` are chances (0 "
    "to 1), `harvest_bits` is evidence of harvest (bits), `log_p_rest` is ln p without the strongest kind of evidence.",
    "The account is in no campaign.",
    _build,
    ("campaign: {number: belongs, at_least: 0.9}", "campaign: {number: log_p_rest, at_most: -7}"),
)
