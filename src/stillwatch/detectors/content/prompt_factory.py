"""Batches of new prompts, and prompts made harder: the raw material of training somebody else's model."""

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

NAME: Final = "prompt_factory"
_STRAY: Final = Beta(0.2, 400.0)
_ANY: Final = Beta(1.0, 1.0)
FAMILIES: Final = (
    Family(
        "prompt_generation_share",
        Trait(0.15, _ANY, 0.04, Beta(1.0, 20.0), 1 / 150, _STRAY),
        "ask for batches of new tasks or prompts",
    ),
    Family(
        "prompt_evolution_share",
        Trait(0.12, _ANY, 0.02, Beta(1.0, 20.0), 1 / 250, _STRAY),
        "ask for a prompt to be made harder",
    ),
)
"""Two halves of one work: seeds, and what is grown from them."""
FRACTION: Final = 0.5
"""How much the weaker family adds of itself."""
JOINT_BITS: Final = 1.0
"""Most that it adds (bits): whoever makes a training set by permission does both as well."""
_NONE: Final = "none asks for batches of prompts or for harder ones"


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how much of the work is making prompts; one answer an account."""
    return examine_families(NAME, profile, config, FAMILIES, none=_NONE, fraction=FRACTION, most=JOINT_BITS)


DETECTOR: Final = Detector(
    name=NAME,
    title="batches of new prompts and harder prompts",
    group="content",
    needs=NEEDS,
    reads=("prompts_known", *(family.column for family in FAMILIES)),
    requires=("prompts_known",),
    weight_model=(
        "Beta-binomial mixtures over prompts; every rate is a judgement. Batches of prompts: 15 % of extracting "
        "accounts at any rate; 4 % of honest ones at Beta(1, 20) (mean 5 %: teachers, testers) and 1 in 150 at any "
        "rate (question banks, synthetic data for one's own model, red teams): at most 4.5 bits. Harder prompts: 12 % "
        "against 2 % at Beta(1, 20) and 1 in 250 at any rate: at most 4.9 bits. All others at Beta(0.2, 400), 1 in "
        "2,000. The stronger counts; half of what the other says against the account is added, at most 1 bit, so at "
        "most 5.9 bits. Low and high: the same over the 90 % Wilson intervals."
    ),
    blind_spot=(
        "Prompts made elsewhere and only answered here, which is the ordinary case; generation asked for one prompt at "
        "a time; a log without prompts."
    ),
    benign_twins=(
        "Writers of question banks, synthetic data for one's own model with permission, red teams: the same work at "
        "the same rate. Only a declared purpose, a licence or the rest of the evidence tells them apart."
    ),
    would_change=(
        "The application the generated prompts go to, such as a question bank that others can open; a licence to make "
        "training data."
    ),
    references=(
        "Frontier Model Forum, brief on adversarial distillation: prompt generation and synthetic data generation",
        "Xu et al. (2023), WizardLM (arXiv 2304.12244): prompts evolved from prompts",
        "Wang et al. (2022), Self-Instruct (arXiv 2212.10560): batches of new tasks from seeds",
    ),
    examine=examine,
)
