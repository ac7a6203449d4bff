"""A new account straight to its maximum, which then stays there. Weak alone: every launch looks alike."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.kinds import Kind, kind_bits, log_beta_share, over
from stillwatch.detectors.weights.likelihood import Beta, log_normal
from stillwatch.detectors.weights.words import rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "ramp"
MIN_SPAN_D: Final = 5.0
"""Shortest time line on which growth can be told from a busy day (days)."""
_STRAIGHT_AGE, _NEW_AGE, _OLD_AGE = (log(3), 0.7), (log(20), 1.0), (log(400), 1.0)
_AT_ONCE, _ANY_TIME = Beta(1.0, 9.0), Beta(1.0, 1.0)
_LEVEL, _GROWN, _SEASONED = (log(1.8), 0.6), (log(3.0), 0.7), (log(2.5), 0.7)
_STEEPEST: Final = log(8.0)
_BIN: Final = 1 / 24


def ramp_bits(
    age_d: NDArray[np.float64], peak_at: NDArray[np.float64], peak_over_median: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weigh age, place of the peak and how far it stands out.

    Parameters
    ----------
    age_d
        From sign-up to the first request (days).
    peak_at
        Where in the time line the peak lies, 0 to 1.
    peak_over_median
        Fullest over median bin.
    """
    age = np.clip(np.log1p(np.maximum(age_d, 0.0)), _STRAIGHT_AGE[0], _OLD_AGE[0])
    tall = np.clip(np.log(np.maximum(peak_over_median, 1.0)), 0.0, _STEEPEST)
    at_once, any_time = log_beta_share(peak_at, _AT_ONCE), log_beta_share(peak_at, _ANY_TIME)
    return kind_bits(
        Kind(0.34, 0.15, log_normal(age, *_STRAIGHT_AGE) + at_once + log_normal(tall, *_LEVEL)),
        Kind(0.34, 0.40, log_normal(age, *_NEW_AGE) + any_time + log_normal(tall, *_GROWN)),
        Kind(0.32, 0.45, log_normal(age, *_OLD_AGE) + any_time + log_normal(tall, *_SEASONED)),
    )


def _weigh(profile: Profile, able: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    age, peak_d, span_d, tall, events = (
        profile.column(name)[able]
        for name in ("age_at_first_d", "signup_to_peak_d", "active_span_d", "peak_over_median", "events")
    )
    at = np.clip((peak_d - age) / span_d, 0.0, 1.0)
    noise = np.exp(1.6449 / np.sqrt(events * _BIN))
    ends = [
        (age, np.clip(at + side * _BIN, 0.0, 1.0), tall * other) for side in (-1, 1) for other in (1 / noise, noise)
    ]
    return over(ramp_bits, (age, at, tall), *ends)


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        return (
            f"first request {rounded(at['age_at_first_d'])} days after sign-up, fullest time "
            f"{rounded(at['signup_to_peak_d'])} days after it, at {rounded(at['peak_over_median'])} times the median; "
            f"{whole(at['events'])} requests over {rounded(at['active_span_d'])} days"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how soon after sign-up an account was at its maximum; one answer an account."""
    gate = Gate(
        (
            (
                missing(profile, "age_at_first_d", "signup_to_peak_d"),
                "no sign-up time is known for this account; an account file can give it",
            ),
            (
                missing(profile, *DETECTOR.requires),
                "most of the account's time line is empty, or a counter of it is full",
            ),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to see growth",
            ),
            (
                fewer(profile.column("active_span_d"), MIN_SPAN_D),
                f"active for less than {MIN_SPAN_D:.0f} days, too short to tell a maximum from a first day",
            ),
        )
    )
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, _weigh(profile, gate.reason == 0), _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="new account straight to its maximum",
    group="habits",
    needs=("ts_ms",),
    reads=("events", "active_span_d", "age_at_first_d", "signup_to_peak_d", "peak_over_median"),
    requires=("events", "active_span_d", "age_at_first_d", "signup_to_peak_d", "peak_over_median"),
    weight_model=(
        "Three kinds of account. Straight to the maximum (first request around 2 days after sign-up, the peak in the "
        "first tenth of the time line, around 1.8 times the median, so use stays there): 34 % of extracting and 15 % "
        "of honest accounts (launches, migrations, new keys of old customers, trials): at most +1.2 bits. New and "
        "growing (around 20 days, peak at any time, 3 times the median): 34 % against 40 %, -0.2. Old (around 400 "
        "days): 32 % against 45 %, -0.5, since pools are made of fresh accounts and replaced when banned. Low and "
        "high: the peak moved by one of the 24 bins, its height over its counting error. None of these is measured."
    ),
    blind_spot=(
        "Aged, bought or stolen accounts; pools that grow by accounts and not by use; sign-up of the organisation "
        "where accounts are keys. A slow start of some days is enough to pass."
    ),
    benign_twins=(
        "Key rotation or migration (an old customer under a new account), a launch day, a backfill, a class whose "
        "course begins. One in seven honest accounts starts so; a burst that ends stands out more over its median and "
        "counts for less."
    ),
    would_change=(
        "A migration, a launch or an older account of the same customer; a sign-up time that turns out to be that of "
        "a key."
    ),
    references=(
        "Advisory AA26-251A (2026): new accounts that go straight to maximum use",
        "Anthropic, threat report of September 2026: a second pool took over after the first was banned",
    ),
    examine=examine,
)
