"""Answers graded, compared, criticised or cleaned in bulk. Weak: every evaluation with a judge does it."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, answer
from stillwatch.detectors.weights.likelihood import Beta
from stillwatch.detectors.weights.phrases import NEEDS, Family, join, phrase_gate, phrase_sentence, weigh_family
from stillwatch.detectors.weights.trait import Beside, Trait
from stillwatch.detectors.weights.words import percent, rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "judging"
_STRAY: Final = Beta(0.2, 400.0)
_ANY: Final = Beta(1.0, 1.0)
GRADING: Final = Family(
    "rubric_grading_share",
    Trait(0.15, _ANY, 0.03, Beta(1.0, 10.0), 0.04, _STRAY),
    "have answers graded or compared",
)
REPAIR: Final = Family(
    "critique_repair_share",
    Trait(0.1, _ANY, 0.04, Beta(1.0, 20.0), 0.025, _STRAY),
    "have answers or reasoning criticised, cleaned or normalised",
)
FRACTION: Final = 0.5
"""How much the weaker family adds of itself."""
JOINT_BITS: Final = 0.3
"""Most that it adds (bits): a judge that grades also criticises."""
LONG_LOG2: Final = 10.0
"""Length from which what was fed may be a reasoning trace (log2 of bytes)."""
AS_LONG_LOG2: Final = 1.0
"""How far from the length of what was fed an answer may be to be the same text again (log2)."""
TIED: Final = 0.6
"""Correlation of the two lengths from which one decides the other."""
_REWRITTEN: Final = (0.5, 0.25, 0.15)
_LENGTHS: Final = ("lengths_known", "prompt_log2", "draw_log2", "length_tie")
_MOST_LOG2: Final = 20.0
_NONE: Final = "none has answers graded, criticised or cleaned"


def rewritten(profile: Profile, least: int) -> NDArray[np.float64]:
    """Say whose answers are long texts given back at their own length: 1 yes, 0 no, NaN unknown."""
    lengths, fed, draw, tie = (profile.column(name) for name in _LENGTHS)
    known = (lengths >= least) & ~np.isnan(fed + draw + tie)
    same = (fed >= LONG_LOG2) & (np.abs(draw) <= AS_LONG_LOG2) & (tie >= TIED)
    return np.where(known, same.astype(np.float64), np.nan)


def _beside(again: NDArray[np.float64]) -> Beside:
    seen = [np.where(np.isnan(again), 0.0, np.where(again > 0, log(p), log(1 - p))) for p in _REWRITTEN]
    return Beside(*seen)


def _sentence(profile: Profile, again: NDArray[np.float64]) -> Callable[[int], str]:
    asked = phrase_sentence(profile, (GRADING, REPAIR), none=_NONE)

    def say(row: int) -> str:
        if np.isnan(again[row]):
            return f"{asked(row)}; how long answers are beside what was fed is unknown"
        times = percent(2.0 ** min(float(profile.column("draw_log2")[row]), _MOST_LOG2))
        tie = rounded(float(profile.column("length_tie")[row]))
        shape = "long texts come back at their own length" if again[row] else "answers are not the fed text again"
        return f"{asked(row)}; {shape} (answers {times} of the prompt, lengths tied {tie} of 1)"

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how much of the work is judging answers; one answer an account."""
    gate = phrase_gate(profile, config, (GRADING, REPAIR))
    able = gate.reason == 0
    again = rewritten(profile, config.min_events)
    parts = [weigh_family(profile, able, GRADING), weigh_family(profile, able, REPAIR, _beside(again[able]))]
    weights = join(parts, fraction=FRACTION, most=JOINT_BITS)
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {"rewritten": again}
    return answer(NAME, gate, weights, _sentence(profile, again), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="answers graded, criticised or cleaned in bulk",
    group="content",
    needs=(*NEEDS, "tokens_out"),
    reads=("prompts_known", GRADING.column, REPAIR.column, *_LENGTHS),
    requires=("prompts_known",),
    weight_model=(
        "Beta-binomial mixtures over prompts; every rate is a judgement. Grading: 15 % of extracting accounts at any "
        "rate (reward models, filters of training sets) against 3 % of honest ones at Beta(1, 10) and 4 % at any rate "
        "(judges in evaluations): at most 1.9 bits. Criticising and cleaning: 10 % at any rate against 4 % at Beta(1, "
        "20) and 2.5 % at any rate: at most 2 bits. Beside it, whether texts of 1 KiB or more come back at their own "
        "length, as cleaned traces do: in 50 % of extracting, 25 % of honest accounts that criticise, and 15 % of "
        "others: 1 bit more, or 0.6 less. All others at Beta(0.2, 400), 1 in 2,000. The stronger counts; half of what "
        "the other says against the account is added, at most 0.3 bits. Low and high: the same over the 90 % Wilson "
        "intervals."
    ),
    blind_spot=(
        "Judging without the words of judging (a bare number asked for); whether what is cleaned is reasoning is not "
        "seen, only that it is long and comes back; a log without prompts."
    ),
    benign_twins=(
        "Evaluations with a model as judge (3 to 5 % of honest accounts), teachers who grade, editors and proof "
        "readers whose texts come back at their own length. None is told apart by this, so it stays near 2 bits."
    ),
    would_change=(
        "The evaluation or the editorial work the judgements belong to; where the texts that were graded come from, "
        "if not from a model under training."
    ),
    references=(
        "Anthropic, Detecting and preventing distillation attacks (February 2026): rubric grading as a reward model",
        "Anthropic, threat report of September 2026: GTG-16006, 770,609 requests through a cleaner of reasoning",
        "Frontier Model Forum, brief on adversarial distillation: critique and autograding",
        "Zheng et al. (2023), Judging LLM-as-a-judge (arXiv 2306.05685): the ordinary use",
    ),
    examine=examine,
)
