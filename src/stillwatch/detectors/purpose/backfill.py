"""Long documents read and little written about each: retrieval, summaries, a backfill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.purpose.kinds import Purpose, Seen, kind, nearest, undo_log2, weigh
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "backfill"


# Rates: commonest template, prompts that ask for grading, prompts that ask for repair.
# Sizes: log2 of prompt bytes, of answer over prompt, of answer tokens.
BACKFILL: Final = Purpose(
    extraction=0.025,
    honest=0.10,
    shares=("template", "grading", "repair"),
    sizes=("prompt_log2", "draw_log2", "answer_log2"),
    meant=(
        kind(
            "documents read, short texts written",
            1.0,
            ((6, 1), (0.3, 15), (0.3, 15)),
            ((11.8, 1.0), (-3.4, 1.5), (6.8, 1.2)),
        ),
    ),
    others=(
        kind("grading of given answers", 0.12, ((6, 1), (5, 2), (1, 4)), ((11.0, 1.0), (-4.0, 2.0), (5.0, 2.0))),
        kind("repair of given answers", 0.08, ((6, 1), (1, 6), (5, 2)), ((11.5, 1.0), (-1.0, 1.2), (8.5, 1.2))),
        kind("short labels for texts", 0.15, ((6, 1), (0.3, 15), (0.3, 15)), ((9.0, 1.5), (-5.0, 2.0), (2.8, 1.0))),
        kind("agents", 0.2, ((6, 1), (0.3, 15), (0.5, 15)), ((8.5, 2.0), (-0.5, 2.0), (6.5, 1.2))),
        kind(
            "long texts with answers as long",
            0.1,
            ((6, 1), (0.3, 15), (0.3, 15)),
            ((11.5, 1.0), (-0.5, 1.2), (9.0, 1.0)),
        ),
        kind(
            "short prompts with full answers",
            0.35,
            ((1.5, 1), (0.5, 15), (0.5, 15)),
            ((8.0, 1.4), (1.5, 2.0), (8.0, 1.2)),
        ),
    ),
)
"""Backfills and what looks like them."""


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    error = 2.0 / np.sqrt(np.maximum(at["lengths_known"], 1.0))
    return Seen(
        shares={
            "template": (at["template_share"], at["events"]),
            "grading": (at["rubric_grading_share"], at["prompts_known"]),
            "repair": (at["critique_repair_share"], at["prompts_known"]),
        },
        sizes={name: (at[name], error) for name in BACKFILL.sizes},
    )


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        fed, drawn = undo_log2(at["prompt_log2"]), undo_log2(at["answer_log2"])
        return (
            f"prompts of ~ {whole(fed)} bytes and answers of ~ {whole(drawn)} tokens in {whole(at['lengths_known'])} "
            f"requests: fed {rounded(undo_log2(-at['draw_log2']))} times what it drew; {percent(at['template_share'])} "
            f"inside one recurring template, {percent(at['system_share'])} with a system text; reads most like "
            f"{nearest(BACKFILL, _seen(profile, np.array([row])))[0]}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh how much more is fed than drawn; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (
                missing(profile, *DETECTOR.requires),
                "the log does not give the lengths of prompts and answers together",
            ),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few to see a kind of work"),
            (fewer(profile.column("lengths_known"), least), f"fewer than {least} requests of known lengths"),
        )
    )
    weights = weigh(BACKFILL, _seen(profile, gate.reason == 0))
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="long documents read, little written",
    group="content",
    needs=("prompt", "tokens_out"),
    reads=(
        *("events", "lengths_known", "prompt_log2", "answer_log2", "draw_log2", "template_share", "system_share"),
        *("prompts_known", "rubric_grading_share", "critique_repair_share"),
    ),
    requires=("events", "lengths_known", "prompt_log2", "answer_log2", "draw_log2"),
    weight_model=(
        "Documents read with short texts written, beside six look-alikes (grading, repair of given answers, labels, "
        "agents, long texts with answers as long, short prompts with full answers), each with a beta-binomial for "
        "three shares (commonest template, prompts that ask for grading, for repair) and normals for log2 of prompt, "
        "answer and answer over prompt: BACKFILL lists every rate. 10 % of honest accounts work so, 2.5 % of "
        "extracting ones: at least -2 bits, never above 0. A share counts as at most 64 observations, each table is "
        "blended with 1 % that knows nothing. Low and high: each share over its 90 % Wilson interval and each length "
        "over its error, in quadrature. All rates are judgements, none is calibrated."
    ),
    blind_spot=(
        "To imitate it a copier must pay for some ten tokens fed for each token drawn. That is only money, and a "
        "harvest of summaries or of answers to long documents looks just so, which is why it counts little. "
        "Documents in a system text are not seen: only the last user turn is measured."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: grading and repair of given answers, which also read "
        "long texts; long prompts that draw answers as long."
    ),
    would_change=(
        "Prompts read by a person in which the long texts are answers of a model; a second task that grades or "
        "repairs them."
    ),
    references=(
        "Anthropic, threat report of September 2026: captured traces sent back to be cleaned and judged",
        "Advisory AA26-251A (2026): ordinary causes of its indicators; retrieval shares a template over varied context",
    ),
    examine=examine,
)
