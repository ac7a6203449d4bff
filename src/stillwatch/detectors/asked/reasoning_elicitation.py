"""Prompts that ask for hidden reasoning, force it into the answer, have it translated, or argue with filters."""

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

NAME: Final = "reasoning_elicitation"
_STRAY: Final = Beta(0.2, 400.0)
_ANY: Final = Beta(1.0, 1.0)
_FEW_PER_CENT: Final = Beta(1.0, 20.0)
_FIXED_TEXT: Final = Beta(2.0, 0.5)
FAMILIES: Final = (
    Family(
        "reasoning_elicitation_share",
        Trait(0.25, _ANY, 0.03, _FEW_PER_CENT, 1 / 300, _STRAY),
        "ask for hidden or earlier reasoning to be written out",
    ),
    Family(
        "thinking_format_share",
        Trait(0.2, _FIXED_TEXT, 0.01, _FIXED_TEXT, 0.005, _STRAY),
        "force the reasoning into tags or into a set language before the answer",
    ),
    Family(
        "memory_translation_share",
        Trait(0.1, _ANY, 0.005, _FEW_PER_CENT, 1 / 400, _STRAY),
        "ask for working memory to be translated",
    ),
    Family(
        "anti_filter_share",
        Trait(0.1, _ANY, 0.03, _FEW_PER_CENT, 0.03, _STRAY),
        "argue with a filter",
    ),
)
"""Dependent on each other: whoever sweeps techniques tries all of them."""
FRACTION: Final = 0.5
"""How much the weaker families add of themselves."""
JOINT_BITS: Final = 1.5
"""Most that they add (bits)."""
_NONE: Final = "none asks for hidden reasoning or argues with a filter"


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how often hidden reasoning is asked for; one answer an account."""
    return examine_families(NAME, profile, config, FAMILIES, none=_NONE, fraction=FRACTION, most=JOINT_BITS)


DETECTOR: Final = Detector(
    name=NAME,
    title="hidden reasoning asked for, or forced into the answer",
    group="asked",
    needs=NEEDS,
    reads=("prompts_known", *(family.column for family in FAMILIES)),
    requires=("prompts_known",),
    weight_model=(
        "Beta-binomial mixtures over prompts; every rate is a judgement. Elicitation: 25 % of extracting accounts, at "
        "any rate; 3 % of honest ones at Beta(1, 20) (mean 5 %: debugging, audit trails, tutoring) and 1 in 300 at any "
        "rate (red teams, research on reasoning): at most 6.2 bits. Reasoning forced into tags or a set language: 20 % "
        "of extracting accounts at Beta(2, 0.5), for it is one fixed text in nearly every request; 1 % of honest ones "
        "alike, since applications are advised to let a model think in tags, and 1 in 200 at any rate: at most 4.3 "
        "bits. Translated memory: 10 % at any rate against 0.5 % at Beta(1, 20) and 1 in 400 at any rate: at most 5.3. "
        "Arguing with a filter: 10 % at any rate against 3 % at Beta(1, 20) and 3 % at any rate: at most 1.7, since "
        "wrongly refused people argue as well. All others at Beta(0.2, 400), 1 in 2,000. The strongest family counts; "
        "half of what the others say against the account is added, at most 1.5 bits. Low and high: the same over the "
        "90 % Wilson intervals."
    ),
    blind_spot=(
        "A wording outside the families, an image, an encoded prompt; reasoning rebuilt from answers without asking; "
        "accounts with a handful of prompts each, as a campaign of four requests an account has; a log without prompts."
    ),
    benign_twins=(
        "Audit trails, tutors and people who debug a prompt: a few per cent of their prompts, which weighs nothing. "
        "Applications that let the model think in tags: a fixed text like a campaign's, told apart by being alone with "
        "it, which campaigns judge. Authorised red teams: the same at the same rate; a declared purpose and a bounded "
        "time speak for them elsewhere. Talk about reasoning, distillation or copying belongs to no family."
    ),
    would_change=(
        "The audit trail, course or debugging that the explanations are for; prompts read by a person in which the "
        "reasoning asked for is the user's own."
    ),
    references=(
        "Anthropic, Detecting and preventing distillation attacks (February 2026): written-out chains of thought",
        "Anthropic, threat report of September 2026: GTG-16005 (one fixed prompt in every request), pp. 143 to 145",
        "Google, threat report of February 2026: the language of the thinking content prescribed",
        "anthropics/claude-code#78971 and #87273: honest sessions taken for reasoning extraction",
    ),
    examine=examine,
)
