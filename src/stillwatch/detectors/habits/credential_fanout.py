"""One credential in many networks and client programs. Weak alone: CI and mobile use look alike."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.cohort import cohort_ratio
from stillwatch.detectors.weights.likelihood import BITS, log_normal, mix
from stillwatch.detectors.weights.words import counted, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "credential_fanout"
_SPREAD_NETS: Final = (0.3, 0.1)
_MANY, _FEW = (log(30.0), 1.2), (log(2.0), 0.8)
_SPREAD_PRINTS: Final = (0.25, 0.15)
_MANY_PRINTS, _FEW_PRINTS = (log(8.0), 0.8), (log(1.5), 0.5)
_NET_ERROR: Final = 1.6449 * np.hypot(0.18, 0.26)
_PRINT_ERROR: Final = 1.6449 * np.hypot(0.26, 0.26)


def _bits(
    values: NDArray[np.float64],
    shares: tuple[float, float],
    many: tuple[float, float],
    few: tuple[float, float],
) -> NDArray[np.float64]:
    """Weigh a count a key by two log-normals whose shares differ; past the centre of "many" more adds nothing."""
    at = np.clip(np.log(np.maximum(values, 1.0)), few[0], many[0])
    wide, narrow = log_normal(at, *many), log_normal(at, *few)
    extraction, honest = shares
    return BITS * (mix((extraction, wide), (1 - extraction, narrow)) - mix((honest, wide), (1 - honest, narrow)))


def net_bits(nets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh networks a key."""
    return _bits(nets, _SPREAD_NETS, _MANY, _FEW)


def print_bits(prints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh TLS fingerprints a key; 0 where unknown."""
    known = ~np.isnan(prints)
    return np.where(known, _bits(np.where(known, prints, 1.0), _SPREAD_PRINTS, _MANY_PRINTS, _FEW_PRINTS), 0.0)


def _weigh(nets: NDArray[np.float64], prints: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    weight = net_bits(nets) + print_bits(prints)
    factor, print_factor = np.exp(_NET_ERROR), np.exp(_PRINT_ERROR)
    # Both measures are monotone in their counts, so the ends of the interval are those of the counts.
    low = net_bits(nets / factor) + print_bits(prints / print_factor)
    high = net_bits(nets * factor) + print_bits(prints * print_factor)
    return [weight, np.minimum(low, weight), np.maximum(high, weight)]


def _sentence(profile: Profile, ratio: NDArray[np.float64]) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        prints = at["tls_fingerprints"]
        client = "TLS fingerprints unknown" if np.isnan(prints) else counted(prints, "TLS fingerprint")
        compared = "" if np.isnan(ratio[row]) else f", {rounded(float(ratio[row]))} times the median of its cohort"
        return (
            f"{counted(at['credentials'], 'key')} used from {counted(at['client_nets'], 'network')} "
            f"({rounded(at['nets_per_credential'])} a key{compared}); {client}; {whole(at['events'])} requests"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how far one key is spread; one answer an account."""
    gate = Gate(
        (
            (missing(profile, "credentials"), "the log does not say which key a request used (credential_id)"),
            (missing(profile, *DETECTOR.requires), "the log holds no client network or address"),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to see where a key is used",
            ),
        )
    )
    able = gate.reason == 0
    columns = [profile.column(name)[able] for name in ("nets_per_credential", "fingerprints_per_credential")]
    ratio = cohort_ratio(profile, "nets_per_credential")
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {"nets_over_cohort_median": ratio}
    return answer(NAME, gate, _weigh(columns[0], columns[1]), _sentence(profile, ratio), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="one key in many networks and programs",
    group="habits",
    needs=("credential_id", "client_net"),
    reads=(
        *("events", "credentials", "client_nets", "nets_per_credential"),
        *("tls_fingerprints", "fingerprints_per_credential"),
    ),
    requires=("events", "credentials", "client_nets", "nets_per_credential"),
    weight_model=(
        "Log-normal mixtures, added. Networks a key: around 2 in ordinary use, around 30 when spread (residential "
        "proxies, but also CI runners, phones and shipped apps); 30 % of extracting and 10 % of honest accounts are "
        "spread: at most +1.6, at least -0.4 bits. TLS fingerprints a key, where known: around 1.5 or around 8; 25 % "
        "against 15 %: at most +0.7, at least -0.2 bits. More than the centre of the spread kind adds nothing. Low and "
        "high: the 90 % error of the distinct counts (18 and 26 % each)."
    ),
    blind_spot=(
        "A pool with one proxy and one key an account; providers behind one gateway address; counts grow with use. "
        "Where the networks are is never read."
    ),
    benign_twins=(
        "CI runners and serverless functions (many networks, one fingerprint), phones, office networks behind one "
        "address, a key shipped in an app, and a stolen key, whose owner is the victim. The group cannot report an "
        "account alone."
    ),
    would_change=(
        "Runners, functions or telephones that one deployment explains; the owner's word that a key was stolen."
    ),
    references=(
        "Advisory AA26-251A (2026): one credential from many addresses and user agents",
        "anthropics/claude-code#96048: a stolen key's burst is its owner's loss, not the owner's doing",
    ),
    examine=examine,
)
