"""A campaign as the few values a page, a terminal or a JSON document shows. Chooses and words; weighs nothing."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.reports.words import clean, count, percent, rare

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.model.campaign import Campaign, Campaigns, Explanation, Line, Says

_LEAST_TENS: Final = -300.0
_WRITTEN_TENS: Final = -4.0
_UNKNOWN: Final = re.compile(r"\bnan\b%?")
UNLIKELY: Final = 0.5
"""Chance of one operator below which a page says that there may be none."""

LAYER_MEANING: Final[Mapping[str, str]] = {
    "product": "template, client program, TLS fingerprint, referral",
    "place": "networks that requests come from",
    "money": "means of payment, card issuer, sign-up address and time",
    "rhythm": "at work in the same slots of a day",
    "shards": "how the topics of one list lie among members",
    "quotas": "how close the volumes of members lie together",
    "life-cycle": "who begins when another is closed",
    "artefacts": "reasoning of one member sent back by another",
}
"""Layer -> what it looks at."""

SAYS_MEANING: Final[Mapping[Says, str]] = {
    "harvest": "Are answers harvested?",
    "hides": "Does an operator hide?",
    "scale": "How large and how much in step?",
    "in favour": "What speaks for the accounts",
}
"""What a line of evidence speaks of -> how its heading says it."""


def chance(log_p: float) -> str:
    """Write a p-value from its natural logarithm.

    Examples
    --------
    >>> chance(math.log(0.04)), chance(-100.0), chance(-2000.0), chance(math.nan)
    ('0.04', '4e-44', 'under 1e-300', 'unknown')
    """
    if math.isnan(log_p):
        return "unknown"
    tens = log_p / math.log(10.0)
    if tens < _LEAST_TENS:
        return "under 1e-300"
    if tens > _WRITTEN_TENS:
        return rare(min(math.exp(log_p), 1.0))
    return f"{math.exp(log_p):.0e}".replace("e-0", "e-")


@dataclass(frozen=True, slots=True)
class LayerView:
    """What one layer says of a campaign."""

    name: str
    """Name of the layer."""
    meaning: str
    """What it looks at; empty where nobody said."""
    sentence: str
    """What was seen."""
    log_p: float
    """ln p; NaN where it was not tested over all members."""
    role: str
    """``tested``, ``brought it together`` or ``not tested``."""

    @property
    def p(self) -> str:
        """The p-value in words; a dash where it was not tested over all members."""
        return "\u2013" if math.isnan(self.log_p) else chance(self.log_p)


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign as it is shown."""

    rank: int
    """Place in the list, from 1."""
    name: str
    """Id."""
    reported: bool
    """Whether it is reported as extraction."""
    accounts: int
    """Members."""
    events: int
    """Requests of all members."""
    tokens_out: int
    """Answer tokens of all members."""
    closed: int
    """Members the provider closed."""
    first_ms: int
    """First request (ms since 1970)."""
    last_ms: int
    """Last request (ms since 1970)."""
    one_operator: float
    """Chance of one operator, 0 to 1."""
    extraction: float
    """Chance of extraction given one operator, 0 to 1."""
    prior_bits: float
    """log2 odds of extraction before its lines."""
    total_bits: float
    """log2 odds of extraction with them."""
    harvest_bits: float
    """Bits of the lines that speak of harvest."""
    layers: tuple[LayerView, ...]
    """Evidence of each layer."""
    lines: tuple[Line, ...]
    """Lines for and against, sentences cleaned."""
    explanations: tuple[Explanation, ...]
    """Honest explanations considered, sentences cleaned."""
    log_p: float
    """ln p of all layers together."""
    log_p_rest: float
    """ln p without the strongest kind."""
    stands: bool
    """Whether it would be found without its strongest evidence."""
    q_value: float
    """Share of false groups if every group up to this one were reported."""
    source: Campaign
    """The campaign itself."""

    @property
    def both(self) -> float:
        """Chance that there is one operator and that it extracts."""
        return self.one_operator * self.extraction

    @property
    def q(self) -> str:
        """The q-value in words."""
        return chance(math.nan if math.isnan(self.q_value) else math.log(max(self.q_value, 1e-320)))

    @property
    def strongest(self) -> LayerView | None:
        """The layer that speaks most, tested ones first."""
        told = [layer for layer in self.layers if not math.isnan(layer.log_p)]
        return min(told, key=lambda layer: (layer.role != "tested", layer.log_p, layer.name), default=None)

    @property
    def fitting(self) -> tuple[Explanation, ...]:
        """Honest explanations that fit."""
        return tuple(one for one in self.explanations if one.fits)

    @property
    def harvest_missing(self) -> bool:
        """Whether the total alone would report it, and only evidence of harvest is missing."""
        return not self.reported and self.extraction >= 0.5


