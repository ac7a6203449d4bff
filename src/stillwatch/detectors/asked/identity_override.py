"""The model told that it is somebody else's. Very weak: every white-label application does so."""

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

NAME: Final = "identity_override"
_MOSTLY_FIXED: Final = Beta(1.0, 0.5)
FAMILIES: Final = (
    Family(
        "identity_override_share",
        Trait(0.12, _MOSTLY_FIXED, 0.05, _MOSTLY_FIXED, 0.05, Beta(0.2, 400.0)),
        "tell the model that it is another maker's, or forbid it to say whose it is",
    ),
)
"""A single family."""
_NONE: Final = "none tells the model that it is another maker's"


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how often the model is given another identity; one answer an account."""
    return examine_families(NAME, profile, config, FAMILIES, none=_NONE)


DETECTOR: Final = Detector(
    name=NAME,
    title="the model told that it is another maker's",
    group="asked",
    needs=NEEDS,
    reads=("prompts_known", "identity_override_share"),
    requires=("prompts_known", "identity_override_share"),
    weight_model=(
        "Beta-binomial mixture over prompts; every rate is a judgement. 12 % of extracting accounts (relays that sell "
        "the model under another name, answers collected with the name already changed) and 5 % of honest ones "
        "(white-label assistants) at Beta(1, 0.5), mostly in a fixed system text and so in nearly every request; 5 % "
        "of honest ones at any rate (games, personas, tests): at most 1.3 bits. All others at Beta(0.2, 400), 1 in "
        "2,000. Low and high: the same over the 90 % Wilson interval."
    ),
    blind_spot=(
        "Names changed after the answers were collected; names the families do not list; system texts that the log "
        "does not keep."
    ),
    benign_twins=(
        "White-label assistants, company bots with a name of their own, role play. They outnumber relays, so this "
        "only tips what other evidence has brought near the threshold."
    ),
    would_change="The white-label product that carries the name, open to its users; a contract that allows the name.",
    references=("Advisory AA26-251A (2026): identity overrides in system prompts as an indicator of distillation",),
    examine=examine,
)
