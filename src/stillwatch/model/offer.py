"""What one provider may offer to others of a group it could not decide about, and what came of all of them together.

No account, no prompt, no name of a customer stands in it. A tag says what the members share, in a form in which equal
things are equal and nothing can be read back; everything counted is in buckets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.campaign import HARVEST_BITS, LIKELY

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.model.campaign import Line


MOST_LOG_E: Final = math.log(1e6)
"""Most that one provider may say of one tag (ln e): nobody decides alone."""


@dataclass(frozen=True, slots=True)
class TagEvidence:
    """One thing that the members of a group share, and what their other traits say of it."""

    kind: str
    """Field, such as ``template`` or ``payment``."""
    value: bytes
    """The shared value: opaque, equal wherever the same thing is shared."""
    log_e: float
    """ln e of two kinds of evidence beside it, against accounts that share this and nothing else."""
    layers: Mapping[str, float]
    """Layer -> ln e of that layer alone."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One candidate group."""

    name: str
    """Group, as its provider calls it; means nothing to others."""
    accounts: int
    """Members, rounded to a power of two."""
    tags: tuple[TagEvidence, ...]
    """What they share."""
    lines: tuple[Line, ...]
    """Evidence for and against extraction, given one operator."""
    operator_bits: float
    """log2 odds of one operator without the evidence that the tags carry."""
    sketch: Mapping[str, NDArray[np.generic]]
    """Coarse sketch of all their requests as one account's, scaled to a rounded number of requests."""

    @property
    def nbytes(self) -> int:
        """Bytes of all that is in it, about."""
        tags = sum(len(one.kind) + len(one.value) + 8 + 9 * len(one.layers) for one in self.tags)
        return 16 + tags + 9 * len(self.lines) + sum(cells.nbytes for cells in self.sketch.values())


@dataclass(frozen=True, slots=True)
class JointCampaign:
    """One campaign that several providers see a part of."""

    name: str
    """Stable id, made of its parts."""
    parts: tuple[tuple[int, str], ...]
    """(provider, its name of the group)."""
    log_e: float
    """ln e that the parts are one, of the strongest tag."""
    log_e_rest: float
    """The same without the provider that says most: would it stand if that one lied?"""
    layers: Mapping[str, float]
    """Layer -> ln e over the providers."""
    lines: tuple[Line, ...]
    """Evidence for and against extraction, given one operator."""
    one_operator: float
    """Chance that one operator stands behind it, 0 to 1."""
    extraction: float
    """Chance that the operator extracts, given that there is one, 0 to 1."""
    first_ms: int = -1
    """Day on which the first part was first seen (ms since 1970)."""
    standing: tuple[tuple[int, str], ...] = ()
    """Parts that are in a campaign that extracts without any one other provider, too: nobody's word alone did it."""

    @property
    def providers(self) -> int:
        """Count the providers that see a part."""
        return len({provider for provider, _ in self.parts})

    @property
    def extracting(self) -> bool:
        """Whether it is reported as extraction, by the same bounds as a campaign at one provider."""
        harvest = math.fsum(line.bits for line in self.lines if line.says == "harvest")
        return self.one_operator >= LIKELY and self.extraction >= LIKELY and harvest >= HARVEST_BITS
