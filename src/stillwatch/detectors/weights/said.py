"""Detectors over what the provider itself said of an account's requests: rates of a few named outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.detectors.base import Gate, answer, fewer
from stillwatch.detectors.weights.words import percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.detectors.base import Detector
    from stillwatch.detectors.weights.trait import Trait
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile


def strongest(
    profile: Profile, able: NDArray[np.bool_], traits: Mapping[str, Trait]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weigh each trait that is known and keep the strongest of each account; 0 where none is known."""
    events = profile.column("events")[able]
    n = events.shape[0]
    best = (np.full(n, -np.inf), np.zeros(n), np.zeros(n))
    for name, trait in traits.items():
        share = profile.column(name)[able]
        known = ~np.isnan(share)
        found = [np.full(n, -np.inf) for _ in best]
        parts = trait.interval(share[known] * events[known], events[known])
        for column, part in zip(found, parts, strict=True):
            column[known] = part
        better = found[0] > best[0]
        best = (
            np.where(better, found[0], best[0]),
            np.where(better, found[1], best[1]),
            np.where(better, found[2], best[2]),
        )
    return (np.where(np.isfinite(best[0]), best[0], 0.0), best[1], best[2])


def say(profile: Profile, texts: Mapping[str, str], none: str) -> Callable[[int], str]:
    """Make sentences that count each outcome that occurred."""

    def sentence(row: int) -> str:
        events = float(profile.column("events")[row])
        parts = []
        for name, text in texts.items():
            share = float(profile.column(name)[row])
            if share > 0:
                parts.append(f"{whole(share * events)} ({percent(share)}) {text}")
        return f"of {whole(events)} requests {'; '.join(parts) if parts else none}"

    return sentence


def examine_said(
    detector: Detector,
    profile: Profile,
    config: Config,
    traits: Mapping[str, Trait],
    texts: Mapping[str, str],
    *,
    silent: str,
    none: str,
) -> Examined:
    """Weigh what the provider said; one answer an account.

    Parameters
    ----------
    detector
        Who asks.
    profile, config
        As for every detector.
    traits
        Feature -> its trait; dependent on each other, the strongest counts.
    texts
        Feature -> what a request with that outcome did, for the sentence; more than ``traits`` are shown.
    silent
        Why an account with none of them known cannot be judged.
    none
        What the sentence says where none occurred.
    """
    unknown = np.isnan(np.stack([profile.column(name) for name in texts]))
    gate = Gate(
        (
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few for a rate of what the provider said",
            ),
            (np.asarray(unknown.all(axis=0), np.bool_), silent),
        )
    )
    weights = strongest(profile, gate.reason == 0, traits)
    facts = {name: profile.column(name) for name in detector.reads}
    return answer(detector.name, gate, weights, say(profile, texts, none), facts)
