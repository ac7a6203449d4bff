"""What ties quantities of one dossier together: one campaign, detectors inside classes, pace and requests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.account.numbers import Requests, RequestsPerDay
from stillwatch.policy.conditions.campaign.reported import REPORTED
from stillwatch.policy.conditions.evidence.classes import class_variable
from stillwatch.policy.reasoning.sets import Spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.policy.reasoning.variables import Domain, Variable

LONGEST_D: Final = 3_000_000.0
"""Days from 1970 to the year 9999, and no dossier spans more."""
_USUAL: Final = (200.0, 20.0)
"""Requests and requests a day of an account of which nothing is asked."""
_EVERY: Final = Spans(((0.0, math.inf),))


def campaign_needed(box: Mapping[Variable, Domain]) -> bool:
    """Whether a number of the campaign must be known, so that there must be a campaign."""
    return any(
        not domain.unknown for variable, domain in box.items() if variable.quantity in {"campaign", "campaign_reported"}
    )


def _campaign(box: Mapping[Variable, Domain]) -> bool:
    # A campaign is always reported or not; its numbers may be unknown one by one.
    return not campaign_needed(box) or REPORTED not in box or bool(box[REPORTED].values)


def _classes(box: Mapping[Variable, Domain]) -> bool:
    for variable, domain in box.items():
        if variable.quantity == "detector_bits" and not domain.unknown:
            whole = box.get(class_variable(variable.about.partition(":")[0]))
            if whole is not None and not whole.values:
                return False
    return True


def _spans(box: Mapping[Variable, Domain], variable: Variable) -> Spans:
    values = box[variable].values if variable in box else _EVERY
    return values if isinstance(values, Spans) else _EVERY


def volume(box: Mapping[Variable, Domain]) -> tuple[float, float] | None:
    """Choose requests and requests a day that go together; None where none do.

    Days are at least one, so the pace never exceeds the requests, and no pace is no request.
    """
    requests, pace = _spans(box, Requests.VARIABLE), _spans(box, RequestsPerDay.VARIABLE)
    if _USUAL[0] in requests and _USUAL[1] in pace:
        return _USUAL
    for low, high in requests.spans:
        for slowest, fastest in pace.spans:
            if low <= 0 and slowest <= 0:
                return 0.0, 0.0
            # More requests only need more days for the same pace, so the fewest that do are tried.
            number = max(low, math.ceil(slowest), 1.0)
            slow, fast = max(slowest, number / LONGEST_D), min(fastest, number)
            if number <= high and slow <= fast:
                return _exact(number, high, slow) if slow == fast < number else (number, _daily(number, slow, fast))
    return None


def _daily(number: float, slow: float, fast: float) -> float:
    """Choose a pace that rounding to milliseconds leaves in its bounds: one day's, or the middle."""
    return number if fast == number else (slow + fast) / 2


def _exact(number: float, high: float, pace: float) -> tuple[float, float]:
    """Choose requests of whole days for a pace that has one value."""
    days = math.ceil(number / pace)
    whole = pace * days
    return (whole, pace) if whole.is_integer() and whole <= high else (number, pace)


def consistent(box: Mapping[Variable, Domain]) -> bool:
    """Whether one dossier can have all of it."""
    return _campaign(box) and _classes(box) and volume(box) is not None
