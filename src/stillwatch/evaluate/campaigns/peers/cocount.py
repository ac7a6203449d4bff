"""Accounts that use the same trait within seconds of one another, again and again: the method of CooRTweet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.campaigns.peers.base import PAIRS, affordable, components, tallied
from stillwatch.evaluate.campaigns.shares import no_groups
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from stillwatch.evaluate.campaigns.peers.base import Links
    from stillwatch.evaluate.campaigns.shares import Grouping, Shares

    Ints = NDArray[np.int64]
    Rows = NDArray[np.int32]

DAY_S: Final = 86_400


@kernel
def _count_near(trait: Ints, ts_s: Ints, window_s: int, near: Ints) -> None:
    """Count the later rows of the same trait within the window of each row, the same account's among them."""
    end = 0
    for first in range(trait.shape[0]):
        end = max(end, first + 1)
        while end < trait.shape[0] and trait[end] == trait[first] and ts_s[end] - ts_s[first] <= window_s:
            end += 1
        near[first] = end - first - 1


@kernel
def _emit_near(account: Ints, near: Ints, left: Rows, right: Rows) -> int:
    """Write the pairs of rows of different accounts and give how many there are; there is room for all."""
    at = 0
    for first in range(account.shape[0]):
        for second in range(first + 1, first + 1 + near[first]):
            if account[second] != account[first]:
                left[at] = first
                right[at] = second
                at += 1
    return at


@dataclass(frozen=True, slots=True)
class Cocount:
    """Components of accounts whose pairs of near uses lie above a percentile of all pairs.

    A row is a use. Uses of one trait by two accounts at most ``window_s`` apart are a pair; an edge weighs as many
    pairs as the accounts have; edges above the percentile stay, and connected accounts are a group.

    Notes
    -----
    Pairs of the most common traits are left out beyond ``pairs`` of them. Defaults are those of the package.
    Blind spot: the percentile keeps some edges of any traffic, coordinated or not, and none when all edges weigh
    the same; components of a busy trait run into one another; accounts that use a template hours apart never meet.

    References
    ----------
    Righetti & Balluff (2025), CooRTweet 2.1, functions ``detect_groups`` and ``generate_coordinated_network``.
    Giglietto, Righetti, Rossi & Marino (2020), It takes a village to manipulate the media.
    """

    name: str = "cocount"
    """Short name."""
    title: str = "same trait within seconds, edges above a percentile"
    """What it joins accounts by."""
    reference: str = "CooRTweet 2.1 (Righetti & Balluff 2025)"
    """Where it is described."""
    window_s: int = 10
    """Longest time between two uses (s)."""
    participation: int = 2
    """Fewest uses of an account, before and after the window is applied."""
    percentile: float = 0.5
    """Share of edges an edge must outweigh (0 to 1); the package's examples use up to 0.99."""
    pairs: int = PAIRS
    """Pairs of uses it looks at."""

    def links(self, shares: Shares) -> Links:
        """Give all edges and their weight, before the percentile."""
        active = np.bincount(shares.account, minlength=shares.n_accounts) >= self.participation
        rows = np.flatnonzero(active[shares.account])
        rows = rows[np.lexsort((shares.ts_s[rows], shares.trait[rows]))]
        _, trait = np.unique(shares.trait[rows], return_inverse=True)
        trait = trait.astype(np.int64)
        ts_s, account = shares.ts_s[rows], shares.account[rows]
        near = np.empty(len(rows), np.int64)
        _count_near(trait, ts_s, self.window_s, near)
        near *= affordable(np.bincount(trait, near).astype(np.int64), self.pairs)[trait]
        room = np.empty((2, int(near.sum())), np.int32)
        left, right = room[:, : _emit_near(account, near, room[0], room[1])]
        met = np.zeros(len(rows), np.bool_)
        met[left] = met[right] = True
        lasting = np.bincount(account[met], minlength=shares.n_accounts) >= self.participation
        first, second = account[left], account[right]
        keep = lasting[first] | lasting[second]
        first, second = first[keep], second[keep]
        codes = np.minimum(first, second) * shares.n_accounts + np.maximum(first, second)
        return tallied(codes, shares.n_accounts)

    def __call__(self, shares: Shares, identity: pa.Table | None = None) -> Grouping:
        """Group accounts by near uses of traits; the identity table is not looked at."""
        del identity
        links = self.links(shares)
        if not len(links.left):
            return no_groups(shares.n_accounts)
        strong = links.together > np.quantile(links.together, self.percentile)
        return components(links.left[strong], links.right[strong], shares.n_accounts)


COCOUNT: Final = Cocount()
"""With the package's defaults."""
COCOUNT_DAY: Final = Cocount(
    name="cocount_day",
    title="same trait within a day, edges above the 99th percentile",
    window_s=DAY_S,
    percentile=0.99,
)
"""With a window that fits first uses of templates, and the percentile of the package's examples."""
