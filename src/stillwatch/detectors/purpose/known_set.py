"""A finite, known set of prompts that is kept and sent again: an evaluation run or a drift monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.purpose.kinds import Purpose, Seen, kind, nearest, none_where, weigh, where_shown
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "known_set"
MIN_SAMPLED: Final = 3.0
"""Fewest sampled prompts from which a kept set is read (prompts)."""
_HLL_ERROR_LOG10: Final = 0.028


# Rates: prompts that return, that are first sent late, distinct prompts, no sampling noise, several choices.
# Sizes: log10 of the set, log10 of days over which a prompt repeats, log2 of models a prompt was sent to.
KNOWN_SET: Final = Purpose(
    extraction=0.0015,
    honest=0.05,
    shares=("returning", "late_new", "distinct", "temperature_zero", "many_choices"),
    sizes=("set_log10", "repeat_span_log10", "models_log2"),
    meant=(
        kind(
            "an evaluation run, repeated",
            0.6,
            ((9, 1), (1, 15), (2, 5), (2, 1.5), (1, 9)),
            ((2.8, 0.6), (0.9, 0.5), (0.8, 0.7)),
        ),
        kind(
            "a drift monitor", 0.4, ((12, 1), (1, 15), (1, 30), (2, 2), (1, 19)), ((1.2, 0.5), (1.0, 0.5), (0.2, 0.4))
        ),
    ),
    others=(
        kind(
            "several answers drawn for each prompt",
            0.08,
            ((1, 9), (4, 4), (2, 5), (1, 9), (2, 2)),
            ((3.0, 0.8), (-2.5, 1.0), (0.0, 0.2)),
        ),
        kind(
            "a fixed set run through several times within a day",
            0.03,
            ((9, 1), (1, 9), (2, 6), (1, 12), (1, 9)),
            ((3.3, 0.5), (-0.6, 0.4), (0.0, 0.2)),
        ),
        kind(
            "a set sent again within the hour and then no more",
            0.05,
            ((0.5, 12), (1, 1), (2, 5), (1, 1), (1, 4)),
            ((2.5, 1.0), (-2.0, 1.0), (0.4, 0.6)),
        ),
        kind(
            "a set that keeps growing, each prompt sent several times",
            0.02,
            ((9, 1), (5, 5), (2, 5), (1, 1.5), (1, 9)),
            ((3.0, 0.8), (0.7, 0.6), (0.6, 0.7)),
        ),
        kind(
            "an application with recurring questions",
            0.22,
            ((2, 5), (4, 4), (5, 2), (1, 3), (1, 19)),
            ((3.0, 1.0), (0.3, 0.7), (0.1, 0.3)),
        ),
        kind(
            "prompts sent once",
            0.60,
            ((1, 15), (5, 5), (20, 1), (1, 3), (1, 19)),
            ((2.8, 0.8), (0.0, 1.0), (0.0, 0.2)),
        ),
    ),
)
"""Known sets and what looks like them."""


def _seen(profile: Profile, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
    at = {name: profile.column(name)[rows] for name in DETECTOR.reads}
    sampled, params = at["sampled_prompts"], at["params_known"]
    return Seen(
        shares={
            "returning": (at["returning_share"], sampled),
            "late_new": (at["late_new_share"], sampled),
            "distinct": (at["distinct_share"], at["prompts_known"]),
            "temperature_zero": (where_shown(at["temperature_zero_share"]), params),
            "many_choices": (where_shown(at["many_choices_share"]), params),
        },
        sizes={
            "set_log10": (np.log10(np.maximum(at["distinct_prompts"], 1.0)), _HLL_ERROR_LOG10),
            "repeat_span_log10": (np.log10(np.maximum(at["repeat_span_d"], 1e-3)), 0.1),
            "models_log2": (np.log2(np.maximum(at["prompt_models"], 1.0)), 0.1),
        },
    )


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        if at["logit_probe_share"] > 0:
            nature = f"{percent(at['logit_probe_share'])} read log-probabilities of biased tokens, so none is excused"
        else:
            nature = f"reads most like {nearest(KNOWN_SET, _seen(profile, np.array([row])))[0]}"
        public = "" if np.isnan(at["corpus_share"]) else f"; {percent(at['corpus_share'])} stand in a public prompt set"
        return (
            f"{whole(at['distinct_prompts'])} distinct prompts in {whole(at['prompts_known'])} requests; of "
            f"{whole(at['sampled_prompts'])} sampled prompts {percent(at['returning_share'])} came again an hour or "
            f"more later and {percent(at['late_new_share'])} were first sent in the second half; "
            f"{rounded(at['samples_per_prompt'])} requests a prompt on {rounded(at['prompt_models'])} models over "
            f"{rounded(at['repeat_span_d'])} days{public}; {nature}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh whether one set of prompts is kept and sent again; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (missing(profile, *DETECTOR.requires), "the log holds no prompt text, so repeats cannot be counted"),
            (fewer(profile.column("prompts_known"), least), f"fewer than {least} prompts, too few to see a set return"),
            (
                fewer(profile.column("sampled_prompts"), MIN_SAMPLED),
                f"fewer than {MIN_SAMPLED:.0f} different prompts, too few to tell a set from a loop",
            ),
        )
    )
    able = gate.reason == 0
    probes = profile.column("logit_probe_share")[able] > 0
    weights = none_where(weigh(KNOWN_SET, _seen(profile, able)), probes)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="a known set of prompts, kept and sent again",
    group="purpose",
    needs=("prompt", "ts_ms"),
    reads=(
        *("prompts_known", "distinct_prompts", "distinct_share", "sampled_prompts", "returning_share"),
        *("repeated_share", "late_new_share", "samples_per_prompt", "repeat_span_d", "prompt_models"),
        *("params_known", "temperature_zero_share", "many_choices_share", "corpus_share", "logit_probe_share"),
    ),
    requires=("prompts_known", "distinct_share", "sampled_prompts", "returning_share", "late_new_share"),
    weight_model=(
        "Two kinds of known set (evaluation run 60 %, drift monitor 40 %) beside six look-alikes (several answers a "
        "prompt, a fixed set run through within a day, a set sent again only within the hour, a set that grows, "
        "recurring questions, prompts sent once), each with a beta-binomial for five shares (prompts that return, "
        "prompts first sent late, distinct prompts, no sampling noise, several choices) and normals for log10 of the "
        "set and of the days over which prompts repeat and log2 of the models they were sent to: KNOWN_SET lists "
        "every rate. 5 % of honest accounts are such runs; 1.5 in 1,000 extracting ones look so too: at least -5.1 "
        "bits, never above 0. A share counts as at most 64 observations, each table is blended with 1 % that knows "
        "nothing. Whether prompts stand in a public set is shown, not weighed: harvests send the same. Any logit "
        "probe takes the weight away: that is a fixed set too. Low and high: each share over its 90 % Wilson "
        "interval and each size over its error, in quadrature. All rates are judgements, none is calibrated."
    ),
    blind_spot=(
        "To imitate it a copier must send one fixed set again over days: with r rounds it keeps one of r answers as "
        "new text, and the set must not grow. Rejection sampling in rounds days apart does look so, and so does an "
        "account that only tests whether countermeasures are on. A benchmark run once returns nothing and earns "
        "nothing; a set that grows while it is watched earns little."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: several answers a prompt within the hour (not "
        "returning), a fixed set run through in a day (short repeats), an application's recurring questions (new "
        "ones keep coming), logit probes over a fixed set of prompts."
    ),
    would_change=(
        "A set that turns out to grow when more weeks are read; answers that differ round by round and are all kept."
    ),
    references=(
        "Advisory AA26-251A (2026): repeated canary prompts, and drift monitors as their ordinary cause",
        "MMLU, GSM8K and rubric sets are sent by evaluations and by harvests alike",
    ),
    examine=examine,
)
