"""What speaks for an account: said beside the evidence, never below it.

Nothing here changes a total. It is what a fair reader would ask before acting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.reports.words import bits, counted, plain, sentence

if TYPE_CHECKING:
    from stillwatch.reports.cohort import Comparison
    from stillwatch.reports.view import AccountView


SLIGHT: Final = 0.05
"""Bits too few to be written with one decimal."""
WORTH: Final = 0.5
"""Fewest counted bits whose uncertainty is worth a sentence."""


@dataclass(frozen=True, slots=True)
class InFavour:
    """One thing that speaks for an account."""

    brief: str
    """A few words, for a table cell."""
    sentence: str
    """The whole of it, for a page."""


def in_favour(
    account: AccountView, threshold_bits: float, comparisons: tuple[Comparison, ...] = ()
) -> tuple[InFavour, ...]:
    """List what speaks for an account, the strongest first.

    Parameters
    ----------
    account
        The account.
    threshold_bits
        Total at which accounts are reported.
    comparisons
        The account beside those not reported.

    Returns
    -------
    tuple of InFavour
        Possibly empty; that nothing is known to speak for an account is no evidence against it.
    """
    return (
        *_declared(account),
        *_weighed(account),
        *_larger(comparisons),
        *_slightly(account),
        *_resting_on_one(account, threshold_bits),
        *_uncertain(account),
        *_missing(account),
    )


def _declared(account: AccountView) -> list[InFavour]:
    made = []
    if account.purpose:
        said = f"Declared purpose: \u201c{account.purpose}\u201d. Ask before acting."
        made.append(InFavour("declared purpose", said))
    if account.reseller:
        said = "Declared reseller: many end users, keys and networks behind one account are to be expected."
        made.append(InFavour("declared reseller", said))
    return made


def _weighed(account: AccountView) -> list[InFavour]:
    return [
        InFavour(
            f"{plain(step.detector)} {bits(step.counted_bits)}",
            f"{plain(step.detector).capitalize()} lowers the total by {bits(-step.counted_bits).lstrip('+')} bits: "
            f"{sentence(step.evidence)}",
        )
        for step in account.for_it
        if step.counts
    ]


def _slightly(account: AccountView) -> list[InFavour]:
    rest = [step for step in account.for_it if not step.counts and step.counted_bits < -SLIGHT]
    if not rest:
        return []
    summed = sum(step.counted_bits for step in rest)
    names = ", ".join(plain(step.detector) for step in rest)
    verb = "lowers" if len(rest) == 1 else "together lower"
    said = f"{names.capitalize()} {verb} the total by {bits(-summed).lstrip('+')} bits."
    return [InFavour(f"{names if len(rest) == 1 else f'{len(rest)} smaller'} {bits(summed)}", said)]


def _larger(comparisons: tuple[Comparison, ...]) -> list[InFavour]:
    more = [c for c in comparisons if c.more]
    if not more:
        return []
    said = "; ".join(f"{c.more:,} of {c.others:,} {c.did}" for c in more)
    among = more[0].among
    most = max(more, key=lambda c: c.more)
    brief = f"{counted(most.more, 'other')} {most.did}"
    return [InFavour(brief, f"Among {among}: {said}.")]


def _resting_on_one(account: AccountView, threshold_bits: float) -> list[InFavour]:
    alone = [s for s in account.told if s.counted_bits > 0 and account.total_bits - s.counted_bits < threshold_bits]
    if not account.flagged or not alone:
        return []
    names = [plain(step.detector) for step in alone]
    if len(names) == 1:
        said = f"It rests on {names[0]}: without the bits counted for it the total would be below the threshold."
        return [InFavour("rests on one detector", said)]
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    said = f"Each of {listed} is needed: without any one of them the total would be below the threshold."
    return [InFavour(f"needs each of {len(names)} detectors", said)]


def _uncertain(account: AccountView) -> list[InFavour]:
    wide = [s for s in account.told if s.counted_bits >= WORTH and s.low_bits <= 0]
    if not wide:
        return []
    names = ", ".join(plain(step.detector) for step in wide)
    return [InFavour("wide interval", f"The 90 % interval of {names} includes zero: it may say nothing at all.")]


def _missing(account: AccountView) -> list[InFavour]:
    if not account.untold:
        return []
    names = ", ".join(plain(step.detector) for step in account.untold)
    number = f"{len(account.untold)} of {len(account.steps)} detectors could not tell"
    return [InFavour(f"{len(account.untold)} could not tell", f"{number} ({names}); none of that counts against it.")]
