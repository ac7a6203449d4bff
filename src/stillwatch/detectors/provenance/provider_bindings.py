"""Reasoning that the provider dropped because it was bound to somebody else."""

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

NAME: Final = "provider_bindings"
_STRAY_BLOCK: Final = Beta(0.05, 50.0)
_ANY_SHARE: Final = Beta(1.0, 1.0)
MISMATCHES: Final[Mapping[str, Trait]] = {
    "mismatch_organization_share": Trait(0.3, _ANY_SHARE, 1 / 1000, Beta(1.0, 5.0), 1 / 1000, _STRAY_BLOCK),
    "mismatch_end_user_share": Trait(0.3, _ANY_SHARE, 0.025, Beta(1.0, 5.0), 0.025, _STRAY_BLOCK),
}
"""Bindings that concern owners. The stronger one counts."""
UNWEIGHED: Final = ("mismatch_model_share", "mismatch_prefix_share", "mismatch_turn_boundary_share")
"""Context compaction, edits and model routers make these as often as anybody else: 0 bits, shown only."""
_TEXTS: Final = {
    "mismatch_organization_share": "carried reasoning bound to another organisation",
    "mismatch_end_user_share": "carried reasoning bound to another end user",
    "mismatch_model_share": "bound to another model (not weighed)",
    "mismatch_prefix_share": "had an edited prefix (not weighed)",
    "mismatch_turn_boundary_share": "had a moved turn boundary (not weighed)",
}


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh the provider's own binding checks; one answer an account."""
    return examine_said(
        DETECTOR,
        profile,
        config,
        MISMATCHES,
        _TEXTS,
        silent=(
            "the log shows no binding mismatch for this account; without one nothing tells a clean record from a "
            "silent log"
        ),
        none="none whose carried reasoning was dropped",
    )


DETECTOR: Final = Detector(
    name=NAME,
    title="the provider's own reasoning-binding checks",
    group="provenance",
    needs=("binding_mismatch",),
    reads=("events", *_TEXTS),
    requires=("events",),
    weight_model=(
        "Beta-binomial mixtures over requests. Reasoning bound to another organisation: 30 % of extracting accounts at "
        "any rate against 1 honest account in 500 (migration), half of them at Beta(1, 5): at most about 8 bits; to "
        "another end user: 30 % against 5 % (applications that do not keep users apart): at most about 4 bits. All "
        "others at Beta(0.05, 50), 1 in 1,000. The stronger counts. Model, prefix and turn-boundary mismatches weigh "
        "0. Low and high: the same over the 90 % Wilson interval of each rate."
    ),
    blind_spot=(
        "Providers that report no bindings; an account that shows none is not judged, so a clean record earns no "
        "credit. Blocks decoded at another provider."
    ),
    benign_twins=(
        "Context compaction and multi-model routers: prefix, turn-boundary and model mismatches, weighed 0. A merger "
        "or migration: another organisation, bounded."
    ),
    would_change="A record of a migration or merger that explains the other organisation.",
    references=(
        "anthropic SDK 2.12 and openai SDK 3.54: input_transformations of dropped reasoning",
        "Anthropic, threat report of September 2026: replay of thinking signatures across sessions and accounts",
    ),
    examine=examine,
)
