"""Wide coverage of different prompts with full answers kept, against the shapes of honest work.

Breadth alone is not abuse and volume alone is nothing: every honest kind of work with its own
breadth, length and volume competes for the same account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.cohort import cohort_ratio
from stillwatch.detectors.content.shape_fit import Observed, best_honest, weigh
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "coverage_harvest"
_HLL_ERROR: Final = 0.065
_REQUIRED: Final = ("distinct_share", "single_turn_share", "long_answer_share", "template_share")
_TEXT: Final = ("prompts_known", "distinct_share", "distinct_prompts", "template_share")


def _observed(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Observed:
    """Gather share and number of observations of each feature of the work shapes."""
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    topical = np.nan_to_num(at["prompts_known"] * at["topic_known_share"])
    params = np.nan_to_num(at["params_known"])
    # A log that leaves out tools or artefacts shows none, so none is unknown, not zero.
    tools = np.where(at["tools_share"] > 0, at["tools_share"], np.nan)
    carried = np.where(at["carried_share"] > 0, at["carried_share"], np.nan)
    return Observed(
        shares={
            "distinct": (at["distinct_share"], at["prompts_known"]),
            "single_turn": (at["single_turn_share"], at["turns_known"]),
            "long_answers": (at["long_answer_share"], at["answers_known"]),
            "template": (at["template_share"], at["events"]),
            "breadth": (at["topic_entropy"], topical),
            "tools": (tools, params),
            "carried": (carried, at["events"]),
        },
        relative_error={"distinct": _HLL_ERROR},
        log10_prompts=np.log10(np.maximum(at["distinct_prompts"], 1.0)),
    )


def _sentence(profile: Profile, ratio: NDArray[np.float64]) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        nearest = best_honest(_observed(profile, np.array([row])))[0]
        taken = "" if np.isnan(ratio[row]) else f" ({rounded(float(ratio[row]))} times the median of its cohort)"
        return (
            f"{whole(at['distinct_prompts'])} distinct prompts in {whole(at['prompts_known'])} requests, "
            f"{percent(at['template_share'])} inside one recurring template; median answer ~ "
            f"{whole(at['tokens_out_median'])} tokens, {percent(at['long_answer_share'])} of 256 or more; "
            f"{percent(at['single_turn_share'])} single-turn; topic spread {rounded(at['topic_entropy'])} of 1; "
            f"{whole(at['tokens_out'])} answer tokens in all{taken}; nearest honest work: {nearest}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh the shape of the work; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (missing(profile, *_TEXT), "the log holds no prompt text, so coverage and templates are unknown"),
            (missing(profile, "long_answer_share"), "the log gives no answer tokens, or a counter of them is full"),
            (missing(profile, "single_turn_share"), "the log does not say how many turns a request had"),
            (fewer(profile.column("prompts_known"), least), f"fewer than {least} prompts, too few to see a shape"),
            (fewer(profile.column("answers_known"), least), f"fewer than {least} answers of known length"),
            (fewer(profile.column("turns_known"), least), f"fewer than {least} requests with known turns"),
        )
    )
    weights = weigh(_observed(profile, gate.reason == 0))
    ratio = cohort_ratio(profile, "tokens_out")
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {"tokens_out_over_cohort_median": ratio}
    return answer(NAME, gate, weights, _sentence(profile, ratio), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="wide prompt coverage with full answers harvested",
    group="content",
    needs=("prompt", "tokens_out", "n_turns"),
    reads=(
        *("events", "prompts_known", "distinct_prompts", "distinct_share", "template_share", "topic_entropy"),
        *("topic_known_share", "turns_known", "single_turn_share", "answers_known", "long_answer_share"),
        *("tokens_out_median", "tokens_out", "params_known", "tools_share", "carried_share"),
    ),
    requires=("prompts_known", "distinct_prompts", *_REQUIRED, "turns_known", "answers_known"),
    weight_model=(
        "Twelve kinds of work, three of them extraction (prompt sweep 70 %, agent runs 15 %, relay 15 % of extracting "
        "accounts) and nine honest, each with a beta-binomial for seven shares (distinct prompts, single turn, "
        "answers of 256 tokens or more, commonest template, topic spread, tools, carried reasoning) and a log-normal "
        "number of prompts: work_shapes.py lists every rate. A feature counts as at most 64 observations and each "
        "share is blended with 5 % uniform, since requests of one account are not independent and the tables are not "
        "exact. 1 honest account in 200 is permitted bulk generation of the very shape of a harvest, which bounds the "
        "weight to about 7 bits; in practice it stays lower. Unknown shares are left out. Low and high: each share "
        "moved over its 90 % Wilson interval (6.5 % sketch error added to distinct prompts), differences combined in "
        "quadrature."
    ),
    blind_spot=(
        "Harvests of short answers look like classification; harvests of agent runs and relayed or replayed real "
        "sessions look like honest agents and people; a sweep split over many accounts shows each of them little. Long "
        "templates hide the topics of the prompts inside them, and the spread of topics comes out 0.03 to 0.05 lower "
        "in Chinese than in English: both are why it weighs little."
    ),
    benign_twins=(
        "Batch classification: short answers. Evaluation: a finite set repeated. Interactive use: "
        "several turns, no fixed template. Coding agents: several turns, tools, carried reasoning. Applications: one "
        "template, many turns. A single pass of a long-answer benchmark, a translation pipeline, permitted synthetic "
        "data and licensed distillation look much the same from here; that is why this shape alone never reaches the "
        "threshold."
    ),
    references=(
        "Anthropic, Detecting and preventing distillation attacks (February 2026): one prompt family, many accounts",
        "Advisory AA26-251A (2026): indicators of model distillation, and their ordinary causes",
        "ServeGen traces (2025): median answers of 13 to 22 % of 221 clients reach 256 tokens",
        "ShareGPT, LIMA, Alpaca, Evol-Instruct, Marco-o1, MMLU, GSM8K, tau-bench: turns and answer lengths",
    ),
    examine=examine,
)
