"""A sweep of techniques, most of them refused, followed by much use that is not."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.kinds import Kind, kind_bits, over
from stillwatch.detectors.weights.likelihood import Beta, log_beta_binomial, log_normal, mix
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "technique_sweep"
MIN_REFUSED: Final = 5.0
"""Fewest refusals from which their order and variety are read (requests)."""
CONCERNING: Final = 0.5
"""Least share of refusals with a category that concerns copying; below it the detector weighs nothing."""
_MOST_REFUSED, _MOST_EVENTS = 50.0, 100.0
_EARLY, _EARLY_SD, _STEADY_SD, _UNIFORM_SD = 0.35, 0.12, 0.12, 0.29
_DISTINCT_ERROR: Final = 1.6449 * 0.26


class Cause(NamedTuple):
    """One cause of many refusals."""

    extraction: float
    """Share among extracting accounts with refusals that concern copying, 0 to 1."""
    honest: float
    """Share among honest accounts with such refusals, 0 to 1."""
    uncategorised: float
    """Share among honest accounts with refusals for unknown reasons, 0 to 1."""
    size: tuple[float, float]
    """Mean and standard deviation of the natural logarithm of the number of refusals."""
    distinct: Beta
    """Different refused prompts over refused."""
    refused: Beta
    """Refused over all requests."""
    early: bool
    """Whether refusals come before the bulk of the use."""


CAUSES: Final[dict[str, Cause]] = {
    "sweep, then scale": Cause(0.30, 0.02, 0.20, (log(300), 1.5), Beta(20, 1.5), Beta(1, 3), early=True),
    "prompt tuned past a false refusal": Cause(0.10, 0.10, 0.10, (log(8), 0.8), Beta(4, 1.5), Beta(1, 3), early=True),
    "retry storm": Cause(0.10, 0.28, 0.20, (log(60), 1.5), Beta(1, 8), Beta(1, 1), early=False),
    "refused now and then": Cause(0.42, 0.52, 0.42, (log(10), 1.5), Beta(4, 1.5), Beta(1, 3), early=False),
    "refused all along": Cause(0.08, 0.08, 0.08, (log(300), 1.5), Beta(20, 1.5), Beta(0.7, 1), early=False),
}
"""What makes many refusals. Nothing is measured; the red teams of the first are 1 in 400 honest accounts."""


def _lead(lead: NDArray[np.float64], refused: NDArray[np.float64], *, early: bool) -> NDArray[np.float64]:
    """Give the log density of how much earlier refusals came; the mean of few of them scatters."""
    if early:
        return log_normal(np.minimum(lead, _EARLY), _EARLY, _EARLY_SD)
    noise = np.sqrt(_STEADY_SD**2 + _UNIFORM_SD**2 / np.maximum(refused, 1.0))
    return mix((0.9, log_normal(lead, 0.0, noise)), (0.1, np.full(lead.shape, log(0.5))))


def sweep_bits(
    events: NDArray[np.float64],
    refused: NDArray[np.float64],
    distinct: NDArray[np.float64],
    lead: NDArray[np.float64],
    categorised: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Weigh number, order and variety of the refusals.

    Parameters
    ----------
    events, refused
        Requests in all, and those refused.
    distinct
        Different refused prompts over refused, 0 to 1.
    lead
        How much earlier refusals came than requests, of the active time, -1 to 1.
    categorised
        Whether the provider's categories are known; they then concern copying.
    """
    m, n = np.minimum(refused, _MOST_REFUSED), np.minimum(events, _MOST_EVENTS)
    share = np.clip(refused / events, 0.0, 1.0)
    strong, weak = [], []
    for cause in CAUSES.values():
        density = (
            log_normal(np.log(np.maximum(refused, 1.0)), *cause.size)
            + _lead(np.clip(lead, -1.0, 1.0), refused, early=cause.early)
            + log_beta_binomial(np.clip(distinct, 0.0, 1.0) * m, m, cause.distinct)
            + log_beta_binomial(share * n, n, cause.refused)
        )
        strong.append(Kind(cause.extraction, cause.honest, density))
        weak.append(Kind(cause.extraction, cause.uncategorised, density))
    return np.where(categorised, kind_bits(*strong), kind_bits(*weak))


def _concerning(profile: Profile) -> NDArray[np.float64]:
    """Give the share of refusals whose category concerns copying; NaN where categories are unknown."""
    names = ("refusal_reasoning_extraction_share", "refusal_frontier_llm_share")
    shares = np.stack([profile.column(name) for name in names])
    of_all = np.where(np.isnan(shares).all(axis=0), np.nan, np.nansum(shares, axis=0))
    refused = profile.column("refused_share")
    some = refused > 0
    return np.where(some, np.minimum(of_all / np.where(some, refused, 1.0), 1.0), np.nan)


