"""A scan result as the few values a page, a terminal or a JSON document shows.

Chooses and words; computes nothing that a detector should have computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.finding import Finding
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.words import clean

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.model.scan import ScanResult


@dataclass(frozen=True, slots=True)
class Step:
    """One detector's part in an account's total."""

    detector: str
    """Name of the detector."""
    counted_bits: float
    """Bits that counted after the caps; 0 where it could not tell."""
    weight_bits: float
    """Bits it gave before the caps."""
    low_bits: float
    """Lower end of the 90 % interval of the weight."""
    high_bits: float
    """Upper end of the 90 % interval of the weight."""
    evidence: str
    """What was seen, in one sentence; empty where it could not tell."""
    reason: str
    """Why it could not tell; empty where it could."""
    facts: tuple[tuple[str, float], ...]
    """The numbers behind the sentence."""


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
    facts = result.profile.facts
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
        steps=steps(result, row),
    )


def steps(result: ScanResult, row: int) -> tuple[Step, ...]:
    """Give every detector's part in one account's total, in reading order."""
    counted = {name: float(column[row]) for name, column in result.ranking.contributions.items()}
    made = []
    for examined in result.examined:
        answer = examined.at(row)
        part = counted.pop(examined.detector, 0.0)
        if isinstance(answer, Finding):
            facts = tuple((clean(name, 80), value) for name, value in answer.facts.items())
            sentence = clean(answer.evidence, 600) or "No sentence was given."
            made.append(
                Step(answer.detector, part, answer.weight_bits, answer.low_bits, answer.high_bits, sentence, "", facts)
            )
        else:
            reason = clean(answer.reason) or "It gave no reason."
            made.append(Step(answer.detector, part, 0.0, 0.0, 0.0, "", reason, ()))
    # What the combination adds on its own still has to be drawn, or the bars would not add up.
    made += [Step(name, part, part, part, part, "Added by the combination.", "", ()) for name, part in counted.items()]
    return tuple(sorted(made, key=lambda step: (bool(step.reason), -step.counted_bits, step.detector)))
