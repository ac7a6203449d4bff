"""A broken client: the same few requests again and again within the hour, most of them refused or failing."""

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

NAME: Final = "retry_storm"

# Rates: requests that fail, distinct prompts, prompts that repeat, prompts that return an hour later.
# Sizes: log2 of requests a prompt.
RETRY_STORM: Final = Purpose(
    extraction=0.00125,
    honest=0.01,
    shares=("failing", "distinct", "repeated", "returning"),
    sizes=("times_log2",),
    meant=(kind("a broken client's retries", 1.0, ((3, 2), (1, 15), (6, 1), (1, 4)), ((4.0, 1.5),)),),
    others=(
        kind("work slowed down by limits", 0.2, ((2, 4), (5, 2), (2, 4), (1, 9)), ((0.4, 0.5),)),
        kind("several answers drawn for each prompt", 0.1, ((1, 9), (2, 5), (9, 1), (1, 6)), ((2.5, 1.0),)),
        kind("a known set sent again", 0.1, ((0.5, 20), (1, 6), (9, 1), (9, 1)), ((3.0, 1.5),)),
        kind("requests that succeed", 0.6, ((0.5, 20), (9, 1), (1, 9), (1, 9)), ((0.1, 0.3),)),
    ),
)
"""Retry storms and what looks like them."""
STUCK: Final = Purpose(
    extraction=0.004,
    honest=0.01,
    shares=RETRY_STORM.shares,
    sizes=RETRY_STORM.sizes,
    meant=(
        kind("a few requests stuck beside ordinary use", 1.0, ((4, 3), (2, 5), (0.5, 12), (0.3, 12)), ((0.1, 0.3),)),
    ),
    others=RETRY_STORM.others,
)
"""The same while ordinary use goes on: repeats that no sampled prompt shows are those of a few. Failing requests
cost nothing, so this is cheap to imitate and counts less."""


def _failing(profile: Profile) -> NDArray[np.float64]:
    """Add up limits and failures, which exclude each other."""
    return np.asarray(np.minimum(profile.column("throttled_share") + profile.column("error_share"), 1.0))


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    return Seen(
        shares={
            "failing": (_failing(profile)[rows], at["events"]),
            "distinct": (at["distinct_share"], at["prompts_known"]),
            "repeated": (at["repeated_share"], at["sampled_prompts"]),
            "returning": (at["returning_share"], at["sampled_prompts"]),
        },
        sizes={"times_log2": (np.log2(np.maximum(at["samples_per_prompt"], 1.0)), 0.2)},
    )


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        seen = _seen(profile, np.array([row]))
        stuck = nearest(STUCK, seen)[0]
        nature = stuck if stuck == STUCK.meant[0].name else nearest(RETRY_STORM, seen)[0]
        return (
            f"of {whole(at['events'])} requests {percent(at['throttled_share'])} met a limit and "
            f"{percent(at['error_share'])} failed; {percent(at['distinct_share'])} of prompts are distinct, "
            f"{rounded(at['samples_per_prompt'])} requests a prompt; {percent(at['repeated_share'])} of sampled "
            f"prompts repeat, {percent(at['returning_share'])} an hour or more later; reads most like {nature}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh whether a client repeats failing requests; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (missing(profile, "throttled_share", "error_share"), "the log does not give the status of requests"),
            (missing(profile, *DETECTOR.requires), "the log holds no prompt text, so repeats cannot be counted"),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few to see a storm of them"),
            (fewer(profile.column("prompts_known"), least), f"fewer than {least} prompts, too few to see repeats"),
        )
    )
    seen = _seen(profile, gate.reason == 0)
    weights = [np.minimum(*both) for both in zip(weigh(RETRY_STORM, seen), weigh(STUCK, seen), strict=True)]
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {"failing_share": _failing(profile)}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="a broken client's retries",
    group="purpose",
    needs=("status", "prompt", "ts_ms"),
    reads=(
        *("events", "throttled_share", "error_share", "prompts_known", "distinct_share", "sampled_prompts"),
        *("repeated_share", "returning_share", "samples_per_prompt"),
    ),
    requires=("events", "throttled_share", "error_share", "prompts_known", "distinct_share", "repeated_share"),
    weight_model=(
        "Retries of a broken client beside four look-alikes (work slowed down by limits, several answers a prompt, a "
        "known set sent again, requests that succeed), each with a beta-binomial for four shares (requests that met "
        "a limit or failed, distinct prompts, prompts that repeat, prompts that return an hour later) and a normal "
        "for log2 of requests a prompt: RETRY_STORM lists every rate. 1 % of honest accounts have such a storm, 1 in "
        "800 extracting ones: at least -3 bits, never above 0. A few requests stuck beside ordinary use (STUCK: most "
        "requests fail and few prompts are distinct, though hardly any sampled prompt repeats) 1 % against 0.4 %: at "
        "least -1.3 bits; the stronger counts. Low and high: each share over its 90 % Wilson interval and the size "
        "over its error, in quadrature. All rates are judgements, none is calibrated."
    ),
    blind_spot=(
        "To imitate it a copier must have most requests fail and send few prompts: there is nothing left to copy. "
        "Beside a harvest, requests that fail cost it nothing: that is why stuck requests count little. A harvest "
        "whose own client breaks for a while looks so as long as the storm outnumbers it. A storm of many hours "
        "returns, and earns less."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: a harvest slowed down by limits (many distinct "
        "prompts, each retried a few times) and several answers a prompt (few failures)."
    ),
    would_change=(
        "Requests that succeed in number beside the failing ones once more of the log is read; failures that only "
        "some of the prompts draw."
    ),
    references=("tashfeenahmed/freellmapi#1210: one project's retry storm got several keys banned",),
    examine=examine,
)
