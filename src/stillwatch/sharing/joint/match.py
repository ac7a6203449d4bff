"""Offers of several providers, matched by what their groups share, and joined where all of it together is no chance.

::

    tags      equal at two providers or more -> one e-value over all providers, the silent ones included
    rate      e-BH over every matched tag: holds however tags depend on each other
    support   without the provider that says most, something must be left: no single one makes a campaign of nothing
    joint     tags that pass and that belong together are one campaign

A tag is what a group was made by; its e-value tests everything else. Pairs of groups are never written down.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.campaign import HARVEST_BITS
from stillwatch.statistics.evalues import discovered, joined, without_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stillwatch.model.offer import Offer, TagEvidence

ALPHA: Final = 1e-3
"""False-discovery rate of matched tags."""
SUPPORT_LOG_E: Final = math.log(20.0)
"""Evidence that has to be left without the provider that says most (ln e)."""
MOST_TAGS: Final = 64
"""Tags that pass of one group, from which it says nothing of which of them belong together."""
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
    passing = np.flatnonzero(discovered(log_e, alpha) & (rest >= SUPPORT_LOG_E)).tolist()
    made: dict[tuple[tuple[int, str], ...], Matched] = {}
    for mine in _together(tags, passing, offered):
        best = max(mine, key=lambda at: float(log_e[at]))
        parts = tuple(
            sorted({(who, name) for at in mine for who, groups in tags[at].held.items() for name, _ in groups})
        )
        one = Matched(parts, len(mine), float(log_e[best]), float(rest[best]), _layers(tags[best], providers))
        made[parts] = max(made.get(parts, one), one, key=lambda each: each.log_e)
    return tuple(sorted(made.values(), key=lambda one: (-one.log_e, one.parts)))


def _together(tags: Sequence[_Tag], passing: Sequence[int], offered: Sequence[Sequence[Offer]]) -> Iterable[list[int]]:
    """Put tags together that groups of two providers hold together.

    On the word of one provider only what looks like a harvest to everybody else who holds it: nobody can tie a class or
    an office of others to a campaign. A group with very many tags that pass ties nothing, however it came to them.
    """
    harvest = {
        (provider, one.name): math.fsum(line.bits for line in one.lines if line.says == "harvest")
        for provider, offers in enumerate(offered)
        for one in offers
    }

    def looks_so(at: int, but: int) -> bool:
        held = tags[at].held.items()
        return all(harvest[who, name] >= HARVEST_BITS for who, groups in held if who != but for name, _ in groups)

    of_group: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at in passing:
        for provider, groups in tags[at].held.items():
            for name, _ in groups:
                of_group[provider, name].append(at)
    seen: dict[tuple[int, int], int] = {}
    root = {at: at for at in passing}
    for (provider, _), mine in sorted(of_group.items()):
        alone = {at: looks_so(at, provider) for at in mine}
        for pair in itertools.combinations(mine, 2) if len(mine) <= MOST_TAGS else ():
            two = seen.setdefault(pair, provider) != provider
            if two or (alone[pair[0]] and alone[pair[1]]):
                root[_top(root, pair[1])] = _top(root, pair[0])
    whole: dict[int, list[int]] = defaultdict(list)
    for at in passing:
        whole[_top(root, at)].append(at)
    return whole.values()


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


def _top(root: dict[int, int], at: int) -> int:
    while root[at] != at:
        root[at] = root[root[at]]
        at = root[at]
    return at
