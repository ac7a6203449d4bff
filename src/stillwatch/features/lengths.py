"""How much an account feeds in and draws out, request by request, and how far both vary.

Lengths are of the last user turn and of the visible answer; reasoning tokens are left out. Everything is
in powers of two, so that one long request weighs like one short one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import count, ratio, total
from stillwatch.model.profile import Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_UNIT: Final = 256.0
_BYTES_A_TOKEN_LOG2: Final = 2.0

LENGTHS: Final = (
    Feature("lengths_known", "requests", "Requests that show both a prompt and a visible answer of known length."),
    Feature("prompt_log2", "log2 of bytes", "Mean length of the last user turn."),
    Feature("prompt_spread_log2", "log2 of bytes", "Its standard deviation; low is a form that is filled in."),
    Feature("answer_log2", "log2 of tokens", "Mean length of the visible answer."),
    Feature("answer_spread_log2", "log2 of tokens", "Its standard deviation: low is one kind of task, high is many."),
    Feature("draw_log2", "log2", "Mean of answer over prompt length, 4 bytes a token: high draws more than it feeds."),
    Feature("length_tie", "1, -1 to 1", "Correlation of the two lengths: near 1 the prompt decides the answer."),
)


def _spread(mean: NDArray[np.float64], square: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the standard deviation from the means of values and squares, with n - 1."""
    return np.sqrt(np.maximum(square - mean * mean, 0.0) * ratio(n, n - 1.0))


def lengths(rows: Arrays) -> Columns:
    """Measure lengths; one value an account."""
    n = count(rows, "lengths_known")
    fed, drawn = ratio(total(rows, "in_log2"), n) / _UNIT, ratio(total(rows, "out_log2"), n) / _UNIT
    fed_sd = _spread(fed, ratio(total(rows, "in_log2_sq"), n) / _UNIT**2, n)
    drawn_sd = _spread(drawn, ratio(total(rows, "out_log2_sq"), n) / _UNIT**2, n)
    shared = (ratio(total(rows, "in_out_log2"), n) / _UNIT**2 - fed * drawn) * ratio(n, n - 1.0)
    return {
        "lengths_known": n,
        "prompt_log2": fed,
        "prompt_spread_log2": fed_sd,
        "answer_log2": drawn,
        "answer_spread_log2": drawn_sd,
        "draw_log2": drawn + _BYTES_A_TOKEN_LOG2 - fed,
        "length_tie": np.clip(ratio(shared, fed_sd * drawn_sd), -1.0, 1.0),
    }
