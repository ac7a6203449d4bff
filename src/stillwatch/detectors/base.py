"""What a detector is, and how it answers for every account at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.finding import Examined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.profile import Profile


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of evidence: what it reads, what it means, where it is blind."""

    name: str
    """Short name, a word or two."""
    title: str
    """What it looks for, in a few words."""
    group: str
    """Dependence group, one of ``combine.GROUPS``."""
    needs: tuple[str, ...]
    """Event fields it reads."""
    reads: tuple[str, ...]
    """Profile columns it reads; all of them unknown is not enough evidence."""
    requires: tuple[str, ...]
    """Those of ``reads`` without any one of which it cannot tell."""
    weight_model: str
    """Where its bits come from, with the rates assumed. None is calibrated."""
    blind_spot: str
    """What it cannot see."""
    benign_twins: str
    """Honest use that looks alike, and what tells it apart."""
    would_change: str
    """What the account or its provider could show that would change the answer."""
    references: tuple[str, ...]
    """Public sources of the indicator and of the rates."""
    examine: Callable[[Profile, Config], Examined]
    """Answer for every account; depends on nothing but its arguments."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Why accounts cannot be judged; the first check that fails is the reason."""

    checks: tuple[tuple[NDArray[np.bool_], str], ...]
    """(accounts that fail, what is missing), in order."""

    @property
    def reason(self) -> NDArray[np.uint8]:
        """Index into ``reasons``, 0 where every check passed."""
        found = np.zeros(self.checks[0][0].shape[0], np.uint8)
        for at, (fails, _) in reversed(list(enumerate(self.checks, 1))):
            found[fails] = at
        return found

    @property
    def reasons(self) -> tuple[str, ...]:
        """Texts, the first empty."""
        return ("", *(text for _, text in self.checks))


def missing(profile: Profile, *names: str) -> NDArray[np.bool_]:
    """Say which accounts lack any of some features."""
    unknown = np.isnan(np.stack([profile.column(name) for name in names]))
    return np.asarray(unknown.any(axis=0), np.bool_)


def fewer(values: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    """Say which values are below a minimum or unknown."""
    return ~(values >= least)


def answer(
    detector: str,
    gate: Gate,
    weights: Sequence[NDArray[np.float64]],
    sentence: Callable[[int], str],
    facts: Mapping[str, NDArray[np.float64]],
) -> Examined:
    """Put an answer together.

    Parameters
    ----------
    detector
        Its name.
    gate
        Who can be judged; ``able`` below are the rows it lets through.
    weights
        Weight, low and high in bits for the able rows only, in order.
    sentence
        Row -> evidence sentence.
    facts
        Numbers behind it, for all rows.
    """
    reason = gate.reason
    able = reason == 0
    full = []
    for part in weights:
        column = np.zeros(able.shape[0])
        column[able] = part
        full.append(column)
    weight, low, high = full
    return Examined(
        detector, weight, np.minimum(low, weight), np.maximum(high, weight), reason, gate.reasons, sentence, facts
    )


def withhold(examined: Examined, reason: str) -> Examined:
    """Take back every answer of a detector for one reason, such as a clock that shows no rhythm."""
    zero = np.zeros_like(examined.weight_bits)
    first = np.ones_like(examined.reason)
    return replace(examined, weight_bits=zero, low_bits=zero, high_bits=zero, reason=first, reasons=("", reason))
