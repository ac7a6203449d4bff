"""Features that need every account at once: who else uses the same template, who moved to a new model.

Only counts come out; which accounts they are is for campaigns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import FULL16, only_where
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import EMPTY_ID

if TYPE_CHECKING:
    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_DAY_S: Final = 86_400.0
_HOUR_S: Final = 3_600.0

TOGETHER: Final = (
    Feature("template_accounts", "accounts", "Accounts whose commonest template key is the same, itself included."),
    Feature("pivot_share", "share, 0 to 1", "Requests to the model that appeared last in the log, a day or more in."),
    Feature("pivot_lag_h", "hours", "From that model's first appearance in the log to the account's first use."),
)


def together(rows: Arrays) -> Columns:
    """Compare accounts; one value an account."""
    slot = rows.slot_count.argmax(axis=1)
    at = np.arange(slot.shape[0])
    key = rows.slot_key[at, slot]
    _, group, size = np.unique(key, return_inverse=True, return_counts=True)
    columns = {"template_accounts": only_where(size[group].astype(np.float64), rows.slot_count[at, slot] > 0)}
    return columns | _pivot(rows)


def _pivot(rows: Arrays) -> Columns:
    n = rows.models.shape[0]
    unknown = np.full(n, np.nan)
    used = (rows.models > 0).any(axis=0)
    if not used.any():
        return {"pivot_share": unknown, "pivot_lag_h": unknown.copy()}
    appeared = np.where(used, rows.model_first_s.min(axis=0, initial=EMPTY_ID), 0).astype(np.float64)
    newest = int(appeared.argmax())
    begun = float(appeared[used].min())
    if appeared[newest] < begun + _DAY_S:
        return {"pivot_share": unknown, "pivot_lag_h": unknown.copy()}
    cells = rows.models.astype(np.float64)
    seen = cells.sum(axis=1)
    full = (rows.models == FULL16).any(axis=1)
    share = only_where(cells[:, newest] / np.maximum(seen, 1.0), (seen > 0) & ~full)
    lag_h = (rows.model_first_s[:, newest] - appeared[newest]) / _HOUR_S
    return {"pivot_share": share, "pivot_lag_h": only_where(lag_h, cells[:, newest] > 0)}
