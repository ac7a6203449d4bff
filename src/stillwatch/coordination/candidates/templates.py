"""Groups that share a rare template: pieces of system text, head and tail that few accounts send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.groups import PRODUCT, Groups, gathered, no_groups
from stillwatch.coordination.outline import NO_PIECE
from stillwatch.coordination.shared import Left, collapsed, grouped, packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.outline import Outline

_PASSES = 8


@dataclass(frozen=True, slots=True)
class Templates:
    """Candidate groups by template, and the pieces each template is made of."""

    groups: Groups
    """One group a template."""
    piece: NDArray[np.uint32]
    """(p,) pieces of all templates, ascending."""
    template: NDArray[np.int64]
    """(p,) which group each piece belongs to."""
    left: tuple[Left, ...]
    """What was held by too many accounts."""


def piece_pairs(outline: Outline, share: int, shares: int) -> NDArray[np.uint64]:
    """Pack one share of all (piece, account) pairs, sorted; shares divide the pieces, not the accounts."""
    parts = []
    for column in (outline.sample_piece, outline.slot_piece):
        account, cell = np.nonzero((column != NO_PIECE) & (column % np.uint32(shares) == np.uint32(share)))
        parts.append(packed(column[account, cell], account))
    pairs = np.concatenate(parts)
    pairs.sort()
    return pairs


def templates(outline: Outline) -> Templates:
    """Find the groups that share a rare template.

    Parameters
    ----------
    outline
        Sketches of all accounts.

    Returns
    -------
    Templates
        Groups of LEAST to MOST accounts. Pieces with nearly the same accounts are one template.

    Notes
    -----
    O(pieces log pieces) in a few passes over shares of the pieces, so that memory stays bounded. Blind spot: a
    template reworded for every account, or drowned among more than two dozen different prompts.
    """
    parts, left = [no_groups("template")], []
    shares = max(1, min(_PASSES, outline.key.shape[0] // 50_000))
    for share in range(shares):
        found, dropped = grouped(piece_pairs(outline, share, shares), "template", PRODUCT)
        parts.append(found)
        left.append(dropped)
    every = gathered(parts)
    kept, place = collapsed(every)
    order = np.argsort(every.token, kind="stable")
    whole = Left("template", sum(one.values for one in left), max(one.accounts for one in left))
    return Templates(kept, every.token[order].astype(np.uint32), place[order], (whole,) if whole.values else ())
