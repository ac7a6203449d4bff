"""Short answers from one form: batch classification or extraction, whose output teaches no general model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.purpose.kinds import Purpose, Seen, kind, nearest, none_where, undo_log2, weigh
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "short_answers"
MOST_FAILED: Final = 0.3
"""Largest share of requests without an answer at which the median still says what answers are like (0 to 1)."""
_MEDIAN_ERROR_LOG2: Final = 0.3


# Rates: answers of 256 tokens or more, commonest template, single turn, prompts that ask for grading, logit probes.
# Sizes: log2 of the median answer, of mean over median, spread of log2 answers, log2 of answer over prompt.
SHORT_ANSWERS: Final = Purpose(
    extraction=0.004,
    honest=0.13,
    shares=("long_answers", "template", "single_turn", "grading", "logit_probe"),
    sizes=("median_log2", "excess_log2", "answer_spread_log2", "draw_log2"),
    meant=(
        kind(
            "batch classification or extraction",
            1.0,
            ((1, 40), (6, 1), (19, 1), (0.3, 15), (0.05, 20)),
            ((2.8, 1.2), (0.2, 0.5), (0.8, 0.4), (-5.0, 2.0)),
        ),
    ),
    others=(
        kind(
            "short answers beside long ones",
            0.05,
            ((1.5, 12), (3, 1), (9, 1), (0.5, 8), (0.05, 20)),
            ((2.8, 1.5), (2.2, 1.2), (1.9, 0.7), (-3.0, 2.0)),
        ),
        kind(
            "grading of given answers",
            0.05,
            ((1, 9), (6, 1), (19, 1), (6, 1.5), (0.05, 20)),
            ((3.5, 1.5), (0.5, 0.7), (1.0, 0.5), (-6.0, 2.0)),
        ),
        kind(
            "log-probabilities read from a token or a few",
            0.02,
            ((1, 60), (1, 1), (19, 1), (0.3, 15), (2, 1)),
            ((0.7, 0.6), (0.1, 0.4), (0.3, 0.3), (-5.0, 3.0)),
        ),
        kind(
            "full answers to single requests",
            0.4,
            ((3, 1.5), (2, 1), (12, 1), (0.5, 8), (0.05, 20)),
            ((8.8, 1.0), (0.3, 0.4), (1.1, 0.4), (2.0, 2.0)),
        ),
        kind(
            "answers of a line or a paragraph from one form",
            0.1,
            ((1, 10), (6, 1), (19, 1), (0.3, 15), (0.05, 20)),
            ((5.7, 0.8), (0.2, 0.5), (0.8, 0.4), (-2.5, 2.0)),
        ),
        kind(
            "conversations, agents and applications",
            0.38,
            ((2, 3), (1, 1), (1.5, 1.5), (0.3, 15), (0.05, 20)),
            ((7.0, 1.3), (0.7, 0.6), (1.6, 0.5), (0.0, 2.5)),
        ),
    ),
)
"""Short answers from one form and what looks like them."""


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    mean_error = 1 / np.sqrt(np.maximum(np.nan_to_num(at["lengths_known"]), 1.0))
    return Seen(
        shares={
            "long_answers": (at["long_answer_share"], at["answers_known"]),
            "template": (at["template_share"], at["events"]),
            "single_turn": (at["single_turn_share"], at["turns_known"]),
            "grading": (at["rubric_grading_share"], at["prompts_known"]),
            "logit_probe": (at["logit_probe_share"], at["params_known"]),
        },
        sizes={
            "median_log2": (np.log2(np.maximum(at["tokens_out_median"], 1.0)), _MEDIAN_ERROR_LOG2),
            "excess_log2": (
                np.log2(np.maximum(at["tokens_out_mean"], 1.0) / np.maximum(at["tokens_out_median"], 1.0)),
                _MEDIAN_ERROR_LOG2,
            ),
            "answer_spread_log2": (at["answer_spread_log2"], mean_error * at["answer_spread_log2"]),
            "draw_log2": (at["draw_log2"], 2.0 * mean_error),
        },
    )


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        if at["logit_probe_share"] > 0:
            nature = f"{percent(at['logit_probe_share'])} read log-probabilities of biased tokens, so none is excused"
        else:
            nature = f"reads most like {nearest(SHORT_ANSWERS, _seen(profile, np.array([row])))[0]}"
        return (
            f"median answer ~ {whole(at['tokens_out_median'])} tokens in {whole(at['answers_known'])} answers, "
            f"{percent(at['long_answer_share'])} of 256 or more, lengths spread by {rounded(at['answer_spread_log2'])} "
            f"doublings; {percent(at['template_share'])} inside one recurring template; fed "
            f"{rounded(undo_log2(-at['draw_log2']))} times what it drew; {nature}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how little the answers hold; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (missing(profile, *DETECTOR.requires), "the log gives no answer tokens, or a counter of them is full"),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few to see a kind of answer"),
            (fewer(profile.column("answers_known"), least), f"fewer than {least} answers of known length"),
            (
                profile.column("throttled_share") + profile.column("error_share") > MOST_FAILED,
                f"more than {percent(MOST_FAILED)} of requests failed; their empty answers hide how long others are",
            ),
        )
    )
    able = gate.reason == 0
    probes = profile.column("logit_probe_share")[able] > 0
    weights = none_where(weigh(SHORT_ANSWERS, _seen(profile, able)), probes)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="short answers from one form",
    group="content",
    needs=("tokens_out", "prompt"),
    reads=(
        *("events", "answers_known", "tokens_out_median", "tokens_out_mean", "long_answer_share", "lengths_known"),
        *(
            "answer_spread_log2",
            "draw_log2",
            "template_share",
            "turns_known",
            "single_turn_share",
            "prompts_known",
            "rubric_grading_share",
        ),
        *("params_known", "logit_probe_share", "throttled_share", "error_share"),
    ),
    requires=("events", "answers_known", "tokens_out_median", "long_answer_share"),
    weight_model=(
        "Batch classification or extraction beside six look-alikes (short answers beside long ones, grading, answers "
        "of a line or a paragraph, log-probabilities read from a token or a few, full answers to single requests, "
        "conversations and agents), each with a beta-binomial for five shares (answers of 256 tokens or more, "
        "commonest template, single turn, prompts that ask for grading, logit probes) and normals for log2 of the "
        "median answer, of mean over median, of answer over prompt and for the spread of lengths: SHORT_ANSWERS "
        "lists every rate. 13 % of honest accounts do such work, 4 in 1,000 extracting ones look so too: at least "
        "-5.0 bits, never above 0. Any request that biases tokens and reads a token or four, or log-probabilities, "
        "takes the weight away. A share counts as at most 64 observations. Low and high: each share over its 90 % "
        "Wilson interval and each size over its error, in quadrature. All rates are judgements, none is calibrated."
    ),
    blind_spot=(
        "To imitate it a copier must be content with a few tokens an answer, which teach no general model, or send "
        "some fifty short requests for every long answer it hides among them. A copy of just this classifier from "
        "its labels needs no more than short answers and cannot be told apart here. Long answers drawn by another "
        "account of the same customer; probing from a log that leaves out logit_bias."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: logit probing (a token or a few, with biases), "
        "grading that serves as a reward, and short answers mixed with long ones, which move the spread and the "
        "share of long answers."
    ),
    would_change=(
        "Long answers drawn by another account of the same customer; request parameters that show biased tokens."
    ),
    references=(
        "Carlini et al. (2024), Stealing part of a production language model: biases and log-probabilities",
        "Anthropic, Detecting and preventing distillation attacks (February 2026): rubric grading as a reward model",
        "ServeGen traces (2025): median answers of 13 to 22 % of 221 clients reach 256 tokens",
    ),
    examine=examine,
)
