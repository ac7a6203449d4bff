"""Groups that share a rare template: pieces of system text, head and tail that few accounts send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.groups import PRODUCT, Groups, gathered, no_groups
from stillwatch.coordination.shared import Left, collapsed, grouped, packed
from stillwatch.sketches.layout import EMPTY_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stillwatch.sketches.layout import Arrays

_PASSES = 8
_32 = np.uint64(32)


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


def pieces_of(arrays: Arrays) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.bool_]]]:
    """Give the piece columns of the state: (n, k) pieces, and which are there."""
    for name in ("sample_system", "sample_head", "sample_tail"):
        column: NDArray[np.uint32] = getattr(arrays, name)
        yield column, column != EMPTY_ID
    yield (arrays.slot_key >> _32).astype(np.uint32), arrays.slot_rank != EMPTY_ID


def piece_pairs(arrays: Arrays, share: int, shares: int) -> NDArray[np.uint64]:
    """Pack one share of all (piece, account) pairs, sorted; shares divide the pieces, not the accounts."""
    parts = []
    for column, there in pieces_of(arrays):
        chosen = there & (column % np.uint32(shares) == np.uint32(share))
        account, cell = np.nonzero(chosen)
        parts.append(packed(column[account, cell], account))
    return np.sort(np.concatenate(parts), kind="stable")


def templates(arrays: Arrays) -> Templates:
    """Find the groups that share a rare template.

    Parameters
    ----------
    arrays
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
    shares = max(1, min(_PASSES, len(arrays.key) // 50_000))
    for share in range(shares):
        found, dropped = grouped(piece_pairs(arrays, share, shares), "template", PRODUCT)
        parts.append(found)
        left.append(dropped)
    every = gathered(parts)
    kept, place = collapsed(every)
    order = np.argsort(every.token, kind="stable")
    whole = Left("template", sum(one.values for one in left), max(one.accounts for one in left))
    return Templates(kept, every.token[order].astype(np.uint32), place[order], (whole,) if whole.values else ())
