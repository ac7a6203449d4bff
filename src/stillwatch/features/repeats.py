"""How often the same prompt comes back, when, and on how many models: read from 16 sampled prompts.

The sample is the prompts of smallest hash, so it is a random 16 of the different prompts of an account,
and what is counted of each is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import FULL16, only_where, ratio
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import EMPTY_HASH

if TYPE_CHECKING:
    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_DAY_S: Final = 86_400.0
_APART_S: Final = 3_600.0
_READ: Final = 16
"""Sampled prompts read here: the 16 of smallest hash are a fair sample of the sample."""
_SAMPLED: Final = ("sample", "sample_count", "sample_first_s", "sample_last_s", "sample_models")

REPEATS: Final = (
    Feature("sampled_prompts", "prompts", "Different prompts in the sample, at most 16."),
    Feature("repeated_share", "share, 0 to 1", "Sampled prompts sent more than once; high is a known set, sent again."),
    Feature(
        "returning_share", "share, 0 to 1", "Sampled prompts sent again an hour or more later: a set that is kept."
    ),
    Feature("samples_per_prompt", "requests a prompt", "Median requests of a sampled prompt; 1 asks everything once."),
    Feature("repeat_span_d", "days", "Mean time from first to last request of the sampled prompts that repeat."),
    Feature(
        "late_new_share", "share, 0 to 1", "Sampled prompts first sent in the second half: 0.5 keeps finding new ones."
    ),
    Feature("prompt_models", "models", "Mean number of models a repeated prompt was sent to, as far as 8 cells tell."),
)


def repeats(rows: Arrays) -> Columns:
    """Measure repeats; one value an account."""
    rows = rows._replace(**{name: getattr(rows, name)[:, :_READ] for name in _SAMPLED})
    there = rows.sample != EMPTY_HASH
    n = there.sum(axis=1).astype(np.float64)
    times = np.where(there, rows.sample_count, 0).astype(np.float64)
    full = (rows.sample_count == FULL16).any(axis=1)
    again = there & (times > 1)
    apart_s = np.where(again, rows.sample_last_s.astype(np.float64) - rows.sample_first_s, 0.0)
    repeated = again.sum(axis=1).astype(np.float64)
    middle_s = (rows.first_ms + (rows.last_ms - rows.first_ms) / 2) / 1000.0
    late = there & (rows.sample_first_s.astype(np.float64) >= middle_s[:, None])
    models = np.where(again, np.bitwise_count(rows.sample_models), 0).astype(np.float64)
    order = np.sort(np.where(there, times, np.nan), axis=1)
    middle = np.maximum((n.astype(np.int64) - 1) // 2, 0)
    known = n > 0
    return {
        "sampled_prompts": n,
        "repeated_share": ratio(repeated, n),
        "returning_share": ratio((apart_s >= _APART_S).sum(axis=1).astype(np.float64), n),
        "samples_per_prompt": only_where(order[np.arange(n.shape[0]), middle], known & ~full),
        "repeat_span_d": ratio(apart_s.sum(axis=1), repeated) / _DAY_S,
        "late_new_share": only_where(ratio(late.sum(axis=1).astype(np.float64), n), rows.last_ms > rows.first_ms),
        # A log that names no model shows none; that is unknown, not nought.
        "prompt_models": ratio(models.sum(axis=1), (models > 0).sum(axis=1).astype(np.float64)),
    }
