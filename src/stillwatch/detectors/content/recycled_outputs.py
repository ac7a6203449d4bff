"""Answers of other owners fed back in prompts: cleaning, judging, or storing and replaying them.

Needs the text of answers while the log is read and keeps none of it: keyed prints of passages say that
what is sent here was first an answer there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.likelihood import Beta
from stillwatch.detectors.weights.owners import UNMAPPED, Owners
from stillwatch.detectors.weights.trait import Trait
from stillwatch.detectors.weights.words import counted, percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "recycled_outputs"
PRINTS_A_PASSAGE: Final = 2.0
"""Prints that one passage gives together; they count as one observation (prints)."""
_ANY: Final = Beta(1.0, 1.0)
_STRAY: Final = Beta(0.05, 50.0)
_PASTED: Final = Beta(1.0, 20.0)
OWNERS: Final = Owners(
    known=Trait(0.12, _ANY, 1 / 40, _PASTED, 1 / 150, _STRAY),
    unknown=Trait(0.12, _ANY, 1 / 40, _PASTED, 1 / 30, _STRAY),
    honest_pool=0.5,
)
"""1 honest account in 40 is sent texts that others had written; 1 in 150 does nothing else but check such texts, 1 in
30 where organisations are unknown (it works on what an unmapped sibling drew). Half of the honest cases have one
partner, half (checkers of machine-written text, moderation, mail) receive texts of as many owners as a pool."""


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        prints, foreign, owners, known = (float(profile.column(name)[row]) for name in DETECTOR.requires)
        if foreign == 0:
            return f"none of {whole(prints)} prints of its prompts comes from an answer to another owner"
        text = (
            f"{whole(foreign)} of {whole(prints)} prints of its prompts ({percent(foreign / prints)}) come from "
            f"answers that {counted(owners, 'other owner')} got before"
        )
        return text if known > 0 else text + UNMAPPED

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh passages of other owners' answers in prompts; one answer an account."""
    prints = profile.column("prints_distinct")
    gate = Gate(
        (
            (missing(profile, *DETECTOR.requires), "the log holds no text of answers, so what is fed back is unknown"),
            (fewer(prints, 1.0), "no prompt of 24 words or more stands beside an answer in the log"),
            (fewer(prints, config.min_events), f"fewer than {config.min_events} prints of prompts, too few for a rate"),
        )
    )
    able = gate.reason == 0
    distinct, foreign, owners, known = (profile.column(name)[able] for name in DETECTOR.requires)
    fed, passages = np.minimum(foreign, distinct) / PRINTS_A_PASSAGE, distinct / PRINTS_A_PASSAGE
    weights = OWNERS.interval(fed, passages, owners, known > 0)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="answers of other owners fed back in prompts",
    group="content",
    needs=("prompt", "completion", "account_id", "org_id"),
    reads=("prints_distinct", "foreign_prints", "foreign_print_owners", "print_owner_known"),
    requires=("prints_distinct", "foreign_prints", "foreign_print_owners", "print_owner_known"),
    weight_model=(
        "Two beta-binomial mixtures over foreign of distinct prints, two of which count as one passage; every rate is "
        "a judgement. 12 % of extracting accounts feed answers of other accounts back (two of some twelve published "
        "campaigns clean or grade them), any share being as likely as any other. 1 honest account in 40 is sent texts "
        "that others drew, at Beta(1, 20) (mean 5 %: mail, tickets, documents); 1 in 150 at any share (checkers of "
        "machine-written text, moderation, evaluation for several customers), 1 in 30 where organisations are "
        "unknown; all others at Beta(0.05, 50), 1 in 1,000. Where owners are known the number of other owners is "
        "geometric: each further one has chance 0.8 in a pool and in half of the honest cases, 0.1 in the other half "
        "(one partner), 0.5 among strays. At most 5.2 bits; 2.7 for one other owner; 1.9 where owners are unknown. Low "
        "and high: the same over the 90 % Wilson interval of the share of passages."
    ),
    blind_spot=(
        "Answers drawn and fed back under one organisation, at another provider, or before the log begins; answers "
        "translated or rewritten in between; passages shorter than 24 words, or beyond the first 512 bytes of an "
        "answer; an answer that is a small part of a long prompt; prompts whose own answer is not in the log. Answers "
        "that more than 3 owners got count for nobody, and so do those that anybody had sent before."
    ),
    benign_twins=(
        "Conversations, agents and judges of one's own application's answers: the same owner got them, so nothing is "
        "foreign. Licences, quotations, set questions: sent by somebody before any answer held them, or in the "
        "answers of more than 3 owners. An answer that repeats its own prompt is no answer. Checkers of "
        "machine-written text and moderators receive answers of many owners as a pool does: not told apart, so the "
        "weight stays near 5 bits."
    ),
    would_change=(
        "A map of organisations that puts both accounts under one owner; a service that checks or moderates texts of "
        "others, which its customers can confirm; a public source of the passages."
    ),
    references=(
        "Anthropic, threat report of September 2026: GTG-16006, 770,609 requests through a cleaner of captured traces",
        "Anthropic, Detecting and preventing distillation attacks (February 2026): rubric grading as a reward model",
        "Frontier Model Forum, brief on adversarial distillation: critique and autograding of collected answers",
        "Schleimer, Wilkerson & Aiken (2003), Winnowing: fingerprints of passages in documents",
    ),
    examine=examine,
)
