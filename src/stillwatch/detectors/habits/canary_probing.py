"""A few exact prompts that keep coming back among ever new ones, where some requests are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.kinds import Kind, kind_bits, log_beta_share
from stillwatch.detectors.weights.likelihood import Beta, log_beta_binomial, wilson
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "canary_probing"
MIN_SAMPLED: Final = 12.0
"""Fewest different prompts in the sample from which it is told that few return (prompts)."""
MIN_SPAN_D: Final = 3.0
"""Shortest use over which prompts can keep coming back (days)."""
_FEW_RETURN, _HARDLY_ANY, _ALL_RETURN = Beta(2.0, 10.0), Beta(0.3, 6.0), Beta(6.0, 1.5)
_LONG, _ANY_LENGTH = Beta(4.0, 2.0), Beta(1.0, 1.0)
_REFUSED, _SELDOM = Beta(1.0, 8.0), Beta(0.2, 40.0)
_MOST: Final = 200.0
_NEVER: Final = -100.0


def canary_bits(
    returning: NDArray[np.float64],
    sampled: NDArray[np.float64],
    long: NDArray[np.float64],
    refused: NDArray[np.float64],
    events: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weigh few returning prompts, over how long they return, and refusals.

    Parameters
    ----------
    returning, sampled
        Share of sampled prompts that returned an hour or more later, and how many were sampled.
    long
        Time over which repeated prompts return, of the active time, 0 to 1; NaN where none repeats.
    refused, events
        Share of requests refused, and requests.
    """
    n = np.minimum(events, _MOST)
    k = np.round(np.clip(returning, 0.0, 1.0) * sampled)
    few, hardly, all_of_them = (log_beta_binomial(k, sampled, rate) for rate in (_FEW_RETURN, _HARDLY_ANY, _ALL_RETURN))
    often, seldom = (log_beta_binomial(np.clip(refused, 0.0, 1.0) * n, n, rate) for rate in (_REFUSED, _SELDOM))
    length = np.where(np.isnan(long), 0.5, long)
    lasting, any_length = log_beta_share(length, _LONG), log_beta_share(length, _ANY_LENGTH)
    canary = np.where((k >= 1) & ~np.isnan(long), few + often + lasting, _NEVER)
    return kind_bits(
        Kind(0.16, 0.10, canary),
        Kind(0.57, 0.63, hardly + seldom + any_length),
        Kind(0.12, 0.12, all_of_them + seldom + any_length),
        Kind(0.15, 0.15, hardly + often + any_length),
    )


def _weigh(profile: Profile, able: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    returning, sampled, refused, events, span_d, repeat_d = (
        profile.column(name)[able]
        for name in ("returning_share", "sampled_prompts", "refused_share", "events", "active_span_d", "repeat_span_d")
    )
    long = np.clip(repeat_d / span_d, 0.0, 1.0)
    corners = [
        (returning, refused),
        *((back, refused) for back in wilson(returning, sampled)),
        *((returning, no) for no in wilson(refused, events)),
    ]
    parts = [canary_bits(back, sampled, long, no, events) for back, no in corners]
    return [parts[0], np.minimum.reduce(parts), np.maximum.reduce(parts)]


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        back = whole(at["returning_share"] * at["sampled_prompts"])
        span = at["repeat_span_d"]
        length = "" if np.isnan(span) else f", repeats over {rounded(span)} of {rounded(at['active_span_d'])} days"
        return (
            f"{back} of {whole(at['sampled_prompts'])} sampled prompts came back an hour or more later{length}; "
            f"{percent(at['refused_share'])} of {whole(at['events'])} requests were refused"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh a few prompts that keep coming back; one answer an account."""
    gate = Gate(
        (
            (
                missing(profile, "events", "sampled_prompts", "returning_share", "active_span_d"),
                "the log holds no prompts, so none can be seen to come back",
            ),
            (missing(profile, *DETECTOR.requires), "the log does not show which requests were refused"),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to tell canaries from chance",
            ),
            (
                fewer(profile.column("sampled_prompts"), MIN_SAMPLED),
                f"fewer than {MIN_SAMPLED:.0f} different prompts, too few to say that most do not come back",
            ),
            (
                fewer(profile.column("active_span_d"), MIN_SPAN_D),
                f"active for less than {MIN_SPAN_D:.0f} days, too short for prompts to keep coming back",
            ),
        )
    )
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, _weigh(profile, gate.reason == 0), _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="a few exact prompts that keep coming back among new ones",
    group="habits",
    needs=("prompt", "ts_ms", "finish_reason"),
    reads=("events", "active_span_d", "sampled_prompts", "returning_share", "repeat_span_d", "refused_share"),
    requires=("events", "active_span_d", "sampled_prompts", "returning_share", "refused_share"),
    weight_model=(
        "Four kinds of account over 16 sampled prompts. Canaries: at least one and around Beta(2, 10) of the prompts "
        "come back (mean 1 in 6), over most of the active time (Beta(4, 2)), and requests are refused at Beta(1, 8); "
        "16 % of extracting and 10 % of honest accounts (health checks, greetings, *continue*, in accounts that are "
        "also refused): at most +0.7 bits, about +0.5 at the centres. Nothing comes back and hardly anything is "
        "refused (Beta(0.2, 40)): 57 % against 63 %, -0.1. Nearly all come back: 12 % of both, 0 bits, since "
        "known sets are for the purpose evidence. "
        "Refusals without canaries: 15 % of both. Low and high: over the 90 % Wilson intervals of both shares. None of "
        "these rates is measured."
    ),
    blind_spot=(
        "A handful of canaries among thousands of different prompts is hardly ever in a sample of 16. Canaries sent by "
        "another account, or reworded each time, are not seen; nor is whether they follow an enforcement."
    ),
    benign_twins=(
        "Drift monitors, whose prompts all return, and health checks, whose one prompt returns. Chats in which the "
        "same short turn recurs. One in ten honest accounts looks the same, so it tips nothing alone."
    ),
    would_change="The health check or monitor that sends the prompts; the same prompts in other customers' use.",
    references=("Advisory AA26-251A (2026): harnesses that test for degraded or decoy answers",),
    examine=examine,
)
