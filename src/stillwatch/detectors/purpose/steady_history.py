"""An account's own history: old, long in use, without a burst and without a change of direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.purpose.kinds import Purpose, Seen, kind, nearest, weigh
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "steady_history"
MIN_SPAN_D: Final = 14.0
"""Shortest time of use in the log that is a history (days)."""

# Rates: requests to the newest model. Sizes: log10 of age in days, log10 of days in use, log2 of peak over median.
STEADY_HISTORY: Final = Purpose(
    extraction=0.12,
    honest=0.25,
    shares=("pivot",),
    sizes=("age_log10", "span_log10", "peak_log2"),
    meant=(kind("an old account in steady use", 1.0, ((1, 6),), ((2.5, 0.5), (1.7, 0.4), (0.8, 0.5))),),
    others=(
        kind("a new account", 0.5, ((1, 3),), ((0.7, 0.8), (1.2, 0.5), (2.2, 1.2))),
        kind("an old account in sudden use", 0.3, ((1, 2),), ((2.3, 0.6), (1.5, 0.5), (3.5, 1.2))),
        kind("use that changes", 0.2, ((1, 2),), ((1.8, 0.8), (1.5, 0.4), (2.0, 1.0))),
    ),
)
"""Steady accounts and what looks like them."""


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    return Seen(
        shares={"pivot": (at["pivot_share"], at["events"])},
        sizes={
            "age_log10": (np.log10(np.maximum(at["age_at_first_d"], 0.1)), 0.0),
            "span_log10": (np.log10(np.maximum(at["active_span_d"], 0.1)), 0.0),
            "peak_log2": (np.log2(np.maximum(at["peak_over_median"], 1.0)), 0.3),
        },
    )


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        age = (
            "sign-up unknown"
            if np.isnan(at["age_at_first_d"])
            else f"first request here {rounded(at['age_at_first_d'])} days after sign-up"
        )
        pivot = "" if np.isnan(at["pivot_share"]) else f"; {percent(at['pivot_share'])} went to the newest model"
        return (
            f"{whole(at['events'])} requests over {rounded(at['active_span_d'])} days, the fullest time "
            f"{rounded(at['peak_over_median'])} times the median; {age}{pivot}; reads most like "
            f"{nearest(STEADY_HISTORY, _seen(profile, np.array([row])))[0]}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh an account's own history; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (
                missing(profile, *DETECTOR.requires),
                "the times of the requests are unknown, or a counter of them is full",
            ),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few to see a steady use"),
            (
                fewer(profile.column("active_span_d"), MIN_SPAN_D),
                f"active for less than {MIN_SPAN_D:.0f} days in this log, too short for a history",
            ),
        )
    )
    weights = weigh(STEADY_HISTORY, _seen(profile, gate.reason == 0))
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="an old account in steady use",
    group="manner",
    needs=("ts_ms",),
    reads=("events", "active_span_d", "peak_over_median", "age_at_first_d", "pivot_share"),
    requires=("events", "active_span_d", "peak_over_median"),
    weight_model=(
        "An old account in steady use beside three look-alikes (new account, old account in sudden use, use that "
        "changes), each with a beta-binomial for the share of requests to the newest model and normals for log10 of "
        "age at the first request seen and of days in use and log2 of the fullest bin over the median: "
        "STEADY_HISTORY lists every rate. 25 % of honest accounts are such, 12 % of extracting ones: at least -1.1 "
        "bits, never above 0. Low and high: the share over its 90 % Wilson interval and the peak over its error, in "
        "quadrature. All rates are judgements, none is calibrated."
    ),
    blind_spot=(
        "To imitate it a copier needs patience or bought accounts, and gives up bursts: a slow harvest from aged "
        "accounts is steady too, which is why it counts so little. What the account did before the log begins is "
        "known only by its sign-up."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: an aged account that lies idle and then bursts, and "
        "one that turns to a new model at once. A new account earns nothing and loses nothing."
    ),
    would_change=(
        "A change of owner or of use in logs before this one; other accounts that burst when this one is steady."
    ),
    references=(
        "Advisory AA26-251A (2026): new accounts that go straight to the maximum; aged accounts in pools",
        "xiufengsun/TokenTracker#534: compare an account with its like and with itself before acting",
    ),
    examine=examine,
)
