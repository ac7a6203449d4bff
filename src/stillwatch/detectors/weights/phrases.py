"""Weights of phrase families: how many of an account's prompts ask in some way, never in which words.

Families of one subject depend on each other: whoever asks for hidden reasoning also argues with
filters. So the strongest family of an account counts, the others add a fraction of themselves up to a
bound, and nothing is ever summed. A family that was not seen takes nothing from one that was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.detectors.base import Gate, answer, fewer
from stillwatch.detectors.weights.alike import alike
from stillwatch.detectors.weights.trait import Beside, Trait
from stillwatch.detectors.weights.words import percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NEEDS: Final = ("prompt", "system")
"""Event fields in which phrases are sought."""
_NOTHING: Final = Beside()


@dataclass(frozen=True, slots=True)
class Family:
    """One family of phrases and what its rate says."""

    column: str
    """Profile column: share of prompts that belong to it, 0 to 1."""
    trait: Trait
    """Rates among extracting and among honest accounts."""
    asks: str
    """What such prompts do, after "of 900 prompts 30 (3.3 %)"."""


class Interval(NamedTuple):
    """Weights of some accounts in bits; -inf where a family is unknown."""

    weight: NDArray[np.float64]
    """Shape (n,)."""
    low: NDArray[np.float64]
    """Shape (n,)."""
    high: NDArray[np.float64]
    """Shape (n,)."""


def weigh_family(profile: Profile, able: NDArray[np.bool_], family: Family, beside: Beside = _NOTHING) -> Interval:
    """Weigh one family by itself.

    Parameters
    ----------
    profile
        All accounts.
    able
        Those to weigh; their ``prompts_known`` is above 0.
    family
        What to weigh.
    beside
        What else was seen with it, one value an able account.
    """
    share, prompts = profile.column(family.column)[able], profile.column("prompts_known")[able]
    known = ~np.isnan(share)
    found = np.rint(np.where(known, share, 0.0) * prompts)
    rows, kind = alike(found, prompts, *(part for part in beside if isinstance(part, np.ndarray)))
    kinds = Beside(*(part[rows] if isinstance(part, np.ndarray) else part for part in beside))
    parts = family.trait.interval(found[rows], prompts[rows], kinds)
    return Interval(*(np.where(known, part[kind], -np.inf) for part in parts))


def _join(parts: Sequence[NDArray[np.float64]], fraction: float, most: float) -> NDArray[np.float64]:
    stacked = np.stack(parts)
    strongest = stacked.max(axis=0)
    others = np.maximum(stacked, 0.0).sum(axis=0) - np.maximum(strongest, 0.0)
    return np.asarray(strongest + np.minimum(fraction * others, most))


def join(parts: Sequence[Interval], *, fraction: float, most: float) -> Interval:
    """Let the strongest of several dependent families count, and the others a little.

    Parameters
    ----------
    parts
        One for each family; at least one is known for every account.
    fraction
        How much of what the other families say against an account is added, 0 to 1.
    most
        Most that they add together (bits).

    Notes
    -----
    Never falls when a part rises, so that the ends of the intervals are joined as the weights are.
    """
    return Interval(*(_join(ends, fraction, most) for ends in zip(*parts, strict=True)))


def phrase_gate(profile: Profile, config: Config, families: Sequence[Family]) -> Gate:
    """Say whose prompts cannot be judged: no text, too few of them, or no family was sought."""
    prompts = profile.column("prompts_known")
    unsought = np.isnan(np.stack([profile.column(family.column) for family in families])).all(axis=0)
    return Gate(
        (
            (fewer(prompts, 1.0), "the log holds no prompt text, so what is asked for is unknown"),
            (fewer(prompts, config.min_events), f"fewer than {config.min_events} prompts, too few for a rate"),
            (np.asarray(unsought, np.bool_), "the families of phrases were not sought when the log was read"),
        )
    )


def phrase_sentence(profile: Profile, families: Sequence[Family], *, none: str) -> Callable[[int], str]:
    """Write how many prompts belong to each family; ``none`` is said where no prompt does."""

    def say(row: int) -> str:
        prompts = float(profile.column("prompts_known")[row])
        shares = [(float(profile.column(family.column)[row]), family.asks) for family in families]
        parts = [f"{whole(share * prompts)} ({percent(share)}) {asks}" for share, asks in shares if share > 0]
        return f"of {whole(prompts)} prompts {'; '.join(parts) if parts else none}"

    return say


def examine_families(
    detector: str,
    profile: Profile,
    config: Config,
    families: Sequence[Family],
    *,
    none: str,
    fraction: float = 0.5,
    most: float = 1.0,
) -> Examined:
    """Weigh dependent families and answer for every account: the strongest counts, the others a little.

    Parameters
    ----------
    detector
        Its name.
    profile
        All accounts.
    config
        Fewest prompts.
    families
        What to weigh.
    none
        What the sentence says where no prompt belongs to any.
    fraction, most
        As in ``join``.
    """
    gate = phrase_gate(profile, config, families)
    able = gate.reason == 0
    weights = join([weigh_family(profile, able, family) for family in families], fraction=fraction, most=most)
    facts = {name: profile.column(name) for name in ("prompts_known", *(family.column for family in families))}
    return answer(detector, gate, weights, phrase_sentence(profile, families, none=none), facts)
