"""About half of the use moved to a new model within a day. Corroboration only: releases draw everybody."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.kinds import Kind, kind_bits
from stillwatch.detectors.weights.likelihood import Beta, log_beta_binomial, wilson
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "model_pivot"
PIVOT_H: Final = 24.0
"""Time within which a pivot begins (hours)."""
_HALF, _ANY_MIX = Beta(4.0, 4.0), Beta(0.4, 1.0)
_SOON_IF_PIVOT, _SOON_ELSE = 0.97, 0.25
_MOST: Final = 200.0


def pivot_bits(
    share: NDArray[np.float64], events: NDArray[np.float64], lag_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weigh the share of requests to the newest model and how soon they began.

    Parameters
    ----------
    share
        Share of requests to the newest model, 0 to 1.
    events
        Requests.
    lag_h
        From the model's appearance to the account's first use of it (hours); NaN where it was not used.
    """
    n = np.minimum(events, _MOST)
    soon = lag_h <= PIVOT_H
    half, other = (log_beta_binomial(np.clip(share, 0.0, 1.0) * n, n, rate) for rate in (_HALF, _ANY_MIX))
    in_time = [np.where(soon, log(chance), log(1 - chance)) for chance in (_SOON_IF_PIVOT, _SOON_ELSE)]
    return kind_bits(Kind(0.25, 0.155, half + in_time[0]), Kind(0.75, 0.845, other + in_time[1]))


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        text = f"{percent(at['pivot_share'])} of {whole(at['events'])} requests went to the newest model"
        if np.isnan(at["pivot_lag_h"]):
            return f"{text}, whose first use is unknown"
        return f"{text}, from {rounded(at['pivot_lag_h'])} h after it appeared"

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh a move to the newest model; one answer an account."""
    gate = Gate(
        (
            (
                missing(profile, *DETECTOR.requires),
                "no new model appeared in the log a day or more after it began, or models are unknown",
            ),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to see use move",
            ),
        )
    )
    able = gate.reason == 0
    share, events, lag_h = (profile.column(name)[able] for name in ("pivot_share", "events", "pivot_lag_h"))
    parts = [pivot_bits(end, events, lag_h) for end in (share, *wilson(share, events))]
    weights = [parts[0], np.minimum.reduce(parts), np.maximum.reduce(parts)]
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="half of the use moved to a new model within a day",
    group="habits",
    needs=("ts_ms", "model_served"),
    reads=("events", "pivot_share", "pivot_lag_h"),
    requires=("events", "pivot_share"),
    weight_model=(
        "Beta-binomial mixture over requests. A pivot puts Beta(4, 4) of the use (about half) on the newest model and "
        "begins within 24 h in 97 of 100 cases; other accounts use it at Beta(0.4, 1) and begin within 24 h in 25 of "
        "100. 25 % of extracting accounts pivot, 15.5 % of honest ones do too (release-day tests, agents that follow "
        "the default): at most +0.7 bits, +0.5 at exactly half, at least -0.2. Low and "
        "high: over the 90 % Wilson interval of the share. "
        "None of these rates is measured."
    ),
    blind_spot=(
        "Logs in which no model appears after the first day; a release late in the log, where even a full move is a "
        "small share. An account that only ever used the new model did not move, and weighs about nothing. What "
        "appeared last in this log need not be a new model."
    ),
    benign_twins=(
        "Release-day benchmarks, early adopters, tools whose default changed. Nearly one in six honest accounts moves "
        "as fast. It corroborates other evidence, no more."
    ),
    would_change="A tool whose default model changed that day; a published test of the new model.",
    references=(
        "Anthropic, report of February 2026: one campaign moved nearly half of its traffic within 24 h of a release",
        "Advisory AA26-251A (2026): quick change to new models",
    ),
    examine=examine,
)
