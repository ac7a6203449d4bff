"""The shape of a harvest: tasks of many kinds, one request at a time, drawing more than machines and less than people.

No word is read. Breadth and volume alone are nothing: what is compared is how prompts and answers relate to
each other, against people and against honest machines, as ``shape_model`` learnt them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.cohort import cohort_ratio
from stillwatch.detectors.content.shape_model import explain, shapes_of, shipped, weigh
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "harvest_shape"
_LARGEST_LOG2: Final = 60.0
_PARTS: Final = ("answer over prompt", "variety of answers", "variety of prompts", "single turns", "tie of lengths")


def _times(log2: float) -> float:
    return float(2.0 ** min(log2, _LARGEST_LOG2))


def _sentence(profile: Profile, ratio: NDArray[np.float64], permitted: float) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        parts = explain(shipped(), shapes_of(profile).part(np.array([row])), permitted)
        listed = ", ".join(f"{name} {bits:+.1f}" for name, bits in zip(_PARTS, parts, strict=True))
        taken = "" if np.isnan(ratio[row]) else f" ({rounded(float(ratio[row]))} times the median of its cohort)"
        if np.isnan(at["draw_log2"]):
            lengths = "answer lengths unknown"
        else:
            lengths = (
                f"a typical answer of {whole(_times(at['answer_log2']))} tokens to a prompt of "
                f"{whole(_times(at['prompt_log2']))} bytes, {rounded(_times(at['draw_log2']))} times as long; "
                f"answers vary by a factor of {rounded(_times(at['answer_spread_log2']))}, prompts by "
                f"{rounded(_times(at['prompt_spread_log2']))}"
            )
        return (
            f"{whole(at['distinct_prompts'])} distinct prompts in {whole(at['prompts_known'])} requests, "
            f"{percent(at['single_turn_share'])} single-turn; {lengths}; {whole(at['tokens_out'])} answer tokens in "
            f"all{taken}; bits: {listed}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh the shape of the work; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (missing(profile, "prompts_known"), "the log holds no prompt text, so the shape of prompts is unknown"),
            (fewer(profile.column("prompts_known"), least), f"fewer than {least} prompts, too few to see a shape"),
            (missing(profile, "distinct_prompts"), "how many different prompts there are is unknown"),
            (
                fewer(np.round(profile.column("distinct_prompts")), least),
                f"fewer than {least} different prompts: whoever asks the same again harvests nothing",
            ),
            (
                np.asarray(np.isnan(shapes_of(profile).value).all(axis=1), np.bool_),
                "the log gives neither the lengths of prompts and answers nor how many turns a request had",
            ),
        )
    )
    seen = shapes_of(profile).part(np.flatnonzero(gate.reason == 0))
    weights = weigh(shipped(), seen, config.permitted_share)
    ratio = cohort_ratio(profile, "tokens_out")
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {"tokens_out_over_cohort_median": ratio}
    return answer(NAME, gate, weights, _sentence(profile, ratio, config.permitted_share), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="the shape of a harvest of answers",
    group="content",
    needs=("prompt", "tokens_out", "n_turns"),
    reads=(
        *("prompts_known", "distinct_prompts", "lengths_known", "prompt_log2", "prompt_spread_log2", "answer_log2"),
        *("answer_spread_log2", "draw_log2", "length_tie", "turns_known", "single_turn_share", "tokens_out"),
    ),
    requires=("prompts_known", "distinct_prompts"),
    weight_model=(
        "Five measures (answer over prompt length, spread of answer lengths, spread of prompt lengths, share of single "
        "turns, correlation of the two lengths) under three kinds of work, each a product of t distributions with 4 "
        "degrees of freedom whose middle and width are those of the sources of that kind (shapes.json, built by "
        "`stillwatch learn` from public prompt sources: 13 of extraction with answers, 3 of people, 7 of machines). "
        "Honest accounts are half people, half machines, and 1 in 200 has the very shape of a harvest (permitted "
        "synthetic data, contracts), which bounds the weight to 7.6 bits; `stillwatch calibrate` replaces that share "
        "by the one of your own traffic. Unknown measures are left out. Low and high: every measure over its 90 % "
        "sampling error and the spread over models that each leave one source out."
    ),
    blind_spot=(
        "Harvests of short or templated answers (tool calls, labels) look like classification; multi-turn harvests "
        "and replayed or relayed real sessions look like people; one pass of a long-answer benchmark looks like a "
        "harvest in its own right. Few sources of each kind are public, so a kind of honest work that none of them is "
        "like can be misread: calibrate on your own traffic."
    ),
    benign_twins=(
        "Classification and extraction: answers short and alike. Evaluation: answers alike, prompts tied to them. "
        "People: several turns, prompts of every length. Support applications: several turns. Permitted synthetic "
        "data, translation and writing in bulk look the same from here, which is why content alone never reaches the "
        "threshold."
    ),
    would_change=(
        "A contract, a licence or a model of one's own that the answers are for; earlier weeks in which prompts "
        "return or conversations grow, which no harvest needs."
    ),
    references=(
        "Anthropic, Detecting and preventing distillation attacks (February 2026): one prompt family, many accounts",
        "Advisory AA26-251A (2026): indicators of model distillation, and their ordinary causes",
        "Gelman & Hill (2007), chapter 12: what is known of a new group is the spread between groups",
    ),
    examine=examine,
)
