"""From totals in bits to statements with an error rate: the step between a ranking and a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.calibration.cohorts import did_more, plan_codes
from stillwatch.detectors.calibration.conformal import conformal_p, smallest_p
from stillwatch.detectors.calibration.reference import REST, Reference, build_reference
from stillwatch.model.finding import Assurance
from stillwatch.statistics.fdr import q_values
from stillwatch.statistics.isotonic import probability
from stillwatch.statistics.looks import at_look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from stillwatch.model.finding import Examined, Ranking
    from stillwatch.model.profile import Profile

THEMSELVES: Final = "the accounts of this scan themselves, so p-values are no smaller than they should be"
"""Reference of a scan that was given none."""


def refer(examined: Sequence[Examined], ranking: Ranking, profile: Profile, made: date) -> Reference:
    """Sum up the accounts of a scan as what is ordinary at this provider.

    Parameters
    ----------
    examined
        Every detector's answers.
    ranking
        Their totals.
    profile
        The accounts.
    made
        The day, for the reader.

    Returns
    -------
    Reference
        Cohorts by plan and size, without a label and without an account in it.
    """
    told = np.any(np.stack([one.reason == 0 for one in examined]), axis=0)
    bits = np.where(told, ranking.total_bits - ranking.prior_bits, np.nan)
    weights = {one.detector: np.where(one.reason == 0, one.weight_bits, np.nan) for one in examined}
    return build_reference(bits, weights, profile.facts.plan, profile.column("events"), made=made)


def _cohort_words(reference: Reference, place: NDArray[np.int64]) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = int(place[row])
        among = reference.cohort(at)
        if at == REST:
            return f"{among.accounts:,} accounts of small plans and sizes"
        size = f"10^{among.size} requests or more" if among.size >= 0 else "any size"
        plan = f"plan {among.plan}" if among.plan else "no plan known"
        return f"{among.accounts:,} accounts, {plan}, {size}"

    return say


def assure(
    examined: Sequence[Examined],
    ranking: Ranking,
    profile: Profile,
    reference: Reference,
    *,
    origin: str,
    look: int = 1,
) -> Assurance:
    """Say how far a ranking can be believed.

    Parameters
    ----------
    examined
        Every detector's answers.
    ranking
        Their totals.
    profile
        The accounts.
    reference
        What is ordinary at this provider.
    origin
        What the reference was made of, in words.
    look
        Which look at these accounts it is, from 1.

    Returns
    -------
    Assurance
        Probability under the prior as base rate, p- and q-values against the cohort, and how many did more.

    Notes
    -----
    O(n log n). Probabilities are as good as the rates behind the weights; p-values hold for accounts that
    are of the reference's kind. The two are computed apart so that one checks the other.
    """
    events = profile.column("events")
    told = np.any(np.stack([one.reason == 0 for one in examined]), axis=0) if examined else np.zeros(len(profile), bool)
    bits = np.where(told, ranking.total_bits - ranking.prior_bits, np.nan)
    place = reference.place(profile.facts.plan, events)
    p = at_look(conformal_p(reference, bits, place), look)
    weight = {one.detector: one.weight_bits for one in examined}

    def ordinary(detector: str, row: int) -> float:
        shown = reference.cohort(int(place[row])).shown.get(detector)
        return shown.share(float(weight[detector][row])) if shown else float("nan")

    base_rate = 1.0 / (1.0 + 2.0**-ranking.prior_bits)
    return Assurance(
        base_rate=base_rate,
        probability=probability(ranking.total_bits - ranking.prior_bits, base_rate),
        p_value=p,
        q_value=q_values(p),
        smallest_p=smallest_p(reference, place),
        did_more=did_more(events, plan_codes(profile.facts.plan), ranking.flagged),
        ordinary=ordinary,
        cohort=_cohort_words(reference, place),
        reference=origin,
        look=look,
    )
