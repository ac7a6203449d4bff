"""Groups that share a rare template: pieces of system text, head and tail that few accounts send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import PRODUCT, Groups, gathered, no_groups
from stillwatch.coordination.outline import NO_PIECE
from stillwatch.coordination.shared import Left, collapsed, grouped, packed
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable

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


@kernel
def _marked(pieces: np.ndarray, marks: np.ndarray, out: np.ndarray) -> int:
    """List the places in a row of pieces that are marked in a bitmap by their low bits; returns how many.

    Only so many as ``out`` has room for are listed.
    """
    mask, n = np.uint32(marks.shape[0] * 8 - 1), 0
    for i in range(pieces.shape[0]):
        bit = pieces[i] & mask
        if (marks[bit >> np.uint32(3)] >> np.uint8(bit & np.uint32(7))) & np.uint8(1):
            if n < out.shape[0]:
                out[n] = i
            n += 1
    return n


_MARKS: Final = 1 << 22


def pairs_of(outline: Outline, touched: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Pack the (piece, account) pairs of some pieces, sorted: one pass over all, with a bitmap of the wanted ones."""
    marks = np.zeros(_MARKS, np.uint8)
    bit = touched & np.uint32(_MARKS * 8 - 1)
    np.bitwise_or.at(marks, bit >> np.uint32(3), np.uint8(1) << (bit & np.uint32(7)).astype(np.uint8))
    parts = [np.zeros(0, np.uint64)]
    for column in (outline.sample_piece, outline.slot_piece):
        row = column.reshape(-1)
        place = np.zeros(max(row.shape[0] // 8, 1), np.int64)
        found = _marked(row, marks, place)
        if found > place.shape[0]:
            place = np.zeros(found, np.int64)
            _marked(row, marks, place)
        place = place[:found]
        exact = np.isin(row[place], touched) & (row[place] != NO_PIECE)
        parts.append(packed(row[place[exact]], place[exact] // column.shape[1]))
    return np.sort(np.concatenate(parts))


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
    shares = max(1, min(_PASSES, outline.key.shape[0] // 50_000))
    return of_pairs(piece_pairs(outline, share, shares) for share in range(shares))


def of_pairs(shares: Iterable[NDArray[np.uint64]]) -> Templates:
    """Read templates off shares of sorted (piece, account) pairs."""
    parts, left = [no_groups("template")], [Left("template", 0, 0)]
    for pairs in shares:
        found, dropped = grouped(pairs, "template", PRODUCT)
        parts.append(found)
        left.append(dropped)
    every = gathered(parts)
    kept, place = collapsed(every)
    order = np.argsort(every.token, kind="stable")
    whole = Left("template", sum(one.values for one in left), max(one.accounts for one in left))
    return Templates(kept, every.token[order].astype(np.uint32), place[order], (whole,) if whole.values else ())
