"""How an account compares with ordinary accounts of its plan. Shown to a person, never weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.model.profile import Profile

SMALLEST: Final = 20
"""Fewest accounts of a plan that make a cohort; below it all accounts are the cohort."""


def cohort_ratio(profile: Profile, name: str) -> NDArray[np.float64]:
    """Divide a feature by its median over the accounts of the same plan.

    Parameters
    ----------
    profile
        All accounts.
    name
        Feature, at least 0.

    Returns
    -------
    ndarray
        Ratio, shape (n,); NaN where the feature is unknown or the median is 0.
    """
    values = profile.column(name)
    if not len(profile):
        return values.copy()
    code: dict[str, int] = {}
    plan = np.array([code.setdefault(text, len(code)) for text in profile.facts.plan], np.int64)
    known = ~np.isnan(values)
    overall = float(np.median(values[known])) if known.any() else np.nan
    median = np.full(len(code), overall)
    for text, at in code.items():
        members = values[(plan == at) & known]
        if text and members.shape[0] >= SMALLEST:
            median[at] = np.median(members)
    base = median[plan]
    usable = base > 0
    return np.where(usable, values / np.where(usable, base, 1.0), np.nan)
