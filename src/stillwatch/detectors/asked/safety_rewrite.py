"""Answers rewritten in bulk so that a censor would pass them. Weak: moderation and localisation do it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.detectors.base import Detector
from stillwatch.detectors.weights.likelihood import Beta
from stillwatch.detectors.weights.phrases import NEEDS, Family, examine_families
from stillwatch.detectors.weights.trait import Trait

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "safety_rewrite"
FAMILIES: Final = (
    Family(
        "safety_rewrite_share",
        Trait(0.08, Beta(0.7, 1.0), 0.02, Beta(1.0, 20.0), 0.01, Beta(0.2, 400.0)),
        "have an answer rewritten to pass rules on sensitive matters",
    ),
)
"""A single family."""
_NONE: Final = "none has an answer rewritten to pass rules on sensitive matters"


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how often safe rewrites are asked for; one answer an account."""
    return examine_families(NAME, profile, config, FAMILIES, none=_NONE)


DETECTOR: Final = Detector(
    name=NAME,
    title="answers rewritten in bulk to pass a censor",
    group="asked",
    needs=NEEDS,
    reads=("prompts_known", "safety_rewrite_share"),
    requires=("prompts_known", "safety_rewrite_share"),
    weight_model=(
        "Beta-binomial mixture over prompts; every rate is a judgement. 8 % of extracting accounts ask for safe "
        "rewrites, at Beta(0.7, 1), that is at any rate (one of the campaigns described in public did); 2 % of honest "
        "ones at Beta(1, 20) (editors, support desks) and 1 % at any rate (moderation, localisation): at most 3 bits. "
        "All others at Beta(0.2, 400), 1 in 2,000. Low and high: the same over the 90 % Wilson interval."
    ),
    blind_spot=(
        "Rewrites asked for without naming rules or sensitivity; safe answers to plain questions, which are merely "
        "questions; a log without prompts."
    ),
    benign_twins=(
        "Moderation, localisation, compliance and newsroom applications do this all day and cannot be told apart by "
        "it; that is why it is bounded to 3 bits and its group cannot report an account."
    ),
    would_change=(
        "The moderation, localisation or newsroom product whose rules the rewrites follow; its own users who see them."
    ),
    references=("Anthropic, Detecting and preventing distillation attacks (February 2026): censorship-safe rewrites",),
    examine=examine,
)
