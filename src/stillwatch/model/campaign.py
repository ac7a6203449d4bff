"""A campaign: accounts that were found to work together, judged as one entity, with the evidence for and against.

It is an observation. That one operator stands behind the accounts is one statement, that the operator extracts is
another, and only the second may ever matter to a clause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Says: TypeAlias = Literal["harvest", "hides", "scale", "in favour"]
"""What a line of evidence speaks of: that answers are harvested, that an operator hides, how large and even the work
is, or an honest explanation."""


@dataclass(frozen=True, slots=True)
class LayerEvidence:
    """What one layer says of the whole group."""

    layer: str
    """Name of the layer."""
    log_p: float
    """ln p against chance and ordinary groups; NaN where it was not tested."""
    tested: bool
    """False where the layer brought the group together, so that it is shown and not counted."""
    sentence: str
    """One sentence with numbers; no content, no raw identifier."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of evidence for or against extraction, given one operator."""

    name: str
    """Short name."""
    says: Says
    """What it speaks of."""
    bits: float
    """log2 likelihood ratio; negative speaks for the accounts."""
    sentence: str
    """One sentence with numbers."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An honest explanation that was considered."""

    name: str
    """Such as ``a class`` or ``customers of one product``."""
    fits: bool
    """Whether it would explain what was seen."""
    sentence: str
    """Why it does or does not."""


@dataclass(frozen=True, slots=True)
class Members:
    """Accounts of a campaign, in columns; row i is one account."""

    account: NDArray[np.int64]
    """(m,) pseudonyms, ascending."""
    layer_bits: NDArray[np.float64]
    """(m, 5) what it shares with the others by product, place, money, rhythm and artefacts (bits)."""
    total_bits: NDArray[np.float64]
    """(m,) log2 odds that it belongs; the chance is 1 / (1 + 2^-total)."""
    events: NDArray[np.int64]
    """(m,) requests."""
    tokens_out: NDArray[np.int64]
    """(m,) answer tokens."""
    first_ms: NDArray[np.int64]
    """(m,) first request (ms since 1970)."""
    last_ms: NDArray[np.int64]
    """(m,) last request (ms since 1970)."""
    signup_ms: NDArray[np.int64]
    """(m,) sign-up (ms since 1970), -1 where unknown."""
    closed_ms: NDArray[np.int64]
    """(m,) closing by the provider (ms since 1970), -1 where none."""
    plan: NDArray[np.int64]
    """(m,) number of the plan, 0 where unknown."""

    def __len__(self) -> int:
        """Count the members."""
        return int(self.account.shape[0])


@dataclass(frozen=True, slots=True)
class Campaign:
    """One entity."""

    name: str
    """Stable id, such as ``c-3f9a01c2``."""
    members: Members
    """Its accounts."""
    layers: tuple[LayerEvidence, ...]
    """Evidence of each layer over the final members."""
    log_p: float
    """ln p of all layers together."""
    log_p_rest: float
    """ln p without the strongest kind of evidence: would it stand on the others?"""
    q: float
    """q-value: share of false groups if every group up to this one were reported."""
    lines: tuple[Line, ...]
    """Evidence for and against extraction, given one operator."""
    one_operator: float
    """Chance that one operator stands behind the accounts, 0 to 1."""
    extraction: float
    """Chance that the operator extracts, given that there is one, 0 to 1."""
    extraction_bits: float
    """log2 odds of that, before calibration."""
    explanations: tuple[Explanation, ...]
    """Honest explanations considered."""
    prompts_distinct: float
    """Different prompts of all members together (estimate)."""
    capabilities: tuple[tuple[str, float], ...]
    """What is asked for, by topic or family of phrases, as shares of requests, largest first."""
    groups: int
    """Validated groups it was made of."""
    first_seen_ms: int = -1
    """When a run first found it (ms since 1970), -1 where no history is kept."""

    @property
    def extracting(self) -> bool:
        """Whether it is reported as extraction: one operator likely, extraction likely, and evidence of harvest."""
        harvest = sum(line.bits for line in self.lines if line.says == "harvest")
        return self.one_operator >= LIKELY and self.extraction >= LIKELY and harvest >= HARVEST_BITS

    @property
    def events(self) -> int:
        """Requests of all members."""
        return int(self.members.events.sum())


LIKELY: float = 0.5
"""Chance of one operator, and of extraction given one, from which a campaign is reported."""
HARVEST_BITS: float = 1.0
"""Evidence of harvest, at least, without which no campaign is called extraction (bits): hiding is not extracting."""


@dataclass(frozen=True, slots=True)
class Campaigns:
    """All campaigns of one run, and what the run left out."""

    found: tuple[Campaign, ...]
    """Campaigns, most evidence of extraction first."""
    accounts: int
    """Accounts looked at."""
    groups: int
    """Candidate groups tested."""
    alpha: float
    """False-discovery rate."""
    left_out: tuple[tuple[str, int, int], ...]
    """What caps left out: field, values held by too many accounts, accounts that hold the most common one."""
    spreads: tuple[tuple[str, float], ...]
    """Field -> correlation of members of ordinary groups, as measured here."""
    elapsed_s: float
    """Wall time of the run."""
    look: int = 1
    """Which look at these accounts it was, from 1; the rate is shared out over looks."""
    changes: tuple[tuple[str, str, str], ...] = ()
    """What became of names since the last run: (new, split, merged or gone; name; other name)."""
