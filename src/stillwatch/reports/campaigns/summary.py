"""Campaigns as one JSON document, for ``--json``, ``campaigns.json`` and programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.pseudonym import pseudonym_column
from stillwatch.reports.campaigns.untested import untested
from stillwatch.reports.campaigns.view import said, shown
from stillwatch.reports.tables import number_or_none
from stillwatch.reports.words import clean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.model.campaign import Campaigns, Members
    from stillwatch.reports.campaigns.view import CampaignView

LAYOUT: Final = "stillwatch.campaigns/1"
"""Name and version of the document's layout; a field that changes its meaning raises the version."""
MEMBER_LAYERS: Final = ("product", "place", "money", "rhythm", "artefacts")
"""Layers that members are weighed by, in the order of ``Members.layer_bits``."""


def to_json(campaigns: Campaigns, known: frozenset[str] = frozenset()) -> dict[str, object]:
    """Put campaigns into plain JSON values.

    Parameters
    ----------
    campaigns
        What was found.
    known
        Event fields and account file columns that hold something.

    Returns
    -------
    dict
        Every campaign with its evidence, and its members side by side in arrays. Unknown is null. No clock time and no
        content is in it, so the same input gives the same document.
    """
    seen = shown(campaigns)
    return {
        "layout": LAYOUT,
        "accounts": campaigns.accounts,
        "groups_tested": campaigns.groups,
        "alpha": campaigns.alpha,
        "look": campaigns.look,
        "changes": [
            {"what": what, "campaign": clean(name, 60), "other": clean(other, 60) or None}
            for what, name, other in campaigns.changes
        ],
        "reported": len(seen.reported),
        "coordinated": len(seen.coordinated),
        "left_out": [
            {"field": clean(name, 60), "values": values, "most_common_accounts": accounts}
            for name, values, accounts in campaigns.left_out
        ],
        "ordinary_correlation": {clean(name, 60): number_or_none(value) for name, value in campaigns.spreads},
        "untested_layers": {layer: list(reads) for layer, reads in untested(known)},
        "campaigns": [_campaign(view) for view in seen.views],
    }


def _tens(log_p: float) -> float | None:
    """Give log10 of a p-value from ln p; a p of zero, which none can have, is as small as a number gets."""
    return number_or_none(round(max(log_p, -1e6) / math.log(10.0), 4))


def _campaign(view: CampaignView) -> dict[str, object]:
    campaign = view.source
    return {
        "rank": view.rank,
        "campaign": view.name,
        "reported": view.reported,
        "accounts": view.accounts,
        "events": view.events,
        "tokens_out": view.tokens_out,
        "closed": view.closed,
        "first_seen_ms": _moment(campaign.first_seen_ms),
        "first_ms": _moment(view.first_ms),
        "last_ms": _moment(view.last_ms),
        "one_operator": number_or_none(view.one_operator),
        "extraction_given_one_operator": number_or_none(view.extraction),
        "prior_bits": number_or_none(view.prior_bits),
        "extraction_bits": number_or_none(view.total_bits),
        "harvest_bits": number_or_none(view.harvest_bits),
        "log10_p": _tens(view.log_p),
        "log10_p_without_strongest": _tens(view.log_p_rest),
        "stands_without_strongest": view.stands,
        "q_value": number_or_none(view.q_value),
        "groups": campaign.groups,
        "prompts_distinct": number_or_none(campaign.prompts_distinct),
        "asked_for": {clean(name, 60): number_or_none(share) for name, share in campaign.capabilities},
        "layers": [
            {"layer": one.name, "log10_p": _tens(one.log_p), "role": one.role, "evidence": one.sentence}
            for one in view.layers
        ],
        "lines": [
            {"line": one.name, "says": one.says, "bits": number_or_none(one.bits), "evidence": one.sentence}
            for one in view.lines
        ],
        "explanations": [
            {"explanation": one.name, "fits": one.fits, "reason": said(one.sentence)} for one in view.explanations
        ],
        "members": _members(campaign.members),
    }


def _moment(ms: int) -> int | None:
    return ms if ms >= 0 else None


def _moments(ms: NDArray[np.int64]) -> list[int | None]:
    return [_moment(value) for value in ms.tolist()]


def _members(members: Members) -> dict[str, object]:
    bits = {
        f"{layer}_bits": [number_or_none(value) for value in np.round(members.layer_bits[:, at], 3).tolist()]
        for at, layer in enumerate(MEMBER_LAYERS)
    }
    return {
        "account": pseudonym_column(members.account).to_pylist(),
        **bits,
        "total_bits": [number_or_none(value) for value in np.round(members.total_bits, 3).tolist()],
        "events": members.events.tolist(),
        "tokens_out": members.tokens_out.tolist(),
        "signup_ms": _moments(members.signup_ms),
        "first_ms": _moments(members.first_ms),
        "last_ms": _moments(members.last_ms),
        "closed_ms": _moments(members.closed_ms),
    }