def _weigh(profile: Profile, able: NDArray[np.bool_], concerning: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    events, share, distinct, lead = (
        profile.column(name)[able] for name in ("events", "refused_share", "refused_distinct_share", "refused_lead")
    )
    part = concerning[able]
    known = ~np.isnan(part)
    refused = share * events * np.where(known, part, 1.0)

    def bits(variety: NDArray[np.float64], earlier: NDArray[np.float64]) -> NDArray[np.float64]:
        weighed = sweep_bits(events, refused, variety, earlier, known)
        return np.where(known & (part < CONCERNING), 0.0, weighed)

    noise = 1.6449 * _UNIFORM_SD / np.sqrt(np.maximum(refused, 1.0))
    ends = [
        (np.minimum(distinct * (1 + side * _DISTINCT_ERROR), 1.0), lead + other * noise)
        for side in (-1, 1)
        for other in (-1, 1)
    ]
    return over(bits, (distinct, lead), *ends)


def _sentence(profile: Profile, concerning: NDArray[np.float64]) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        refused = at["refused_share"] * at["events"]
        lead = at["refused_lead"]
        when = f"{rounded(abs(lead))} of the active time {'earlier' if lead >= 0 else 'later'} than requests in general"
        part = float(concerning[row])
        reasons = "reasons unknown" if np.isnan(part) else f"{percent(part)} of them for reasons that concern copying"
        return (
            f"{whole(refused)} of {whole(at['events'])} requests ({percent(at['refused_share'])}) were refused, "
            f"{percent(at['refused_distinct_share'])} of these prompts different, {when}; {reasons}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh the order and variety of refusals; one answer an account."""
    gate = Gate(
        (
            (missing(profile, "events", "refused_share"), "the log does not show which requests were refused"),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to tell a sweep from what came after",
            ),
            (
                fewer(profile.column("events") * profile.column("refused_share"), MIN_REFUSED),
                f"fewer than {MIN_REFUSED:.0f} requests refused, too few for their order and variety",
            ),
            (
                missing(profile, *DETECTOR.requires),
                "the log does not show the prompts or the times of the refused requests",
            ),
        )
    )
    concerning = _concerning(profile)
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {"concerning_share": concerning}
    return answer(NAME, gate, _weigh(profile, gate.reason == 0, concerning), _sentence(profile, concerning), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="many refused techniques first, undisturbed use after",
    group="asked",
    needs=("finish_reason", "refusal_category", "prompt", "ts_ms"),
    reads=(
        *("events", "refused_share", "refused_distinct_share", "refused_lead"),
        *("refusal_reasoning_extraction_share", "refusal_frontier_llm_share"),
    ),
    requires=("events", "refused_share", "refused_distinct_share", "refused_lead"),
    weight_model=(
        "How often the provider refuses is weighed by provider_refusals; this adds what number, order and variety of "
        "the refusals say beyond that, as a mixture of five causes among accounts with refusals that concern copying. "
        "A sweep then scale-up (around 300 refusals, nearly all different, a third of the active time before the bulk "
        "of the use): 30 % of extracting and 2 % of honest ones, at most +3.9 bits; 1 honest account in 400 is an "
        "authorised red team, about 1 in 2,000 also goes on undisturbed at scale. Tuning one prompt past a false "
        "refusal (around 8, early, different): 10 % of both. Retry storms (the same prompts again): 10 % against 28 %, "
        "at least -1.5. Refused now and then: 42 % against 52 %. Refused all along: 8 % of both. Where no category is "
        "known 20 % of honest accounts look like a sweep (any policy, any learner): at most +0.6. Where most refusals "
        "are of other categories the weight is 0. Low and high: over the 26 % error of the variety and the scatter of "
        "the mean time. None of these rates is measured."
    ),
    blind_spot=(
        "Sweeps by one account and scale-up by others, which is the cautious way; sweeps the provider does not refuse; "
        "a sweep before the log begins. A sweep slower than the use after it has no lead."
    ),
    benign_twins=(
        "Authorised red teams: mostly refused all along, without undisturbed use at scale; declared ones are for the "
        "purpose evidence. A retry storm: many refusals of few prompts, negative. A developer who tunes a prompt past "
        "a false refusal: few refusals. Cyber, biology and other harms: not weighed here."
    ),
    would_change=(
        "The refused prompts read by a person and found to be one task tuned past a false refusal; an authorisation "
        "for red teaming that covers these days."
    ),
    references=(
        "Anthropic, threat report of September 2026, p. 145: more than 12,000 techniques, most rejected, then scale",
        "tashfeenahmed/freellmapi#1210: a retry storm is not abuse",
        "anthropics/claude-code#87273: honest sessions refused as reasoning extraction",
    ),
    examine=examine,
)
