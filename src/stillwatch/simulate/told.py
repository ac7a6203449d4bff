"""What the truth says of the accounts of a persona, a crowd or a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from stillwatch.simulate.campaigns.spec import Campaign
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.crowds.spec import Crowd
    from stillwatch.simulate.personas.persona import Persona
    from stillwatch.simulate.stage import Ints

OPERATED: Final = frozenset({"subaccounts", "benign_distillers", "company_team", "agency"})
"""Kinds of crowds whose groups are one hand's each."""


@dataclass(frozen=True, slots=True)
class Told:
    """The truth of some accounts."""

    persona: str
    """What they are."""
    extracting: bool
    """Whether they copy the model against its terms."""
    operator: pa.Array
    """Who runs each, or null for its own owner; shape (accounts,)."""
    campaign: pa.Array
    """Its campaign, or null; shape (accounts,)."""
    crowd: pa.Array
    """Its honest group, or null; shape (accounts,)."""


def _groups(name: str, number: Ints, *, alone: bool) -> pa.Array:
    """Name groups; those of one account only where asked for."""
    named = alone | (np.bincount(number)[number] > 1)
    _, at = np.unique(number[named], return_inverse=True)
    names = pc.binary_join_element_wise(pa.scalar(name), pa.array(at + 1).cast(pa.string()), "-")
    place = np.cumsum(named) - 1
    return names.take(pa.array(place, mask=~named))


def of_persona(persona: Persona, cast: Cast) -> Told:
    """Tell of a persona: extracting accounts have an operator and a campaign, honest ones an organisation."""
    nothing = pa.nulls(len(cast.account_id), pa.string())
    if persona.extracting:
        operator = _groups(persona.name, cast.operator, alone=True)
        return Told(
            persona.name, persona.extracting, operator, pc.binary_join_element_wise("campaign", operator, "-"), nothing
        )
    return Told(
        persona.name,
        persona.extracting,
        _groups(persona.name, cast.operator, alone=False),
        nothing,
        _groups(persona.name, cast.group, alone=False),
    )


def of_crowd(crowd: Crowd, cast: Cast) -> Told:
    """Tell of a crowd: its groups are named, and run by one hand where the kind says so."""
    n = len(cast.account_id)
    nothing = pa.nulls(n, pa.string())
    named = nothing if crowd.kind == "independent" else _groups(crowd.called, cast.group, alone=True)
    return Told(
        persona=crowd.kind,
        extracting=False,
        operator=named if crowd.kind in OPERATED else nothing,
        campaign=nothing,
        crowd=named,
    )


def of_campaign(campaign: Campaign) -> Told:
    """Tell of a campaign."""
    n = campaign.accounts
    same = pa.array([campaign.name] * n, pa.string())
    return Told(
        persona=f"hydra_{campaign.technique}",
        extracting=True,
        operator=same,
        campaign=same,
        crowd=pa.nulls(n, pa.string()),
    )
