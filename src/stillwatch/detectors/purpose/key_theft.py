"""A key in other hands: new networks begin together and late, while the old ones go on.

Speaks for the owner. It does not say that nothing was extracted, but that somebody else did it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.purpose.kinds import Purpose, Seen, kind, nearest, none_where, weigh
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "key_theft"
MIN_NETWORK_SHARE: Final = 0.5
"""Least share of requests with a known network (0 to 1)."""

# Rates: requests from new networks. Sizes: log10 of the time over which those began, when the first of them
# began (both of the active time), log2 of the fullest bin over the median bin.
KEY_THEFT: Final = Purpose(
    extraction=0.00025,
    honest=0.004,
    shares=("new_nets",),
    sizes=("spread_log10", "begin", "peak_log2"),
    meant=(kind("a key in other hands", 1.0, ((4, 2),), ((-1.8, 0.5), (0.7, 0.15), (5.0, 1.5))),),
    others=(
        kind("the same networks throughout", 0.45, ((0.3, 9),), ((-0.6, 0.4), (0.4, 0.15), (1.5, 0.8))),
        kind("networks that change all the time", 0.3, ((4, 3),), ((-0.2, 0.15), (0.28, 0.05), (1.5, 0.8))),
        kind("networks that change, with a burst", 0.05, ((4, 2),), ((-0.4, 0.3), (0.5, 0.2), (4.5, 1.5))),
        kind("a second site or team", 0.1, ((2, 4),), ((-1.2, 0.6), (0.5, 0.2), (1.5, 0.8))),
        kind("a second site that takes the work over", 0.1, ((4, 2),), ((-1.8, 0.5), (0.7, 0.15), (1.5, 0.8))),
    ),
)
"""A stolen key and what looks like one."""


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    return Seen(
        shares={"new_nets": (at["new_nets_share"], at["events"] * at["network_share"])},
        sizes={
            "spread_log10": (np.log10(np.maximum(at["new_nets_spread"], 0.003)), 0.15),
            "begin": (at["new_nets_at"], 0.02),
            "peak_log2": (np.log2(np.maximum(at["peak_over_median"], 1.0)), 0.2),
        },
    )


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        seen = f"{whole(at['events'])} requests, the fullest time {rounded(at['peak_over_median'])} times the median"
        if not at["new_nets_share"] > 0:
            return f"no network began after the first quarter of the active time; {seen}"
        text = (
            f"from {percent(at['new_nets_at'])} of the active time on, {percent(at['new_nets_share'])} of requests "
            f"come from networks never seen before"
        )
        if at["old_nets_kept"] != 1:
            return f"{text}, and the old ones are not seen to go on: a move, or a sample that missed them; {seen}"
        began = f"the new ones began within {percent(at['new_nets_spread'])} of that time"
        nature = nearest(KEY_THEFT, _seen(profile, np.array([row])))[0]
        says = "looks like a key in other hands" if nature == KEY_THEFT.meant[0].name else f"reads most like {nature}"
        return f"{says}: {text}, while the old ones go on; {began}; {seen}"

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh whether somebody else took the key; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (
                missing(profile, *DETECTOR.requires),
                "the log holds no client network, or too short a time, to see new ones begin",
            ),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few to see networks begin"),
            (
                fewer(profile.column("network_share"), MIN_NETWORK_SHARE),
                f"fewer than {percent(MIN_NETWORK_SHARE)} of requests have a known network",
            ),
        )
    )
    able = gate.reason == 0
    # Not kept is a move; unknown is that no new network began.
    moved = ~(profile.column("old_nets_kept")[able] == 1)
    weights = none_where(weigh(KEY_THEFT, _seen(profile, able)), moved)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="a key in other hands",
    group="purpose",
    needs=("client_net", "ts_ms"),
    reads=(
        *("events", "network_share", "new_nets_share", "old_nets_kept", "new_nets_spread", "new_nets_at"),
        "peak_over_median",
    ),
    requires=("events", "network_share", "new_nets_share"),
    weight_model=(
        "A stolen key beside five look-alikes (same networks, networks that change, with and without a burst, a "
        "second site beside or instead of the first), each with a beta-binomial for the share of requests from new "
        "networks and normals for the time over which those began, when the first did, and log2 of the fullest bin "
        "over the median: KEY_THEFT lists every rate. 1 honest account in 250 loses a key, 1 in 4,000 extracting "
        "accounts looks so by its own doing: at least -4 bits, never above 0. Where no early network goes on, the "
        "weight is 0: that is a move. Low and high: the share over its 90 % Wilson interval and each size over its "
        "error, in quadrature. What is weighed is whether the customer extracts; that somebody does stays open. All "
        "rates are judgements, none is calibrated."
    ),
    blind_spot=(
        "To imitate it a copier must keep an account in modest honest use for some time, then burst from elsewhere "
        "and let the old use go on: an aged account for each burst, which is lost once the owner is asked. Cheap for "
        "one burst, so the finding is a reason to ask the owner and to turn the key, not to leave the account alone. "
        "Only 8 networks are sampled: a thief with many networks crowds the old ones out and nothing is told. A "
        "thief who takes the key at once, or goes through the owner's own network, is not seen."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: a move to other networks (the old ones end), rotating "
        "proxies and phones (new ones begin all the time), and a second site that grows without a burst."
    ),
    would_change=(
        "The owner's word that the new networks are the owner's; a key that was turned while the burst went on."
    ),
    references=(
        "anthropics/claude-code#96048: a stolen key's burst is its owner's loss, not the owner's doing",
        "Anthropic, Detecting and preventing distillation attacks (February 2026): pools fed with stolen keys",
    ),
    examine=examine,
)