@dataclass(frozen=True, slots=True)
class Shown:
    """All campaigns of a run, as they are shown."""

    views: tuple[CampaignView, ...]
    """Reported ones first."""
    accounts: int
    """Accounts looked at."""
    groups: int
    """Candidate groups tested."""
    alpha: float
    """False-discovery rate."""
    left_out: str
    """What caps left out, in words; empty where nothing."""

    @property
    def reported(self) -> tuple[CampaignView, ...]:
        """Campaigns reported as extraction."""
        return tuple(view for view in self.views if view.reported)

    @property
    def coordinated(self) -> tuple[CampaignView, ...]:
        """Campaigns that are coordinated and not reported."""
        return tuple(view for view in self.views if not view.reported)


def shown(campaigns: Campaigns) -> Shown:
    """Put all campaigns of a run into words.

    Parameters
    ----------
    campaigns
        What was found.

    Returns
    -------
    Shown
        Campaigns reported as extraction first, then by evidence of it.
    """
    order = sorted(campaigns.found, key=lambda one: (not one.extracting, -one.extraction_bits, one.name))
    views = tuple(campaign_view(one, rank, campaigns.alpha) for rank, one in enumerate(order, 1))
    return Shown(views, campaigns.accounts, campaigns.groups, campaigns.alpha, _left_out(campaigns))


def campaign_view(campaign: Campaign, rank: int, alpha: float) -> CampaignView:
    """Gather everything said about one campaign; strings cleaned."""
    members = campaign.members
    bits = [line.bits for line in campaign.lines]
    return CampaignView(
        rank=rank,
        name=clean(campaign.name, 40),
        reported=campaign.extracting,
        accounts=len(members),
        events=campaign.events,
        tokens_out=int(members.tokens_out.sum()),
        closed=int((members.closed_ms >= 0).sum()),
        first_ms=_least(members.first_ms),
        last_ms=int(members.last_ms.max(initial=-1)),
        one_operator=campaign.one_operator,
        extraction=campaign.extraction,
        prior_bits=campaign.extraction_bits - math.fsum(bits),
        total_bits=campaign.extraction_bits,
        harvest_bits=math.fsum(line.bits for line in campaign.lines if line.says == "harvest"),
        layers=tuple(_layer(campaign, at) for at in range(len(campaign.layers))),
        lines=tuple(_cleaned_line(line) for line in campaign.lines),
        explanations=tuple(_cleaned_explanation(one) for one in campaign.explanations),
        log_p=campaign.log_p,
        log_p_rest=campaign.log_p_rest,
        stands=campaign.log_p_rest <= math.log(alpha),
        q_value=campaign.q,
        source=campaign,
    )


def _least(ms: NDArray[np.int64]) -> int:
    return int(ms.min()) if ms.shape[0] else -1


def _layer(campaign: Campaign, at: int) -> LayerView:
    layer = campaign.layers[at]
    untold = math.isnan(layer.log_p)
    role = "tested" if layer.tested else "not tested" if untold else "brought it together"
    meaning = LAYER_MEANING.get(layer.layer, "")
    return LayerView(clean(layer.layer, 40), meaning, said(layer.sentence), layer.log_p, role)


def _cleaned_line(line: Line) -> Line:
    return type(line)(clean(line.name, 60), line.says, line.bits, said(line.sentence))


def _cleaned_explanation(one: Explanation) -> Explanation:
    return type(one)(clean(one.name, 80), one.fits, said(one.sentence))


def said(text: str) -> str:
    """Clean a sentence about a campaign; a number that is not known is said to be unknown.

    Examples
    --------
    >>> said("nan% of the members resell (customers about nan)")
    'an unknown share of the members resell (customers about unknown)'
    """
    return _UNKNOWN.sub(lambda found: "an unknown share" if found[0].endswith("%") else "unknown", clean(text, 600))


def _left_out(campaigns: Campaigns) -> str:
    told = [
        f"{count(values)} of {clean(name, 60).replace('_', ' ')} (the most common held by {count(accounts)} accounts)"
        for name, values, accounts in campaigns.left_out
        if values
    ]
    return "; ".join(told)


def headline(view: CampaignView) -> str:
    """Say in one or two sentences what was found, and what it is not."""
    who = f"{count(view.accounts)} accounts act together beyond chance."
    if view.reported:
        honest = f" But an honest explanation fits too: {view.fitting[0].name}." if view.fitting else ""
        return (
            f"{who} If one operator stands behind them ({percent(view.one_operator)}), what they do together is"
            f" extraction with a chance of {percent(view.extraction)}.{honest}"
        )
    if view.harvest_missing:
        return f"{who} Much speaks for one large or hidden operator, nothing for a harvest: it is not reported."
    if view.fitting:
        return f"{who} An honest explanation fits: {view.fitting[0].name}. Coordination is not abuse."
    return f"{who} No evidence of extraction comes with it. Coordination is not abuse."
