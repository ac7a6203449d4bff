"""Many end users inside one account: client programs, system texts, fingerprints, topics. A relay, or a reseller.

Which programs, texts or topics they are is never looked at, and languages are not counted at all.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer
from stillwatch.detectors.weights.kinds import Kind, kind_bits
from stillwatch.detectors.weights.likelihood import log_normal
from stillwatch.detectors.weights.words import counted, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "relay_mixture"
MIN_MEASURES: Final = 2.0
"""Fewest measures that must be known for a mixture to be told (measures)."""
MANY_USERS: Final = 10.0
"""Declared end users from which an account is attributed (users)."""


class Measure(NamedTuple):
    """How one measure is spread over accounts, in natural logarithms."""

    many: tuple[float, float]
    """Mean and standard deviation where many users share the account."""
    few: tuple[float, float]
    """The same where one program or person uses it."""
    error: float
    """90 % error of the logarithm of the measure."""


MEASURES: Final[dict[str, Measure]] = {
    "user_agents": Measure((log(15), 0.8), (log(2), 0.8), 1.6449 * 0.26),
    "system_texts": Measure((log(20), 1.0), (log(2.5), 1.0), 1.6449 * 0.26),
    "tls_fingerprints": Measure((log(6), 0.9), (log(1.5), 0.6), 1.6449 * 0.26),
    "topics_effective": Measure((log(25), 0.4), (log(9), 0.8), 0.1),
}
"""What grows with the number of users behind an account."""
_MIXED, _ATTRIBUTED = (0.339, 0.12), (0.03, 0.05)


def mixture_bits(
    measures: dict[str, NDArray[np.float64]], attributed: NDArray[np.bool_], shift: float = 0.0
) -> NDArray[np.float64]:
    """Weigh the measures that are known under one cause, many users or one.

    Parameters
    ----------
    measures
        Name in MEASURES -> values, at least 1; NaN where unknown.
    attributed
        Whether the customer declares end users or is a declared reseller.
    shift
        How many 90 % errors every measure is moved up.
    """
    many = np.zeros(attributed.shape)
    few = np.zeros(attributed.shape)
    for name, measure in MEASURES.items():
        values = measures[name]
        known = ~np.isnan(values)
        at = np.log(np.maximum(np.where(known, values, 1.0), 1.0)) + shift * measure.error
        # Past the centres more or fewer adds nothing, so that a busier account is not a more suspicious one.
        at = np.clip(at, measure.few[0], measure.many[0])
        many += np.where(known, log_normal(at, *measure.many), 0.0)
        few += np.where(known, log_normal(at, *measure.few), 0.0)
    never = np.full(attributed.shape, -100.0)
    return kind_bits(
        Kind(_MIXED[0], _MIXED[1], np.where(attributed, never, many)),
        Kind(_ATTRIBUTED[0], _ATTRIBUTED[1], np.where(attributed, many, never)),
        Kind(1 - _MIXED[0] - _ATTRIBUTED[0], 1 - _MIXED[1] - _ATTRIBUTED[1], few),
    )


def attributed_to_users(profile: Profile) -> NDArray[np.bool_]:
    """Say which accounts declare many end users or are declared resellers."""
    reseller = np.asarray(profile.facts.reseller) == 1
    return np.asarray(reseller | (profile.column("end_users") >= MANY_USERS), np.bool_)


def _weigh(profile: Profile, able: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    measures = {name: profile.column(name)[able] for name in MEASURES}
    attributed = attributed_to_users(profile)[able]
    ends = [mixture_bits(measures, attributed, shift) for shift in (0.0, -1.0, 1.0)]
    return [ends[0], np.minimum.reduce(ends), np.maximum.reduce(ends)]


def _sentence(profile: Profile, attributed: NDArray[np.bool_]) -> Callable[[int], str]:
    nouns = {
        "user_agents": "client program",
        "system_texts": "system text",
        "tls_fingerprints": "TLS fingerprint",
        "sessions": "session",
    }

    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        parts = [counted(at[name], noun) for name, noun in nouns.items() if not np.isnan(at[name])]
        topics = f"an even spread over {rounded(at['topics_effective'])} topics"
        users = at["end_users"]
        declared = "no end users declared" if np.isnan(users) else f"{counted(users, 'end user')} declared"
        if attributed[row] and not users >= MANY_USERS:
            declared = f"{declared}, a declared reseller"
        return f"{', '.join([*parts, topics])} in {whole(at['events'])} requests; {declared}"

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how many users seem to share an account; one answer an account."""
    known = np.sum([~np.isnan(profile.column(name)) for name in MEASURES], axis=0).astype(np.float64)
    gate = Gate(
        (
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to see a mixture of users",
            ),
            (
                fewer(known, MIN_MEASURES),
                "the log shows fewer than two of client programs, system texts, TLS fingerprints and topics",
            ),
        )
    )
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(
        NAME, gate, _weigh(profile, gate.reason == 0), _sentence(profile, attributed_to_users(profile)), facts
    )


DETECTOR: Final = Detector(
    name=NAME,
    title="many end users inside one account, none of them declared",
    group="habits",
    needs=("user_agent", "system", "ja4", "session_id", "end_user_id", "prompt"),
    reads=("events", *MEASURES, "sessions", "end_users"),
    requires=("events",),
    weight_model=(
        "Log-normal mixtures under one cause: client programs around 15 or 2, system texts around 20 or 2.5, TLS "
        "fingerprints around 6 or 1.5, topics around 25 or 9; what is unknown is left out, and past a centre more adds "
        "nothing. Many users whom nobody declares: 33.9 % of extracting accounts (relays, resale) and 12 % of "
        "honest ones (applications, shared keys, gateways): at most +1.5 bits. Many users with at least 10 of them "
        "declared, or a declared reseller: 3 % against 5 %, never above 0. One program or person: 63 % against 83 %, "
        "at least -0.4. Low and high: all counts over their 90 % errors. Sessions grow with any use and are shown only."
    ),
    blind_spot=(
        "A relay that rewrites every request to one program and one system text; end users made up by the relay, which "
        "earn it about 2 bits less than silence. Counts grow with use."
    ),
    benign_twins=(
        "Licensed aggregators and gateways, applications that pass their users' programs through, teams with one key, "
        "developers who try many tools, coding agents with a system text a repository. One in eight honest accounts "
        "looks so, hence 1.5 bits at most; declared end users or a declared reseller take even these away."
    ),
    would_change=(
        "End users told apart in the requests, or a reseller's entry in the account file; one team that shares the key."
    ),
    references=(
        "Anthropic, threat report of September 2026: proxies that mix distillation with unrelated customers",
        "Real Money, Fake Models (2026), arXiv 2603.01919: shadow interfaces that resell models",
    ),
    examine=examine,
)
