"""Round-the-clock use and mechanical pauses. Weak alone: most machines are honest."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.likelihood import BITS, Beta, log_beta_binomial, log_normal, mix, wilson
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "rhythm"
MIN_SPAN_D: Final = 3.0
"""Shortest time over which a night can be told from a pause (days)."""
MIN_GAPS: Final = 20.0
"""Fewest pauses from which regularity is read (pauses)."""
_ROUND_THE_CLOCK: Final = (0.5, 0.3)
_SLEEPS, _NEVER_SLEEPS = Beta(1.0, 19.0), Beta(20.0, 80.0)
_MOST_EVENTS: Final = 200.0
_MECHANICAL: Final = (0.4, 0.25)
_CLOCK, _CHANCE = (log(0.3), 0.5), (log(1.1), 0.4)
_LEAST_CV: Final = 0.02


def _ratio(
    shares: tuple[float, float], machine: NDArray[np.float64], person: NDArray[np.float64]
) -> NDArray[np.float64]:
    extraction, honest = shares
    return BITS * (mix((extraction, machine), (1 - extraction, person)) - mix((honest, machine), (1 - honest, person)))


def quiet_bits(quiet: NDArray[np.float64], events: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh the share of requests in the quietest six hours of the day."""
    n = np.minimum(events, _MOST_EVENTS)
    k = np.minimum(quiet, 1.0) * n
    return _ratio(_ROUND_THE_CLOCK, log_beta_binomial(k, n, _NEVER_SLEEPS), log_beta_binomial(k, n, _SLEEPS))


def gap_bits(cv: NDArray[np.float64], gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh the coefficient of variation of pauses; ln cv of m pauses has variance about 1 / 2m."""
    at = np.log(np.maximum(cv, _LEAST_CV))
    noise = 1 / (2 * np.maximum(gaps, 1.0))
    densities = [log_normal(at, mean, np.sqrt(sd * sd + noise)) for mean, sd in (_CLOCK, _CHANCE)]
    return _ratio(_MECHANICAL, densities[0], densities[1])


def _gap_interval(
    cv: NDArray[np.float64], gaps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    known = (gaps >= MIN_GAPS) & ~np.isnan(cv)
    sure = np.where(known, cv, 1.0)
    half = np.exp(1.6449 / np.sqrt(2 * np.maximum(gaps, 1.0)))
    bits = [np.where(known, gap_bits(at, gaps), 0.0) for at in (sure, sure / half, sure * half)]
    return bits[0], np.minimum.reduce(bits), np.maximum.reduce(bits)


def _weigh(profile: Profile, able: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    quiet = profile.column("quiet_share")[able]
    # Requests of one hour are not independent: a burst of any size is seen at one hour of the day.
    events = np.fmin(profile.column("events"), profile.column("hours_active"))[able]
    weight = quiet_bits(quiet, events)
    ends = [quiet_bits(end, events) for end in wilson(quiet, np.minimum(events, _MOST_EVENTS))]
    low, high = np.minimum.reduce([weight, *ends]), np.maximum.reduce([weight, *ends])
    gap, gap_low, gap_high = _gap_interval(
        profile.column("gap_cv")[able], np.nan_to_num(profile.column("gaps_seen")[able])
    )
    down = np.hypot(weight - low, gap - gap_low)
    up = np.hypot(high - weight, gap_high - gap)
    total = weight + gap
    return [total, total - down, total + up]


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        text = (
            f"{percent(at['quiet_share'])} of {whole(at['events'])} requests fall in the quietest 6 hours of the day "
            f"(25 % would be round the clock); active in {whole(at['hours_active'])} of 168 hours of the week over "
            f"{rounded(at['active_span_d'])} days"
        )
        if not at["gaps_seen"] >= MIN_GAPS:
            return f"{text}; too few pauses to judge their regularity"
        return (
            f"{text}; {whole(at['gaps_seen'])} pauses of {rounded(at['gap_mean_s'])} s on average vary by a factor of "
            f"{rounded(at['gap_cv'])} of their mean (0 is a clock, 1 is chance)"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh day, night and pauses; one answer an account."""
    gate = Gate(
        (
            (
                missing(profile, *DETECTOR.requires),
                "the times of the requests are unknown, or a counter of them is full",
            ),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to see a rhythm",
            ),
            (
                fewer(profile.column("active_span_d"), MIN_SPAN_D),
                f"active for less than {MIN_SPAN_D:.0f} days, too short to tell nights from pauses",
            ),
        )
    )
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, _weigh(profile, gate.reason == 0), _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="no nights and mechanical pauses",
    group="habits",
    needs=("ts_ms",),
    reads=("events", "active_span_d", "quiet_share", "hours_active", "gaps_seen", "gap_mean_s", "gap_cv"),
    requires=("events", "active_span_d", "quiet_share"),
    weight_model=(
        "Two mixtures, added. Share of requests in the quietest 6 hours, counted as at most one observation an active "
        "hour of the week: Beta(1, 19) with nights (mean 5 %), Beta(20, "
        "80) without (mean 20 %); 50 % of extracting accounts (relays and agent runs follow people) and 30 % of honest "
        "ones (applications, schedules, batch) have no nights: at most +0.7, at least -0.5 bits. Variation of pauses: "
        "log-normal around 0.3 for a machine, around 1.1 for people and independent users; 40 % of extracting and 25 % "
        "of honest accounts are machines: at most +0.7, at least -0.3 bits. Low and high: both measures over their 90 "
        "% intervals, in quadrature."
    ),
    blind_spot=(
        "Jitter, working-hours scheduling and use spread over accounts; sampled windows more than half full hide "
        "pauses. Times set at reading, not by the log, show no rhythm and must be withheld."
    ),
    benign_twins=(
        "Schedules, batch jobs, CI, monitors and services with users around the world are as round-the-clock and as "
        "mechanical. The weight is small for that reason and its group cannot report an account alone. A person's "
        "nights speak for the account; the quiet hours count wherever in the day they lie."
    ),
    would_change=(
        "The schedule, batch job or service behind the requests; users in many places who explain the missing nights."
    ),
    references=(
        "Advisory AA26-251A (2026): no human rhythm as an indicator of model distillation",
        "Recorded judge calls (gaps of 12, 16.5 and 23 s at p10, p50, p90) against human chat (3, 14, 66 s)",
    ),
    examine=examine,
)
