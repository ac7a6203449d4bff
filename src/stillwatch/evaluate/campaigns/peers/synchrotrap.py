"""Accounts most of whose actions fall on the same objects at the same times: the method of SynchroTrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.campaigns.peers.base import PAIRS, components, distinct, links_by_place
from stillwatch.evaluate.campaigns.shares import no_groups

if TYPE_CHECKING:
    import pyarrow as pa

    from stillwatch.evaluate.campaigns.shares import Grouping, Shares


@dataclass(frozen=True, slots=True)
class Synchrotrap:
    """Components of accounts whose sets of (trait, time window) actions overlap enough.

    An action is a use of a trait in a window of time; the similarity of two accounts is the Jaccard index of
    their actions. Pairs at or above ``threshold`` are linked; cutting a single-linkage tree at a height gives the
    connected components, and those below ``least`` accounts are dropped.

    Notes
    -----
    The paper runs each kind of action alone (``shares.only`` does that) and tunes window, threshold and smallest
    cluster for it; the ones here are ours. Actions of the most accounts are left out beyond ``pairs`` of them.
    Blind spot: an account that mixes in other traffic has a low Jaccard index with everybody; two uses a second
    apart may lie in different windows.

    References
    ----------
    Cao, Yang, Yu & Palow (2014), Uncovering large groups of active malicious accounts in online social networks.
    """

    name: str = "synchrotrap"
    """Short name."""
    title: str = "Jaccard index of (trait, time window) actions"
    """What it joins accounts by."""
    reference: str = "SynchroTrap (Cao et al., CCS 2014)"
    """Where it is described."""
    window_s: int = 3_600
    """Length of a time window (s)."""
    threshold: float = 0.5
    """Smallest Jaccard index of a link (0 to 1)."""
    least_actions: int = 2
    """Fewest actions of an account that is compared: one action in common is no habit."""
    least: int = 3
    """Fewest accounts of a group."""
    pairs: int = PAIRS
    """Pairs of actions it looks at."""

    def __call__(self, shares: Shares, identity: pa.Table | None = None) -> Grouping:
        """Group accounts by actions in common; the identity table is not looked at."""
        del identity
        if not len(shares.account):
            return no_groups(shares.n_accounts)
        _, trait = np.unique(shares.trait, return_inverse=True)
        window = shares.ts_s // self.window_s
        window -= window.min()
        account, action = distinct(shares.account, trait.astype(np.int64) * (int(window.max()) + 1) + window)
        actions = np.bincount(account, minlength=shares.n_accounts)
        busy = actions[account] >= self.least_actions
        left, right, both = links_by_place(account[busy], action[busy], self.pairs)
        alike = both >= self.threshold * (actions[left] + actions[right] - both)
        return components(left[alike], right[alike], shares.n_accounts, self.least)


SYNCHROTRAP: Final = Synchrotrap()
"""Windows of an hour, half of the actions in common."""
SYNCHROTRAP_DAY: Final = Synchrotrap(
    name="synchrotrap_day", title="Jaccard index of (trait, day) actions", window_s=86_400
)
"""Windows of a day, which first uses of templates are more likely to share."""
