"""Requests without a client program's name in a log where nearly everybody has one. Geography is never read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.likelihood import BITS, Beta, log_beta_binomial, wilson
from stillwatch.detectors.weights.words import percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "bare_headers"
MIN_ACCOUNTS: Final = 20.0
"""Fewest accounts from which it is read what is usual in a log (accounts)."""
NAMED: Final = 0.5
"""Share of requests with a client program from which an account has headers, 0 to 1."""
LEAST_NAMED: Final = 0.2
"""Share of accounts with headers below which the log itself lacks them, 0 to 1."""
_EXTRACTION, _LEAST_HONEST = 0.104, 0.06
_BARE, _DRESSED = Beta(0.5, 40.0), Beta(8.0, 1.0)
_MOST: Final = 100.0


def usual(profile: Profile) -> tuple[float, float]:
    """Give the share of accounts whose requests mostly name a program, and of how many accounts."""
    share = profile.column("user_agent_share")
    known = share[~np.isnan(share)]
    return (float(np.mean(known > NAMED)) if known.shape[0] else 0.0), float(known.shape[0])


def bare_bits(share: NDArray[np.float64], events: NDArray[np.float64], named: float) -> NDArray[np.float64]:
    """Weigh the share of requests with a client program.

    Parameters
    ----------
    share
        Share of the account's requests that name a program, 0 to 1.
    events
        Requests.
    named
        Share of all accounts whose requests mostly do.
    """
    n = np.minimum(events, _MOST)
    bare, dressed = (log_beta_binomial(share * n, n, rate) for rate in (_BARE, _DRESSED))
    # Whoever lacks them in this log counts as honest: the more there are, the less it means.
    honest = max(_LEAST_HONEST, 1 - named)
    extraction = max(_EXTRACTION, honest)
    sides = [
        np.logaddexp(np.log(rate) + bare, np.log1p(-rate) + dressed)
        for rate in (min(extraction, 1 - _LEAST_HONEST), min(honest, 1 - _LEAST_HONEST))
    ]
    return np.asarray(BITS * (sides[0] - sides[1]))


def _sentence(profile: Profile, named: float) -> Callable[[int], str]:
    def say(row: int) -> str:
        share, events = (float(profile.column(name)[row]) for name in ("user_agent_share", "events"))
        return (
            f"{percent(share)} of {whole(events)} requests name a client program; of all accounts {percent(named)} "
            "mostly do"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh missing client programs against what is usual in the log; one answer an account."""
    named, accounts = usual(profile)
    everybody = np.ones(len(profile), np.bool_)
    gate = Gate(
        (
            (missing(profile, *DETECTOR.requires), "the number of requests with a client program is unknown"),
            (
                everybody & (accounts < MIN_ACCOUNTS),
                f"fewer than {MIN_ACCOUNTS:.0f} accounts in the log, too few to say whether client programs are usual",
            ),
            (
                everybody & (named < LEAST_NAMED),
                "hardly any account of this log names client programs, so their absence says nothing (user_agent)",
            ),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to call the headers stripped",
            ),
        )
    )
    able = gate.reason == 0
    share, events = (profile.column(name)[able] for name in ("user_agent_share", "events"))
    parts = [bare_bits(end, events, named) for end in (share, *wilson(share, events))]
    weights = [parts[0], np.minimum.reduce(parts), np.maximum.reduce(parts)]
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {
        "accounts_with_programs_share": np.full(len(profile), named)
    }
    return answer(NAME, gate, weights, _sentence(profile, named), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="stripped request headers where others have them",
    group="habits",
    needs=("user_agent",),
    reads=("events", "user_agent_share"),
    requires=("events", "user_agent_share"),
    weight_model=(
        "Beta-binomial mixture over requests: Beta(0.5, 40) name a program where headers are stripped (mean 1 %), "
        "Beta(8, 1) elsewhere. 10.4 % of extracting accounts strip them; of honest ones as many as lack them in this "
        "very log, extracting accounts included, and at least 6 % (privacy gateways, bare sockets, proxies): at most "
        "+0.8 bits, and 0 once more than 10.4 % of the accounts lack them. With headers: -0.1. Low and high: over the "
        "90 % Wilson interval of the share. The 10.4 % is assumed."
    ),
    blind_spot=(
        "Copied headers, which cost a copier nothing; logs without client programs or with fewer than 20 accounts. "
        "Where an address lies is never read, so no mismatch of places is looked for."
    ),
    benign_twins=(
        "Privacy gateways, company proxies, embedded devices and minimal HTTP clients send no program name either. "
        "Whoever lacks it in this log counts as honest here."
    ),
    would_change=(
        "The gateway, proxy or device that removes the program's name; a log that keeps the headers it now drops."
    ),
    references=(
        "Advisory AA26-251A (2026): automated removal of request metadata",
        "Claude Code 2.1.91 (2026): a hidden check of time zone and proxy cost trust; nothing of the kind is used",
    ),
    examine=examine,
)
