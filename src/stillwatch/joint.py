"""A hall: from the offers of several providers to joint campaigns. Nobody's accounts are here, or their prompts.

::

    matched = matched(offers)                 what is one, by tags and evidence
    whole   = unions(sketches)                all parts as one account
    lines   = heard(whole) + means of parts   does the operator extract?

Lines are those that are left without the provider that says most, so that one that lies makes nobody's accounts
extract.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.campaigns import heard_together
from stillwatch.coordination.describe import probability
from stillwatch.coordination.extraction import PRIOR_BITS, asked_lines
from stillwatch.coordination.operator import beyond_chance
from stillwatch.engine.union import unions
from stillwatch.features.assemble import profile
from stillwatch.model.campaign import Line
from stillwatch.model.offer import JointCampaign
from stillwatch.offers import FIELDS
from stillwatch.sharing.joint.match import ALPHA, matched
from stillwatch.sketches.layout import allocate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.config import Config
    from stillwatch.model.offer import Offer
    from stillwatch.sharing.joint.match import Matched
    from stillwatch.sketches.layout import Arrays

_READ_ANEW: Final = ("workload", "artefacts", "size")
_PAYER: Final = "one payer"
_OPERATOR_BITS: Final = (8.0, 4.0)
"""Most that one part may say against and for one operator (bits)."""


def joint_campaigns(
    offered: Sequence[Sequence[Offer]], config: Config, *, alpha: float = ALPHA
) -> tuple[JointCampaign, ...]:
    """Find joint campaigns.

    Parameters
    ----------
    offered
        Offers of every provider that takes part.
    config
        Prior, threshold and caps.
    alpha
        False-discovery rate of matched tags, 0 to 1.

    Returns
    -------
    tuple of JointCampaign
        Most evidence that the parts are one first.

    Notes
    -----
    *Standing* is found by leaving each provider out and joining all others anew. Whatever one provider says, a part of
    another that stands would be found without it. Costs one joining for each provider that offers anything.
    """
    found = _found(offered, config, alpha)
    if not any(one.extracting for one in found):
        return found
    standing = _extracting(found)
    for out, offers in enumerate(offered):
        if offers:
            without = _extracting(_found([() if at == out else one for at, one in enumerate(offered)], config, alpha))
            standing &= without | {part for part in standing if part[0] == out}
    return tuple(replace(one, standing=tuple(part for part in one.parts if part in standing)) for one in found)


def _found(offered: Sequence[Sequence[Offer]], config: Config, alpha: float) -> tuple[JointCampaign, ...]:
    by_name = [{offer.name: offer for offer in offers} for offers in offered]
    return tuple(
        _described(one, [by_name[provider][name] for provider, name in one.parts], config)
        for one in matched(offered, alpha=alpha)
    )


def _extracting(found: Sequence[JointCampaign]) -> set[tuple[int, str]]:
    return {part for one in found if one.extracting for part in one.parts}


def _described(one: Matched, parts: Sequence[Offer], config: Config) -> JointCampaign:
    lines = min((_lines(some, config) for some in _without_each(one, parts)), key=_bits)
    # Every part counts the same and within bounds: one operator alone accuses nobody.
    operator = float(np.clip([part.operator_bits for part in parts], -_OPERATOR_BITS[0], _OPERATOR_BITS[1]).mean())
    return JointCampaign(
        name=one.name,
        parts=one.parts,
        log_e=one.log_e,
        log_e_rest=one.log_e_rest,
        layers=one.layers,
        lines=lines,
        one_operator=probability(operator + beyond_chance(-one.log_e)),
        extraction=probability(PRIOR_BITS + _bits(lines)),
        first_ms=min(int(part.sketch["first_ms"]) for part in parts),
    )


def _bits(lines: Sequence[Line]) -> float:
    return math.fsum(line.bits for line in lines)


def _without_each(one: Matched, parts: Sequence[Offer]) -> list[list[Offer]]:
    """Leave out each provider in turn: nobody alone can say of others' accounts that they extract."""
    who = [provider for provider, _ in one.parts]
    return [[part for part, held in zip(parts, who, strict=True) if held != out] for out in sorted(set(who))]


def _lines(some: Sequence[Offer], config: Config) -> tuple[Line, ...]:
    heard = heard_together(profile(unions([_rows(some)]), 1, None, None), config)[0]
    weight = np.array([part.accounts for part in some], np.float64)
    weight /= weight.sum()
    size = _size(sum(part.accounts for part in some))
    return (*asked_lines(heard), size, *_artefacts(some), *_means(some, weight))


def _rows(parts: Sequence[Offer]) -> Arrays:
    rows = allocate(len(parts))
    rows.key[:] = np.arange(1, len(parts) + 1)
    for at, part in enumerate(parts):
        for name in FIELDS:
            getattr(rows, name)[at] = part.sketch[name]
    return rows


def _size(accounts: int) -> Line:
    bits = max(0.0, min(math.log2(accounts / 20.0), 3.0))
    return Line("size", "scale", bits, f"about {accounts} accounts")


def _artefacts(parts: Sequence[Offer]) -> list[Line]:
    found = [line for part in parts for line in part.lines if line.name == "artefacts"]
    return [max(found, key=lambda line: line.bits)] if found else []


def _means(parts: Sequence[Offer], weight: np.ndarray) -> list[Line]:
    """Take the mean of what only members can know, those that say nothing at 0.

    That one card pays for a part is open only where it pays for all parts: a ring of cards looks like that, too.
    """
    payers = [{tag.value for tag in part.tags if tag.kind == "payment"} for part in parts]
    apart = () if set.intersection(*payers) else (_PAYER,)
    held: dict[str, list[tuple[float, Line]]] = defaultdict(list)
    for part, share in zip(parts, weight.tolist(), strict=True):
        for line in part.lines:
            if line.name not in (*_READ_ANEW, *apart):
                held[line.name].append((share, line))
    made = []
    for name, some in held.items():
        bits = math.fsum(share * line.bits for share, line in some)
        made.append(Line(name, some[0][1].says, bits, f"mean of {len(some)} providers: {bits:+.1f} bits"))
    return made
