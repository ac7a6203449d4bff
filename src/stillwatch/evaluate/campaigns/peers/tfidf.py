"""Accounts whose traits, weighted by rarity, point the same way: the general recipe of Pacheco et al."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array, triu

from stillwatch.evaluate.campaigns.peers.base import PAIRS, affordable, components
from stillwatch.evaluate.campaigns.shares import no_groups

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from stillwatch.evaluate.campaigns.shares import Grouping, Shares

ROWS: Final = 4_096
"""Accounts whose similarities are computed at once."""


def _weighted(shares: Shares) -> csr_array:
    """Give accounts x traits: uses times the logarithm of how rare a trait is, rows of length one."""
    names, trait = np.unique(shares.trait, return_inverse=True)
    uses = csr_array((shares.count.astype(np.float32), (shares.account, trait)), shape=(shares.n_accounts, len(names)))
    uses.sum_duplicates()
    users = np.bincount(uses.indices, minlength=len(names))
    active = max(int((np.diff(uses.indptr) > 0).sum()), 1)
    uses.data *= np.log(active / np.maximum(users, 1)).astype(np.float32)[uses.indices]
    owner = np.repeat(np.arange(shares.n_accounts), np.diff(uses.indptr))
    lengths = np.sqrt(np.bincount(owner, uses.data.astype(np.float64) ** 2, shares.n_accounts))
    uses.data /= np.maximum(lengths, 1e-12).astype(np.float32)[owner]
    return uses


@dataclass(frozen=True, slots=True)
class Tfidf:
    """Components of accounts whose TF-IDF vectors have a cosine in the top percentile of all pairs that share a trait.

    Notes
    -----
    The most common traits are left out of the products (not of the lengths) beyond ``pairs`` of them. Blind
    spot: accounts with the same few traits have a cosine of 1 however common these are, and fill
    the top; and a percentile always keeps some pairs. The paper sets thresholds and fewest traits case by case
    (images: three, 99th percentile); the ones here are ours.

    References
    ----------
    Pacheco, Hui, Torres-Lugo, Truong, Flammini & Menczer (2021), Uncovering coordinated networks on social media.
    """

    name: str = "tfidf"
    """Short name."""
    title: str = "cosine of TF-IDF weighted traits, top percentile"
    """What it joins accounts by."""
    reference: str = "Pacheco et al. (ICWSM 2021)"
    """Where it is described."""
    percentile: float = 0.995
    """Share of pairs a pair must reach (0 to 1)."""
    least_traits: int = 3
    """Fewest traits of an account that is compared."""
    pairs: int = PAIRS
    """Products of trait weights it computes."""

    def __call__(self, shares: Shares, identity: pa.Table | None = None) -> Grouping:
        """Group accounts by their weighted traits; the identity table is not looked at."""
        del identity
        weights = _weighted(shares)
        kept = np.flatnonzero(np.diff(weights.indptr) >= self.least_traits)
        weights = weights[kept]
        users = np.bincount(weights.indices, minlength=weights.shape[1])
        weights = weights[:, affordable(users * (users - 1) // 2, self.pairs)]
        left, right, cosine = _pairs(weights)
        if not len(left):
            return no_groups(shares.n_accounts)
        strong = cosine >= np.quantile(cosine, self.percentile)
        return components(kept[left[strong]], kept[right[strong]], shares.n_accounts)


def _pairs(weights: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Give every two rows that share a column, and their product."""
    turned = weights.T.tocsr()
    found = []
    for start in range(0, weights.shape[0], ROWS):
        above = triu(weights[start : start + ROWS] @ turned, k=start + 1, format="coo")
        found.append((above.row.astype(np.int64) + start, above.col.astype(np.int64), above.data))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    left, right, product = (np.concatenate(column) for column in zip(*found, strict=True))
    return left, right, product


TFIDF: Final = Tfidf()
"""The top half percent of pairs."""
