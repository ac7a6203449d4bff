"""Agents at work for one owner: a coding agent, CI, orchestration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.purpose.kinds import Purpose, Seen, kind, nearest, none_where, weigh, where_shown
from stillwatch.detectors.weights.words import counted, percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "own_agent"
_REACH_ERROR_LOG2: Final = 0.35

# Rates: tools, carried reasoning, single turn. Sizes: log2 of networks, client programs, system texts, end users.
OWN_AGENT: Final = Purpose(
    extraction=0.045,
    honest=0.22,
    shares=("tools", "carried", "single_turn"),
    sizes=("nets_log2", "programs_log2", "systems_log2", "end_users_log2"),
    meant=(
        kind(
            "a coding agent of one owner",
            0.8,
            ((8, 1), (4, 2), (1, 6)),
            ((1.0, 1.0), (0.3, 0.5), (2.0, 1.3), (0.3, 0.7)),
        ),
        kind(
            "agents in CI",
            0.2,
            ((8, 1), (3, 2), (2, 3)),
            ((5.0, 1.5), (0.2, 0.4), (1.5, 1.2), (0.3, 0.7)),
        ),
    ),
    others=(
        kind(
            "a relay of many people's sessions",
            0.15,
            ((3, 2), (2, 2), (2, 4)),
            ((3.0, 2.0), (2.5, 1.5), (5.5, 1.5), (5.0, 2.0)),
        ),
        kind(
            "an application whose users get tools",
            0.2,
            ((3, 2), (1, 4), (3, 2)),
            ((2.0, 1.5), (0.5, 0.7), (1.0, 1.0), (7.0, 2.0)),
        ),
        kind(
            "conversations",
            0.3,
            ((1, 4), (1, 4), (2, 4)),
            ((1.5, 1.2), (0.7, 0.7), (1.5, 1.5), (0.5, 1.0)),
        ),
        kind(
            "single requests that offer tools",
            0.1,
            ((6, 1), (1, 9), (9, 1)),
            ((2.5, 2.0), (0.4, 0.6), (0.7, 1.0), (0.5, 1.5)),
        ),
        kind(
            "single requests",
            0.25,
            ((1, 9), (1, 9), (9, 1)),
            ((1.5, 1.5), (0.4, 0.6), (0.7, 1.0), (0.5, 1.5)),
        ),
    ),
)
"""Agents of one owner and what looks like them."""


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    own = (at["foreign_distinct"] == 0) & (at["owner_known"] == 1)
    sizes = {
        "nets_log2": at["client_nets"],
        "programs_log2": at["user_agents"],
        "systems_log2": at["system_texts"],
        "end_users_log2": at["end_users"],
    }
    return Seen(
        shares={
            "tools": (where_shown(at["tools_share"]), at["params_known"]),
            "carried": (np.where(own, where_shown(at["carried_share"]), np.nan), at["events"]),
            "single_turn": (at["single_turn_share"], at["turns_known"]),
        },
        sizes={name: (np.log2(np.maximum(value, 1.0)), _REACH_ERROR_LOG2) for name, value in sizes.items()},
    )


def _carried(at: dict[str, float]) -> str:
    if not at["carried_share"] > 0:
        return "none is seen to carry reasoning back"
    text = f"{percent(at['carried_share'])} carry reasoning back"
    if at["foreign_distinct"] > 0:
        return f"{text}, {counted(at['foreign_distinct'], 'artefact')} of it another owner's, so none is excused"
    if at["foreign_distinct"] == 0 and at["owner_known"] == 1:
        return f"{text}, all of it the owner's own"
    return f"{text}, whose is unknown and therefore not weighed"


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        return (
            f"{percent(at['tools_share'])} of {whole(at['events'])} requests offer tools, {_carried(at)}; "
            f"{percent(at['single_turn_share'])} single-turn; {counted(at['sessions'], 'session')} from "
            f"{counted(at['client_nets'], 'network')} and {counted(at['user_agents'], 'client program')}; reads most "
            f"like {nearest(OWN_AGENT, _seen(profile, np.array([row])))[0]}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh whether agents work for one owner; one answer an account."""
    least = config.min_events
    tools, carried = profile.column("tools_share"), profile.column("carried_share")
    gate = Gate(
        (
            (missing(profile, *DETECTOR.requires), "the log does not say how many turns a request had"),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few to see an agent"),
            (fewer(profile.column("turns_known"), least), f"fewer than {least} requests with known turns"),
            (~((tools > 0) | (carried > 0)), "the log shows neither tools nor carried reasoning of this account"),
        )
    )
    able = gate.reason == 0
    foreign = profile.column("foreign_distinct")[able] > 0
    weights = none_where(weigh(OWN_AGENT, _seen(profile, able)), foreign)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="agents at work for one owner",
    group="manner",
    needs=("n_turns", "n_tools", "artefacts_carried", "org_id"),
    reads=(
        *("events", "turns_known", "single_turn_share", "params_known", "tools_share", "carried_share"),
        *("foreign_distinct", "owner_known", "sessions", "client_nets", "user_agents", "system_texts", "end_users"),
    ),
    requires=("events", "turns_known", "single_turn_share"),
    weight_model=(
        "Agents of one owner (coding agent 80 %, CI 20 %) beside five look-alikes (relay, application with tools, "
        "conversations, single requests with and without tools), each with a beta-binomial for three shares (tools, "
        "carried reasoning, single turn) and normals for log2 of networks, client programs, system texts and end "
        "users: OWN_AGENT lists every rate. 22 % of honest accounts are such agents, 4.5 % of extracting ones look "
        "so too (of the 15 % that harvest agent runs, those in few places with one program and nobody else's "
        "reasoning): at least -2.3 bits, never above 0. Carried reasoning counts only where every artefact is the "
        "owner's own and the owner is known; one foreign artefact takes the whole weight away. Low and high: each "
        "share over its 90 % Wilson interval and each count over its sketch error, in quadrature. All rates are "
        "judgements, none is calibrated."
    ),
    blind_spot=(
        "Agentic distillation is an agent at work: a copier who runs tasks with tools from one place under one "
        "account pays nothing extra to look so. That is why it counts little."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: relays of many people's agent sessions (many system "
        "texts, programs and end users) and any account that carries another owner's reasoning."
    ),
    would_change=(
        "An organisation map that puts some carried reasoning under another owner; many people's sessions behind the "
        "one program."
    ),
    references=(
        "openai/openai-cookbook#3062 and anthropics/claude-code-action#641: agents over one's own repository banned",
        "Anthropic, Detecting and preventing distillation attacks (February 2026): harvests of agentic coding",
    ),
    examine=examine,
)
