"""Densest blocks of accounts and traits, common traits discounted: FRAUDAR, block after block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.campaigns.peers.base import distinct, numbered
from stillwatch.evaluate.campaigns.peers.peel import densest
from stillwatch.evaluate.campaigns.shares import no_groups

if TYPE_CHECKING:
    import pyarrow as pa

    from stillwatch.evaluate.campaigns.shares import Grouping, Shares


@dataclass(frozen=True, slots=True)
class Fraudar:
    """Blocks of accounts and traits with the most weight a node, one after the other.

    An edge to a trait of degree d weighs ``1 / log(d + 5)``. Nodes are removed one by one, always the one that
    loses least weight; of all stages the one with the highest weight a node is the block. Its edges are taken
    out, weights are computed again, and the next block is looked for. An account stays in the first block that
    holds it.

    Notes
    -----
    O(rows log nodes) a block. Blind spot: it always gives ``blocks`` blocks, whatever there is; unrelated groups of
    one density come out as one block; a small campaign is less dense than a large ordinary community.

    References
    ----------
    Hooi, Song, Beutel, Shah, Shin & Faloutsos (2016), FRAUDAR: bounding graph fraud in the face of camouflage; the
    edges of a block are removed before the next one as in the authors' ``detectMultiple``.
    """

    name: str = "fraudar"
    """Short name."""
    title: str = "densest blocks, common traits discounted"
    """What it joins accounts by."""
    reference: str = "FRAUDAR (Hooi et al., KDD 2016)"
    """Where it is described."""
    blocks: int = 50
    """Blocks looked for."""
    least: int = 2
    """Fewest accounts of a group."""

    def __call__(self, shares: Shares, identity: pa.Table | None = None) -> Grouping:
        """Group accounts by dense blocks; the identity table is not looked at."""
        del identity
        if not len(shares.account):
            return no_groups(shares.n_accounts)
        account, trait = distinct(shares.account, shares.trait)
        found = np.full(shares.n_accounts, -1, np.int64)
        for block in range(self.blocks):
            if not len(account):
                break
            rows, columns = densest(account, trait, shares.n_accounts)
            found[rows & (found < 0)] = block
            apart = ~(rows[account] & columns[trait])
            account, trait = account[apart], trait[apart]
        return numbered(found, self.least)


FRAUDAR: Final = Fraudar()
"""Fifty blocks."""
