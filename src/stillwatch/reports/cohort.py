"""How one account compares with the accounts that are not reported.

A large customer is not a suspect for being large: how many accounts nobody reports did more is the
first thing a reader should see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.model.scan import ScanResult
    from stillwatch.reports.view import AccountView

COMPARED: Final = (
    ("events", "events", "sent more events"),
    ("tokens_in", "prompt tokens", "sent more prompt tokens"),
    ("tokens_out", "answer tokens", "received more answer tokens"),
    ("distinct_prompts", "different prompts", "sent more different prompts"),
)
"""Column, what it is called, and what an account did that has more of it."""

FEWEST: Final = 5
"""Fewest accounts of the same plan that make a comparison; below it all accounts are taken."""
SAMPLED: Final = 10_000
"""Most accounts over which a typical shape is averaged."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One quantity of one account beside the accounts not reported."""

    name: str
    """Column name."""
    noun: str
    """What it is called."""
    did: str
    """What an account did that has more of it."""
    value: float
    """The account's own value."""
    low: float
    """5th percentile of the others."""
    median: float
    """Median of the others."""
    high: float
    """95th percentile of the others."""
    largest: float
    """Largest value among the others."""
    more: int
    """How many of the others have more."""
    others: int
    """How many others there are."""
    among: str
    """Who the others are, in words."""


class Cohorts:
    """Sorted columns of the accounts not reported, by plan, made when first asked for."""

    def __init__(self, result: ScanResult) -> None:
        self._result = result
        self._plans = np.asarray(result.profile.facts.plan, dtype=np.str_)
        self._quiet = ~result.ranking.flagged
        self._sizes: dict[str, int] = {}
        self._sorted: dict[tuple[str, str], NDArray[np.float64]] = {}

    def compare(self, account: AccountView) -> tuple[Comparison, ...]:
        """Compare one account, quantity by quantity, leaving the account itself out.

        Parameters
        ----------
        account
            The account.

        Returns
        -------
        tuple of Comparison
            One a quantity that the logs show; empty where there is nobody to compare with.
        """
        plan = self._plan(account)
        among = "accounts of the same plan not reported" if plan else "accounts not reported"
        made = []
        for name, noun, did in COMPARED:
            column = self._result.profile.columns.get(name)
            if column is None or not math.isfinite(column[account.row]):
                continue
            value = float(column[account.row])
            others = self._column(name, plan)
            if not account.flagged:
                others = np.delete(others, np.searchsorted(others, value))
            if others.size:
                low, median, high = (float(q) for q in np.percentile(others, (5, 50, 95)))
                more = int(others.size - np.searchsorted(others, value, side="right"))
                largest = float(others[-1])
                made.append(Comparison(name, noun, did, value, low, median, high, largest, more, others.size, among))
        return tuple(made)

    def _plan(self, account: AccountView) -> str:
        plan = self._result.profile.facts.plan[account.row]
        if plan not in self._sizes:
            self._sizes[plan] = int((self._quiet & (self._plans == plan)).sum()) if plan else 0
        return plan if self._sizes[plan] - (not account.flagged) >= FEWEST else ""

    def _column(self, name: str, plan: str) -> NDArray[np.float64]:
        if (name, plan) not in self._sorted:
            column = self._result.profile.columns[name]
            keep = self._quiet & np.isfinite(column)
            if plan:
                keep &= self._plans == plan
            self._sorted[name, plan] = np.sort(column[keep])
        return self._sorted[name, plan]


def typical_shares(result: ScanResult, panel: str, *, ordered: bool = False) -> NDArray[np.float64] | None:
    """Average a panel's shape over the accounts not reported.

    Parameters
    ----------
    result
        The scan.
    panel
        Name of the panel.
    ordered
        Whether each account's own bins are put in order first, the largest share first.

    Returns
    -------
    numpy.ndarray or None
        Mean share by bin, shape (k,); None where no account shows any.

    Notes
    -----
    Every account counts the same, whatever its size. Past SAMPLED accounts an even sample is taken.
    """
    values = result.profile.panels.get(panel)
    if values is None:
        return None
    quiet = np.flatnonzero(~result.ranking.flagged)
    chosen = values[quiet[:: max(1, -(-len(quiet) // SAMPLED))]]
    chosen = np.where(np.isfinite(chosen), chosen, 0.0)
    sums = chosen.sum(axis=1)
    seen = sums > 0
    if not seen.any():
        return None
    shares = chosen[seen] / sums[seen, None]
    if ordered:
        shares = -np.sort(-shares, axis=1)
    mean: NDArray[np.float64] = shares.mean(axis=0)
    return mean
