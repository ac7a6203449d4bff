"""Offers of several providers, matched by what their groups share, and joined where all of it together is no chance.

::

    tags      equal at two providers or more -> one e-value over all providers, the silent ones included
    rate      e-BH over every matched tag: holds however tags depend on each other
    support   without the provider that says most, something must be left: no single one makes a campaign of nothing
    joint     tags that pass and share a group are one campaign

A tag is what a group was made by; its e-value tests everything else. Pairs of groups are never written down.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.statistics.evalues import discovered, joined, without_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stillwatch.model.offer import Offer, TagEvidence

ALPHA: Final = 1e-3
"""False-discovery rate of matched tags."""
SUPPORT_LOG_E: Final = math.log(20.0)
"""Evidence that has to be left without the provider that says most (ln e)."""
MOST_GROUPS: Final = 32
"""Groups of one provider under one tag from which the tag is everybody's and says nothing."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Groups of several providers that are one."""

    parts: tuple[tuple[int, str], ...]
    """(provider, its name of the group), ascending."""
    tags: int
    """Tags that passed."""
    log_e: float
    """ln e of the strongest tag."""
    log_e_rest: float
    """The same without the provider that says most."""
    layers: Mapping[str, float]
    """Layer -> ln e over the providers, of that tag."""

    @property
    def name(self) -> str:
        """Name it after its parts."""
        told = "\n".join(f"{provider} {name}" for provider, name in self.parts)
        return f"j-{hashlib.blake2b(told.encode(), digest_size=5).hexdigest()}"


@dataclass(frozen=True, slots=True)
class _Tag:
    held: Mapping[int, tuple[tuple[str, TagEvidence], ...]]
    """Provider -> its groups with this tag."""

    def log_e(self, providers: int) -> np.ndarray:
        """Give ln e of every provider; of several groups of one the mean, so that many small ones buy nothing."""
        found = np.full(providers, -np.inf)
        for provider, groups in self.held.items():
            values = np.array([one.log_e for _, one in groups])
            found[provider] = float(np.logaddexp.reduce(values)) - math.log(len(values))
        return found


def matched(offered: Sequence[Sequence[Offer]], *, alpha: float = ALPHA) -> tuple[Matched, ...]:
    """Match and join.

    Parameters
    ----------
    offered
        Offers of every provider that takes part, the silent ones included: () for who offers nothing.
    alpha
        False-discovery rate of tags, 0 to 1.

    Returns
    -------
    tuple of Matched
        Most evidence first.

    Notes
    -----
    The rate counts chance as false: accounts that share the tag and nothing else. People who do work together, at
    several providers, honestly, are found as what they are; whether they extract is another question.
    """
    tags = [tag for tag in _tags(offered) if len(tag.held) > 1]
    providers = len(offered)
    each = [tag.log_e(providers) for tag in tags]
    log_e = np.array([joined(one) for one in each])
    rest = np.array([float(without_each(one).min()) for one in each])
    stands = discovered(log_e, alpha) & (rest >= SUPPORT_LOG_E)
    passing = np.flatnonzero(stands).tolist()
    root: dict[tuple[int, str], tuple[int, str]] = {}
    for at in passing:
        first, *others = [(provider, name) for provider, groups in tags[at].held.items() for name, _ in groups]
        for part in others:
            root[_top(root, part)] = _top(root, first)
    whole: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at in passing:
        provider, groups = next(iter(tags[at].held.items()))
        whole[_top(root, (provider, groups[0][0]))].append(at)
    made = []
    for top, mine in whole.items():
        best = max(mine, key=lambda at: float(log_e[at]))
        parts = tuple(sorted(part for part in root if _top(root, part) == top))
        made.append(Matched(parts, len(mine), float(log_e[best]), float(rest[best]), _layers(tags[best], providers)))
    return tuple(sorted(made, key=lambda one: (-one.log_e, one.parts)))


def _tags(offered: Sequence[Sequence[Offer]]) -> Iterable[_Tag]:
    held: dict[tuple[str, bytes], dict[int, list[tuple[str, TagEvidence]]]] = defaultdict(lambda: defaultdict(list))
    for provider, offers in enumerate(offered):
        for offer in offers:
            for one in offer.tags:
                held[one.kind, one.value][provider].append((offer.name, one))
    for _, tag in sorted(held.items()):
        yield _Tag({at: tuple(groups) for at, groups in tag.items() if len(groups) <= MOST_GROUPS})


def _layers(tag: _Tag, providers: int) -> Mapping[str, float]:
    found: dict[str, np.ndarray] = {}
    for provider, groups in tag.held.items():
        for _, one in groups:
            for layer, log_e in one.layers.items():
                values = found.setdefault(layer, np.full(providers, -np.inf))
                values[provider] = max(float(values[provider]), log_e)
    return {layer: joined(values, 1) for layer, values in sorted(found.items())}


def _top(root: dict[tuple[int, str], tuple[int, str]], part: tuple[int, str]) -> tuple[int, str]:
    at = root.setdefault(part, part)
    while root[at] != at:
        root[at] = root[root[at]]
        at = root[at]
    return at
