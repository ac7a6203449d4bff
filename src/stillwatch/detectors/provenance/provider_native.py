"""What the provider itself already said: refusals for reasoning extraction, reasoning bound elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer
from stillwatch.detectors.weights.likelihood import Beta
from stillwatch.detectors.weights.trait import Trait
from stillwatch.detectors.weights.words import percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "provider_native"
_STRAY: Final = Beta(0.2, 400.0)
_STRAY_BLOCK: Final = Beta(0.05, 50.0)
_ANY_SHARE: Final = Beta(1.0, 1.0)
REFUSALS: Final[Mapping[str, Trait]] = {
    "refusal_reasoning_extraction_share": Trait(0.4, Beta(1.0, 4.0), 0.02, Beta(1.0, 20.0), 0.005, _STRAY),
    "refusal_frontier_llm_share": Trait(0.3, Beta(1.0, 4.0), 0.1, Beta(1.0, 10.0), 0.01, _STRAY),
}
"""Refusal categories that concern copying. Dependent on each other: the stronger one counts."""
MISMATCHES: Final[Mapping[str, Trait]] = {
    "mismatch_organization_share": Trait(0.3, _ANY_SHARE, 1 / 1000, Beta(1.0, 5.0), 1 / 1000, _STRAY_BLOCK),
    "mismatch_end_user_share": Trait(0.3, _ANY_SHARE, 0.025, Beta(1.0, 5.0), 0.025, _STRAY_BLOCK),
}
"""Bindings that concern owners. The stronger one counts."""
_SILENT: Final = (
    "the log shows neither a refusal category nor a binding mismatch for this account; "
    "without them nothing tells a clean record from a silent log"
)
UNWEIGHED: Final = ("mismatch_model_share", "mismatch_prefix_share", "mismatch_turn_boundary_share")
"""Context compaction, edits and model routers make these as often as anybody else: 0 bits, shown only."""
_TEXTS: Final = {
    "refusal_reasoning_extraction_share": "refused by the provider as reasoning extraction",
    "refusal_frontier_llm_share": "refused by the provider as frontier model development",
    "mismatch_organization_share": "carried reasoning bound to another organisation",
    "mismatch_end_user_share": "carried reasoning bound to another end user",
    "mismatch_model_share": "bound to another model (not weighed)",
    "mismatch_prefix_share": "had an edited prefix (not weighed)",
    "mismatch_turn_boundary_share": "had a moved turn boundary (not weighed)",
}


def _strongest(
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


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        events = float(profile.column("events")[row])
        parts = []
        for name, text in _TEXTS.items():
            share = float(profile.column(name)[row])
            if share > 0:
                parts.append(f"{whole(share * events)} ({percent(share)}) {text}")
        listed = "; ".join(parts) if parts else "none refused or dropped for a reason that concerns copying"
        return f"of {whole(events)} requests {listed}"

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh the provider's own refusal categories and binding checks; one answer an account."""
    unknown = np.isnan(np.stack([profile.column(name) for name in _TEXTS]))
    silent = np.asarray(unknown.all(axis=0), np.bool_)
    gate = Gate(
        (
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few for a rate of refusals or mismatches",
            ),
            (
                silent,
                _SILENT,
            ),
        )
    )
    able = gate.reason == 0
    refusals = _strongest(profile, able, REFUSALS)
    mismatches = _strongest(profile, able, MISMATCHES)
    weights = [a + b for a, b in zip(refusals, mismatches, strict=True)]
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="the provider's own refusals and reasoning-binding checks",
    group="provenance",
    needs=("refusal_category", "binding_mismatch"),
    reads=("events", *_TEXTS),
    requires=("events",),
    weight_model=(
        "Beta-binomial mixtures over requests. Reasoning-extraction refusals: 40 % of extracting accounts draw them, "
        "at Beta(1, 4) (mean 20 %: most tried techniques are rejected); 2 % of honest ones too, at Beta(1, 20) (mean 5 "
        "%: debugging, audit trails, tutoring), and 1 in 200 at any rate (a retry loop on one refused request, a red "
        "team), so that no rate weighs more than about 7 bits. Frontier-model refusals: 30 % at Beta(1, 4) against 10 "
        "% at Beta(1, 10) and 1 % at any rate, since building one's own model is ordinary work: at most about 4 bits. "
        "All others at Beta(0.2, 400), 1 in 2,000. The stronger category counts. Reasoning bound to another "
        "organisation: 30 % at any rate against 1 honest account in 500 (migration), half of them at Beta(1, 5): at "
        "most about 8 bits; to another end user: 30 % against 5 % (applications that do not keep users apart): at most "
        "about 4 bits; the stronger counts. Model, prefix and turn-boundary mismatches weigh 0. Low and high: the same "
        "over the 90 % Wilson interval of each rate."
    ),
    blind_spot=(
        "Campaigns whose techniques pass the provider's classifier; providers that report neither categories nor "
        "bindings; an account that shows neither is not judged, so a clean record earns no credit."
    ),
    benign_twins=(
        "Coding agents whose wording trips the classifier, audit trails, tutors, authorised red teams: rates of a few "
        "per cent. Context compaction and multi-model routers: prefix, turn-boundary and model mismatches, weighed 0. "
        "Building one's own open model: frontier refusals, bounded to about 2 bits at the rates such work draws."
    ),
    would_change=(
        "The refused prompts read by a person and found to be debugging, audit or tutoring; a record of a migration "
        "or merger that explains the other organisation."
    ),
    references=(
        "anthropic SDK 2.12: stop_details categories and input_transformations of dropped reasoning",
        "Anthropic, threat report of September 2026, p. 145: more than 12,000 techniques tried, most rejected",
        "anthropics/claude-code#87273 and #78971: honest sessions refused as reasoning extraction",
    ),
    examine=examine,
)
