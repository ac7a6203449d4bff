"""What the provider already refused: reasoning extraction, frontier model development."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.detectors.base import Detector
from stillwatch.detectors.weights.likelihood import Beta
from stillwatch.detectors.weights.said import examine_said
from stillwatch.detectors.weights.trait import Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "provider_refusals"
_STRAY: Final = Beta(0.2, 400.0)
REFUSALS: Final[Mapping[str, Trait]] = {
    "refusal_reasoning_extraction_share": Trait(0.4, Beta(1.0, 4.0), 0.02, Beta(1.0, 20.0), 0.005, _STRAY),
    "refusal_frontier_llm_share": Trait(0.3, Beta(1.0, 4.0), 0.1, Beta(1.0, 10.0), 0.01, _STRAY),
}
"""Refusal categories that concern copying. Dependent on each other: the stronger one counts."""
_TEXTS: Final = {
    "refusal_reasoning_extraction_share": "refused by the provider as reasoning extraction",
    "refusal_frontier_llm_share": "refused by the provider as frontier model development",
}


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh the provider's own refusal categories; one answer an account."""
    return examine_said(
        DETECTOR,
        profile,
        config,
        REFUSALS,
        _TEXTS,
        silent=(
            "the log shows no refusal category for this account; without one nothing tells a clean record from a "
            "silent log"
        ),
        none="none refused for a reason that concerns copying",
    )


DETECTOR: Final = Detector(
    name=NAME,
    title="the provider's own refusals",
    group="asked",
    needs=("refusal_category",),
    reads=("events", *_TEXTS),
    requires=("events",),
    weight_model=(
        "Beta-binomial mixtures over requests. Reasoning-extraction refusals: 40 % of extracting accounts draw them, "
        "at Beta(1, 4) (mean 20 %: most tried techniques are rejected); 2 % of honest ones too, at Beta(1, 20) (mean 5 "
        "%: debugging, audit trails, tutoring), and 1 in 200 at any rate (a retry loop on one refused request, a red "
        "team), so that no rate weighs more than about 7 bits. Frontier-model refusals: 30 % at Beta(1, 4) against 10 "
        "% at Beta(1, 10) and 1 % at any rate, since building one's own model is ordinary work: at most about 4 bits. "
        "All others at Beta(0.2, 400), 1 in 2,000. The stronger category counts. What is refused is what was asked: "
        "the group caps refusals, elicitation and sweeps of techniques together. Low and high: the same over the 90 % "
        "Wilson interval of each rate."
    ),
    blind_spot=(
        "Campaigns whose techniques pass the provider's classifier; providers that report no categories; an account "
        "without any is not judged, so a clean record earns no credit."
    ),
    benign_twins=(
        "Coding agents whose wording trips the classifier, audit trails, tutors: rates of a few per cent. Authorised "
        "red teams: any rate, and a declaration. Building one's own open model: frontier refusals, bounded to about 2 "
        "bits at the rates such work draws."
    ),
    would_change=(
        "The refused prompts read by a person and found to be debugging, audit or tutoring; a red team's authorisation."
    ),
    references=(
        "anthropic SDK 2.12: stop_details categories",
        "Anthropic, threat report of September 2026, p. 145: more than 12,000 techniques tried, most rejected",
        "anthropics/claude-code#87273 and #78971: honest sessions refused as reasoning extraction",
    ),
    examine=examine,
)
