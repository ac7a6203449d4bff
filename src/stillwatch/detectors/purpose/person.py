"""One person at work: nights, conversations, irregular pauses, a human number of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.purpose.kinds import Purpose, Seen, kind, nearest, none_where, weigh
from stillwatch.detectors.weights.words import counted, percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "person"
MIN_SPAN_D: Final = 3.0
"""Shortest time over which nights are seen (days)."""
MIN_GAPS: Final = 20.0
"""Fewest pauses from which irregularity is read (pauses)."""
MOST_END_USERS: Final = 5.0
"""Most end users told apart that one person may seem to be (end users)."""
_REACH_ERROR_LOG2: Final = 0.35

# Rates: requests in the quietest six hours, single turn, commonest template.
# Sizes: ln of the variation of pauses, log10 of requests a day, log2 of networks, client programs, end users.
PERSON: Final = Purpose(
    extraction=0.04,
    honest=0.30,
    shares=("quiet", "single_turn", "template"),
    sizes=("gap_cv_ln", "rate_log10", "nets_log2", "programs_log2", "end_users_log2"),
    meant=(
        kind(
            "one person",
            1.0,
            ((1, 19), (1.5, 4), (1, 6)),
            ((0.1, 0.5), (1.3, 0.5), (0.9, 1.0), (0.5, 0.5), (0.1, 0.4)),
        ),
    ),
    others=(
        kind(
            "a script with hours off",
            0.1,
            ((1, 12), (9, 1), (5, 2)),
            ((-0.3, 0.7), (2.0, 0.8), (1.0, 1.0), (0.3, 0.5), (0.2, 0.6)),
        ),
        kind(
            "many people behind one account",
            0.2,
            ((6, 40), (2, 4), (1, 3)),
            ((0.1, 0.3), (2.8, 0.7), (2.5, 2.0), (1.5, 1.2), (5.0, 2.0)),
        ),
        kind(
            "other people's requests passed on, a few a day",
            0.1,
            ((1.5, 15), (2, 4), (1, 4)),
            ((-0.2, 0.6), (0.9, 0.5), (3.5, 1.8), (1.8, 0.8), (1.5, 1.5)),
        ),
        kind(
            "a machine around the clock",
            0.15,
            ((20, 80), (6, 2), (5, 2)),
            ((-1.0, 0.6), (3.0, 1.0), (1.5, 1.5), (0.3, 0.5), (0.2, 0.6)),
        ),
        kind(
            "an application",
            0.2,
            ((6, 40), (3, 2), (10, 1)),
            ((0.1, 0.3), (3.0, 0.8), (1.5, 1.2), (0.4, 0.6), (6.0, 2.0)),
        ),
        kind(
            "scripted requests at a person's hours",
            0.1,
            ((1, 15), (9, 1), (2, 2)),
            ((0.1, 0.5), (1.3, 0.5), (1.2, 1.2), (0.4, 0.5), (0.2, 0.6)),
        ),
        kind(
            "a person's habits at all hours",
            0.05,
            ((12, 60), (1.5, 4), (1, 6)),
            ((0.1, 0.5), (1.3, 0.6), (1.5, 1.5), (0.7, 0.7), (0.3, 0.7)),
        ),
        kind(
            "a few scripted requests a day",
            0.1,
            ((12, 60), (9, 1), (4, 2)),
            ((0.0, 0.5), (1.2, 0.4), (2.0, 1.8), (0.5, 0.6), (0.2, 0.6)),
        ),
    ),
)
"""One person and what looks like one."""


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    gaps = np.nan_to_num(at["gaps_seen"])
    variation = np.where(gaps >= MIN_GAPS, np.log(np.maximum(at["gap_cv"], 0.02)), np.nan)
    return Seen(
        shares={
            # Requests of one hour are not independent: a burst of any size is seen at one hour of the day.
            "quiet": (at["quiet_share"], np.fmin(at["events"], at["hours_active"])),
            "single_turn": (at["single_turn_share"], at["turns_known"]),
            "template": (at["template_share"], at["events"]),
        },
        sizes={
            "gap_cv_ln": (variation, 1 / np.sqrt(2 * np.maximum(gaps, 1.0))),
            "rate_log10": (np.log10(np.maximum(at["events_per_day"], 1e-2)), 0.1),
            "nets_log2": (np.log2(np.maximum(at["client_nets"], 1.0)), _REACH_ERROR_LOG2),
            "programs_log2": (np.log2(np.maximum(at["user_agents"], 1.0)), _REACH_ERROR_LOG2),
            "end_users_log2": (np.log2(np.maximum(at["end_users"], 1.0)), _REACH_ERROR_LOG2),
        },
    )


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        pauses = (
            f"pauses vary by a factor of {rounded(at['gap_cv'])} of their mean"
            if at["gaps_seen"] >= MIN_GAPS
            else "too few pauses to judge their variation"
        )
        if at["foreign_distinct"] > 0:
            foreign = counted(at["foreign_distinct"], "carried artefact")
            nature = f"{foreign} of another owner, so none is excused"
        elif at["end_users"] > MOST_END_USERS:
            nature = f"{counted(at['end_users'], 'end user')} told apart, so none is excused"
        else:
            nature = f"reads most like {nearest(PERSON, _seen(profile, np.array([row])))[0]}"
        return (
            f"{rounded(at['events_per_day'])} requests a day over {rounded(at['active_span_d'])} days, "
            f"{percent(at['quiet_share'])} of them in the quietest 6 hours of the day (25 % would be round the clock); "
            f"{percent(at['single_turn_share'])} of {whole(at['turns_known'])} single-turn; {pauses}; "
            f"{percent(at['template_share'])} inside one recurring template; "
            f"{counted(at['client_nets'], 'network')}, {counted(at['user_agents'], 'client program')}; {nature}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh whether one person writes; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (missing(profile, "quiet_share"), "the times of the requests are unknown, or a counter of them is full"),
            (missing(profile, *DETECTOR.requires), "the log does not say how many turns a request had"),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few to see a person's habits"),
            (fewer(profile.column("turns_known"), least), f"fewer than {least} requests with known turns"),
            (
                fewer(profile.column("active_span_d"), MIN_SPAN_D),
                f"active for less than {MIN_SPAN_D:.0f} days, too short to see nights",
            ),
        )
    )
    able = gate.reason == 0
    refused = (profile.column("foreign_distinct")[able] > 0) | (profile.column("end_users")[able] > MOST_END_USERS)
    weights = none_where(weigh(PERSON, _seen(profile, able)), refused)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="one person with nights and conversations",
    group="manner",
    needs=("ts_ms", "n_turns"),
    reads=(
        *(
            "events",
            "active_span_d",
            "hours_active",
            "events_per_day",
            "quiet_share",
            "turns_known",
            "single_turn_share",
        ),
        *("gaps_seen", "gap_cv", "template_share", "client_nets", "user_agents", "end_users", "foreign_distinct"),
    ),
    requires=("events", "active_span_d", "events_per_day", "quiet_share", "turns_known", "single_turn_share"),
    weight_model=(
        "One person beside eight look-alikes (script with hours off, many people behind one account, other people's "
        "requests passed on, machine around the clock, application, scripted requests at a person's hours, a "
        "person's habits at all hours, a few scripted requests a day), each with a beta-binomial for three shares "
        "(requests in the quietest six hours, single turn, commonest template) and normals for logarithms of the "
        "variation of pauses, of requests a day, networks, client programs and end users: PERSON lists every rate. "
        "30 % of honest accounts are one person, 4 % of extracting ones look so (relays that keep one person an "
        "account): at least -2.9 bits, never above 0. No single trait reaches that: each look-alike shares some of "
        "them. One carried artefact of another owner, or more than 5 end users, takes the weight away. Low and high: "
        "each share over its 90 % Wilson interval and each size over its error, in quadrature. All rates are "
        "judgements, none is calibrated."
    ),
    blind_spot=(
        "A live relay that gives each of its users an account of their own sends what people write, at people's "
        "hours, and looks so throughout. To imitate a person without people, a copier must keep accounts at a "
        "person's rate, with nights and several turns: a thousand times as many accounts for the same text. A person "
        "who works through a program with a fixed system text earns less."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: a few scripted single-turn requests a day, scheduled "
        "batches with nights, and pools whose users are awake at all hours. Where in the day the nights lie is never "
        "looked at."
    ),
    would_change=(
        "Other accounts with the same habits, system text or networks; requests at the same pace day and night once "
        "more weeks are read."
    ),
    references=(
        "Advisory AA26-251A (2026): no human rhythm as an indicator of model distillation",
        "Recorded human chat: gaps of 3, 14 and 66 s at p10, p50, p90; judge calls: 12, 16.5 and 23 s",
        "Anthropic, threat report of September 2026: live relay of own users' requests, about 6 an account and day",
    ),
    examine=examine,
)
