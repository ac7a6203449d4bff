"""A box of values to a dossier that has them: the example that a lint error comes with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stillwatch.model.dossier import Agreement, Belonging, Dossier, Seen
from stillwatch.policy.conditions.account import plan
from stillwatch.policy.conditions.account.numbers import AccountAge, AttributedShare, TokensOut
from stillwatch.policy.conditions.agreed.agreement import KINDS, agreement_variable
from stillwatch.policy.conditions.campaign.numbers import VARIABLES
from stillwatch.policy.conditions.campaign.reported import REPORTED
from stillwatch.policy.conditions.evidence.classes import WEIGHED, class_variable
from stillwatch.policy.conditions.evidence.numbers import Chance, QValue, TotalBits
from stillwatch.policy.reasoning.sets import Names, Spans
from stillwatch.policy.reasoning.together import campaign_needed, volume

if TYPE_CHECKING:
    from stillwatch.model.dossier import EvidenceClass
    from stillwatch.policy.reasoning.search import Box
    from stillwatch.policy.reasoning.variables import Variable

_DAY_MS: Final = 86_400_000
_STEP: Final = 1.0
_LARGEST: Final = 1e9
_USUAL: Final = {"harvest_bits": 0.0, "log_p_rest": -3.0}


def _inside(low: float, high: float, typical: float) -> float:
    """Choose a value of one interval: the typical one, else near the nearest end, a little inside."""
    if low <= typical <= high:
        return typical
    if low > typical:
        return min(low + _STEP, (low + high) / 2) if math.isfinite(high) else low + _STEP
    return max(high - _STEP, (low + high) / 2) if math.isfinite(low) else high - _STEP


def choose(box: Box, variable: Variable, typical: float) -> float:
    """Choose a value of a number; NaN, unknown, only where nothing known is left."""
    domain = box.get(variable)
    if domain is None:
        return typical
    if not isinstance(domain.values, Spans) or not domain.values:
        return math.nan
    ends = [_inside(low, high, typical) for low, high in domain.values.spans]
    value = min(ends, key=lambda one: abs(one - typical))
    return float(round(value)) if variable.whole else value


def _bits(box: Box, variable: Variable) -> float | None:
    """Choose the bits of a class or detector; None, no evidence, where that is allowed."""
    domain = box.get(variable)
    return None if domain is None or domain.unknown else choose(box, variable, 0.0)


def _seen_of(box: Box, evidence_class: EvidenceClass) -> list[Seen]:
    """Make a class's evidence: named detectors, and the rest of the class so that its sum fits."""
    seen = []
    for variable in box:
        if variable.quantity == "detector_bits" and variable.about.startswith(f"{evidence_class}:"):
            bits = _bits(box, variable)
            if bits is not None:
                name = variable.about.partition(":")[2]
                seen.append(Seen(name, evidence_class, bits, f"{name} weighs {bits:+.1f} bits"))
    of_class = _bits(box, class_variable(evidence_class))
    if of_class is None and seen:
        # A class that may be unknown is known once a detector of it is.
        of_class = choose(box, class_variable(evidence_class), sum(one.bits for one in seen))
    if of_class is not None:
        rest = of_class - math.fsum(one.bits for one in seen)
        if rest or not seen:
            sentence = f"other detectors of {evidence_class} weigh {rest:+.1f} bits"
            seen.append(Seen(f"other_{evidence_class}", evidence_class, rest, sentence))
    return seen


def _campaign(box: Box) -> Belonging | None:
    if not campaign_needed(box):
        return None
    numbers = {name: choose(box, variable, _USUAL.get(name, 0.25)) for name, variable in VARIABLES.items()}
    reported = choose(box, REPORTED, 0.0) == 1.0
    said = "reported as extraction" if reported else "coordinated and not reported as extraction"
    sentence = f"12 accounts act together; {said}"
    return Belonging("c-0000example", 12, **numbers, extracting=reported, sentence=sentence)


def _agreements(box: Box, at_ms: int) -> tuple[Agreement, ...]:
    found = []
    for kind in KINDS:
        variable = agreement_variable(kind)
        if variable in box and math.inf not in box[variable].values:  # type: ignore[operator]
            span = max(round(choose(box, variable, 30.0) * _DAY_MS), 1)
            found.append(Agreement(kind, "A-1", at_ms - span // 2, at_ms - span // 2 + span))
    return tuple(found)


def _plan(box: Box) -> str:
    domain = box.get(plan.VARIABLE)
    if domain is None or not isinstance(domain.values, Names) or domain.unknown:
        return ""
    if not domain.values.all_but:
        return min(domain.values.names)
    return next(name for name in ("plan", *(f"plan-{at}" for at in range(99))) if name in domain.values)


def build(box: Box, at_ms: int) -> Dossier | None:
    """Make a dossier that has the values of a box.

    Parameters
    ----------
    box
        What each quantity may be; the others are those of an ordinary account of which little is known.
    at_ms
        When the dossier is put together (ms since 1970).

    Returns
    -------
    Dossier or None
        None where requests and pace do not go together. The caller checks with the judge that it does what it should:
        days and sums are rounded.
    """
    chosen = volume(box)
    if chosen is None:
        return None
    requests, pace = chosen
    span_ms = round((requests / pace if pace else 1.0) * _DAY_MS)
    first_ms = max(at_ms - span_ms, 0)
    years = (
        choose(box, AccountAge.VARIABLE, 0.0)
        if AccountAge.VARIABLE in box and not box[AccountAge.VARIABLE].unknown
        else math.nan
    )
    output = choose(box, TokensOut.VARIABLE, 0.0)
    share = AttributedShare.VARIABLE
    return Dossier(
        account=1,
        at_ms=at_ms,
        plan=_plan(box),
        signup_ms=-1 if math.isnan(years) else at_ms - round(min(years, _LARGEST) * _DAY_MS),
        organisation=0,
        events=int(requests),
        first_ms=first_ms,
        last_ms=first_ms + span_ms,
        tokens_out=-1 if math.isnan(output) else int(output),
        total_bits=choose(box, TotalBits.VARIABLE, -10.0),
        probability=choose(box, Chance.VARIABLE, 0.001),
        q_value=choose(box, QValue.VARIABLE, 1.0),
        seen=tuple(sorted((one for name in WEIGHED for one in _seen_of(box, name)), key=lambda one: -one.bits)),
        campaign=_campaign(box),
        agreements=_agreements(box, at_ms),
        attributed_share=choose(box, share, math.nan) if share in box and not box[share].unknown else math.nan,
    )
