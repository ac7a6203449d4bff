"""A scan result as the few values a page, a terminal or a JSON document shows.

Chooses and words; computes nothing that a detector should have computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.steps import steps
from stillwatch.reports.words import clean

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.model.scan import ScanResult
    from stillwatch.reports.steps import Step


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account as it is shown."""

    row: int
    """Row of the profile."""
    rank: int
    """Place in the ranking, from 1."""
    account: str
    """Pseudonym as text."""
    label: str
    """Name of the account file's ``display`` column; empty where it has none."""
    plan: str
    """Plan or tier; empty where unknown."""
    purpose: str
    """Declared purpose; empty where none."""
    reseller: bool
    """True where declared a reseller."""
    signup_ms: int
    """Sign-up time; -1 where unknown."""
    total_bits: float
    """Prior plus counted weights."""
    flagged: bool
    """At or above the threshold."""
    probability: float
    """Chance of extraction under the stated base rate, 0 to 1."""
    p_value: float
    """Share of its cohort with as much evidence, at this look; NaN where nothing could tell."""
    q_value: float
    """Share of false accusations if everybody up to this account were reported; NaN as above."""
    smallest_p: float
    """Smallest p-value its cohort can give."""
    did_more: int
    """Unreported accounts of its plan that made more requests; -1 where unknown."""
    cohort: str
    """Which accounts it is compared with, in words."""
    steps: tuple[Step, ...]
    """Largest counted weight first, then what speaks for it, then what could not tell."""

    @property
    def told(self) -> tuple[Step, ...]:
        """Steps of detectors that could tell."""
        return tuple(step for step in self.steps if not step.reason)

    @property
    def untold(self) -> tuple[Step, ...]:
        """Steps of detectors that could not tell."""
        return tuple(step for step in self.steps if step.reason)

    @property
    def against(self) -> tuple[Step, ...]:
        """Steps that raise the total, the largest first."""
        return tuple(step for step in self.told if step.counted_bits > 0)

    @property
    def for_it(self) -> tuple[Step, ...]:
        """Steps that lower the total, the largest first."""
        return tuple(step for step in reversed(self.told) if step.counted_bits < 0)

    @property
    def top(self) -> Step | None:
        """The step that counts most against the account, if any does."""
        return next((step for step in self.steps if step.counted_bits > 0), None)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all sources and accounts."""

    read: int
    """Records seen."""
    events: int
    """Records that became events."""
    rejected: int
    """Records that did not."""
    duplicates: int
    """Events counted once although seen again."""
    unattributed: int
    """Events without an account."""
    accounts: int
    """Accounts examined."""
    reported: int
    """Accounts at or above the threshold."""
    incomplete: int
    """Sources that ended early."""
    from_ms: float
    """First event, to within one bin of the time line; NaN where unknown."""
    until_ms: float
    """Last event, to within one bin of the time line; NaN where unknown."""


def totals(result: ScanResult) -> Totals:
    """Sum up what was read and found."""
    first, last = _time_range(result)
    return Totals(
        read=sum(s.read for s in result.sources),
        events=sum(s.accepted for s in result.sources),
        rejected=sum(s.rejected for s in result.sources),
        duplicates=sum(s.duplicates for s in result.sources),
        unattributed=sum(s.unattributed for s in result.sources),
        accounts=len(result.profile),
        reported=int(result.ranking.flagged.sum()),
        incomplete=sum(bool(s.incomplete) for s in result.sources),
        from_ms=first,
        until_ms=last,
    )


def _time_range(result: ScanResult) -> tuple[float, float]:
    columns = result.profile.columns
    if "first_ms" in columns and "last_ms" in columns:
        return _extreme(columns["first_ms"], first=True), _extreme(columns["last_ms"], first=False)
    panel = result.profile.panels.get("timeline")
    start, width = columns.get("timeline_start_ms"), columns.get("timeline_bin_s")
    if panel is None or start is None or width is None or not len(panel):
        return math.nan, math.nan
    busy = panel > 0
    head = np.where(busy.any(axis=1), start + busy.argmax(axis=1) * width * 1000, np.nan)
    bins = panel.shape[1] - busy[:, ::-1].argmax(axis=1)
    tail = np.where(busy.any(axis=1), start + bins * width * 1000, np.nan)
    return _extreme(head, first=True), _extreme(tail, first=False)


def _extreme(values: np.ndarray, *, first: bool) -> float:
    known = values[np.isfinite(values)]
    return float(known.min() if first else known.max()) if known.size else math.nan


def shown_rows(result: ScanResult, config: Config) -> list[int]:
    """Rows of the accounts that are drawn, most evidence first."""
    return [int(row) for row in result.ranking.order[: max(config.shown, 0)]]


def worded_rows(result: ScanResult, config: Config) -> list[int]:
    """Rows whose sentences are written out: the accounts shown and every account reported, in ranking order."""
    order = result.ranking.order
    place = np.arange(len(order))
    return [int(row) for row in order[(place < config.shown) | result.ranking.flagged[order]]]


def account_view(result: ScanResult, row: int, rank: int = 0) -> AccountView:
    """Gather everything said about one account.

    Parameters
    ----------
    result
        The scan.
    row
        Row of the profile.
    rank
        Place in the ranking, from 1.

    Returns
    -------
    AccountView
        Strings cleaned, steps in reading order.
    """
    facts, sure = result.profile.facts, result.assurance
    account = pseudonym_text(int(result.profile.account[row]))
    label = clean(facts.label[row], 80)
    return AccountView(
        row=row,
        rank=rank,
        account=account,
        label="" if label == account else label,
        plan=clean(facts.plan[row], 80),
        purpose=clean(facts.declared_purpose[row]),
        reseller=int(facts.reseller[row]) == 1,
        signup_ms=int(facts.signup_ms[row]),
        total_bits=float(result.ranking.total_bits[row]),
        flagged=bool(result.ranking.flagged[row]),
        probability=float(sure.probability[row]),
        p_value=float(sure.p_value[row]),
        q_value=float(sure.q_value[row]),
        smallest_p=float(sure.smallest_p[row]),
        did_more=int(sure.did_more[row]),
        cohort=clean(sure.cohort(row)),
        steps=steps(result, row),
    )
