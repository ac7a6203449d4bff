"""Answer tokens over what is usual on the account's plan. Weak alone: some small teams work hard."""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.cohort import SMALLEST, cohort_ratio
from stillwatch.detectors.weights.kinds import Kind, kind_bits, over
from stillwatch.detectors.weights.likelihood import log_normal
from stillwatch.detectors.weights.words import rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "plan_ratio"
_HEAVY, _USUAL = (log(30.0), 1.2), (0.0, 1.5)
_HEAVY_SHARES: Final = (0.16, 0.08)
_MEDIAN_ERROR: Final = 1.2533 * 1.5


def ratio_bits(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh tokens over the plan's median; outside the two centres more or less adds nothing."""
    at = np.clip(np.log(np.maximum(ratio, 1.0)), _USUAL[0], _HEAVY[0])
    extraction, honest = _HEAVY_SHARES
    return kind_bits(
        Kind(extraction, honest, log_normal(at, *_HEAVY)), Kind(1 - extraction, 1 - honest, log_normal(at, *_USUAL))
    )


def plan_size(profile: Profile) -> NDArray[np.float64]:
    """Count the accounts of the same named plan whose answer tokens are known; 0 where no plan is named."""
    known = ~np.isnan(profile.column("tokens_out"))
    sizes = Counter(text for text, there in zip(profile.facts.plan, known.tolist(), strict=True) if there and text)
    return np.array([sizes[text] if text else 0 for text in profile.facts.plan], np.float64)


def _sentence(profile: Profile, ratio: NDArray[np.float64], size: NDArray[np.float64]) -> Callable[[int], str]:
    def say(row: int) -> str:
        return (
            f"{whole(float(profile.column('tokens_out')[row]))} answer tokens, {rounded(float(ratio[row]))} times the "
            f"median of the {whole(float(size[row]))} accounts of its plan"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh use against the usual use of the plan; one answer an account."""
    ratio, size = cohort_ratio(profile, "tokens_out"), plan_size(profile)
    gate = Gate(
        (
            (missing(profile, *DETECTOR.requires), "the log gives no answer tokens (tokens_out)"),
            (
                np.array([not text for text in profile.facts.plan], np.bool_),
                "no plan is known for this account; an account file can give it",
            ),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to compare with a plan",
            ),
            (
                fewer(size, SMALLEST),
                f"fewer than {SMALLEST} accounts of this plan, too few to say what is usual on it",
            ),
            (np.isnan(ratio), "the median account of this plan got no answer tokens"),
        )
    )
    able = gate.reason == 0
    spread = np.exp(1.6449 * _MEDIAN_ERROR / np.sqrt(np.maximum(size[able], 1.0)))
    weights = over(ratio_bits, (ratio[able],), (ratio[able] / spread,), (ratio[able] * spread,))
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {
        "tokens_out_over_plan_median": ratio,
        "accounts_of_plan": size,
    }
    return answer(NAME, gate, weights, _sentence(profile, ratio, size), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="far more answer tokens than the plan's median account",
    group="habits",
    needs=("tokens_out",),
    reads=("events", "tokens_out"),
    requires=("events", "tokens_out"),
    weight_model=(
        "Two log-normals of answer tokens over the median of the same named plan, which needs 20 accounts: usual use "
        "around 1 with a wide tail (standard deviation of the logarithm 1.5, a factor 12 at the 95th percentile), "
        "heavy use around 30. 16 % of extracting and 8 % of honest accounts are heavy; with the tail of usual "
        "use that is +0.6 bits at most. Most campaigns stay at a handful to some hundred requests an account and day. "
        "At or below the median: -0.1. Low and high: over the error of the median. None of these rates is measured."
    ),
    blind_spot=(
        "Nearly every known campaign: the volume is spread over accounts until each is ordinary. A plan that is mostly "
        "a pool is its own median. Plans are names; nothing is known of their limits or prices."
    ),
    benign_twins=(
        "Small heavy teams, one busy application, a backfill, a person who works all day with an agent. One in twelve "
        "honest accounts is heavy for its plan, and two such accounts were once blocked while ordinary ones did more; "
        "hence less than one bit."
    ),
    would_change="What the plan allows and what was paid for; a backfill or launch that ends.",
    references=(
        "Advisory AA26-251A (2026): bulk subscriptions and throughput out of proportion to the plan",
        "xiufengsun/TokenTracker#534: ratios to the cohort showed blocked accounts to be ordinary",
    ),
    examine=examine,
)
