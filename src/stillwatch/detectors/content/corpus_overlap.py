"""Prompts that stand in public sets. Kept and sent again it is an evaluation; sent once with long answers, seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.alike import alike
from stillwatch.detectors.weights.kinds import Kind, kind_bits, over
from stillwatch.detectors.weights.likelihood import Beta, log_beta_binomial, wilson
from stillwatch.detectors.weights.words import percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "corpus_overlap"
_MOST: Final = 64.0
_PUBLIC: Final = Beta(2.0, 1.0)
_ONCE: Final = Beta(1.0, 15.0)


class _Cause(NamedTuple):
    extraction: float
    honest: float
    spreads: tuple[Beta, Beta, Beta]


CAUSES: Final = (
    _Cause(0.05, 0.01, (_PUBLIC, _ONCE, Beta(3.0, 1.0))),
    _Cause(0.0125, 0.05, (_PUBLIC, _ONCE, Beta(1.0, 1.0))),
    _Cause(0.01, 0.04, (_PUBLIC, Beta(2.0, 1.0), Beta(1.0, 1.0))),
    _Cause(0.9275, 0.9, (Beta(0.3, 20.0), Beta(1.0, 3.0), Beta(1.0, 1.0))),
)
"""Public seeds with full answers, one pass of a benchmark, a kept set sent again, and everybody else.

Each with its share of extracting and of honest accounts, and with how its public prompts, returning
prompts and long answers are spread.
"""
_SHARES: Final = ("corpus_share", "returning_share", "long_answer_share")
_COUNTS: Final = ("prompts_known", "sampled_prompts", "answers_known")


def _fit(found: NDArray[np.float64], n: NDArray[np.float64], spread: Beta) -> NDArray[np.float64]:
    known = ~np.isnan(found)
    return np.where(known, log_beta_binomial(np.where(known, found, 0.0), n, spread), 0.0)


def overlap_bits(found: Sequence[NDArray[np.float64]], n: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Give weight, low and high.

    Parameters
    ----------
    found
        How many of n prompts are public, of n sampled ones returned and of n answers are long; NaN is left out.
    n
        Of how many, at least 1.
    """

    def bits(*at: NDArray[np.float64]) -> NDArray[np.float64]:
        kinds = []
        for cause in CAUSES:
            fits = [_fit(k, of, spread) for k, of, spread in zip(at, n, cause.spreads, strict=True)]
            kinds.append(Kind(cause.extraction, cause.honest, np.asarray(np.sum(fits, axis=0))))
        return kind_bits(*kinds)

    corners = []
    for moved, (k, of) in enumerate(zip(found, n, strict=True)):
        corners += [[*found[:moved], end * of, *found[moved + 1 :]] for end in wilson(k / of, of)]
    return over(bits, found, *corners)


def _weigh(profile: Profile, able: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    n = [np.clip(np.nan_to_num(profile.column(name)[able], nan=1.0), 1.0, _MOST) for name in _COUNTS]
    found = [np.rint(profile.column(name)[able] * of) for name, of in zip(_SHARES, n, strict=True)]
    rows, kind = alike(*found, *n)
    return [part[kind] for part in overlap_bits([k[rows] for k in found], [of[rows] for of in n])]


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        return (
            f"{percent(at['corpus_share'])} of {whole(at['prompts_known'])} prompts stand in the public sets that were "
            f"looked up; of {whole(at['sampled_prompts'])} sampled prompts {percent(at['returning_share'])} came back "
            f"an hour or more later; {percent(at['long_answer_share'])} of answers have 256 tokens or more"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh what share of the prompts is public; one answer an account."""
    prompts = profile.column("prompts_known")
    gate = Gate(
        (
            (fewer(prompts, 1.0), "the log holds no prompt text, so no prompt could be looked up"),
            (missing(profile, "corpus_share"), "no filter of public prompt sets was given"),
            (fewer(prompts, config.min_events), f"fewer than {config.min_events} prompts, too few for a share"),
        )
    )
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, _weigh(profile, gate.reason == 0), _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="prompts that stand in public sets",
    group="content",
    needs=("prompt", "tokens_out"),
    reads=(
        *("prompts_known", "corpus_share", "sampled_prompts", "returning_share"),
        *("answers_known", "long_answer_share"),
    ),
    requires=("prompts_known", "corpus_share"),
    weight_model=(
        "Four causes, each with beta-binomials for three shares (public prompts, sampled prompts that return, long "
        "answers) of at most 64 observations; every rate is a judgement. Public seeds sent once with full answers "
        "kept: 5 % of extracting, 1 % of honest accounts (seeds of one's own model); one pass of a benchmark with "
        "answers of any length: 1.25 % against 5 %; a public set that is kept and sent again: 1 % against 4 %. All "
        "others have few public prompts (Beta(0.3, 20), mean 1.5 %). At least -2, at most about +1 bit, since a pass "
        "of a long-answer benchmark looks like seeding. Low and high: each share over its 90 % Wilson interval."
    ),
    blind_spot=(
        "Sets that are not in the filter, prompts reworded or wrapped in a template, seeds that were never published; "
        "16 sampled prompts tell returns only roughly. Without a filter nothing is said."
    ),
    benign_twins=(
        "Evaluations and release-day tests, which is why overlap speaks for an account far oftener than against it; "
        "teachers and authors who use well-known questions."
    ),
    would_change=(
        "A published evaluation over the same sets; a second run of the same prompts, which a benchmark makes and a "
        "harvest does not."
    ),
    references=(
        "ShareGPT, Alpaca, Evol-Instruct and other public sets: common seeds of imitation training",
        "MMLU, GSM8K and other public benchmarks: common evaluations",
    ),
    examine=examine,
)
