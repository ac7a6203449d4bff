"""What a provider's own traffic says about the one rate that bounds content: how many ordinary accounts harvest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.weights.likelihood import wilson

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.detectors.calibration.reference import Reference

DETECTOR: Final = "harvest_shape"
_RANGE: Final = (1e-4, 0.05)


def permitted_share(reference: Reference) -> float:
    """Give the share of ordinary accounts with the very shape of a harvest, at most.

    Parameters
    ----------
    reference
        The provider's own traffic, without labels.

    Returns
    -------
    float
        Upper end of the 90 % interval of the share whose shape weighs more than the last step counted, kept
        between 1 in 10,000 and 1 in 20. Campaigns inside the reference raise it, which weakens the evidence
        and never strengthens it.

    Examples
    --------
    >>> from datetime import date
    >>> from stillwatch.detectors.calibration.reference import build_reference
    >>> weights = {"harvest_shape": np.where(np.arange(2000) < 2, 7.0, -3.0)}
    >>> reference = build_reference(np.zeros(2000), weights, [""] * 2000, np.full(2000, 50.0), made=date(2026, 1, 31))
    >>> round(permitted_share(reference), 4)
    0.003

    Notes
    -----
    Blind spot: a reference of few accounts cannot show a rare share; 500 accounts give 0.005 at best.
    """
    shown = reference.whole.shown.get(DETECTOR)
    if shown is None or not shown.told:
        return _RANGE[1]
    told = np.array([float(shown.told)])
    high = float(wilson(np.array([shown.over[-1] / shown.told]), told)[1][0])
    return min(max(high, _RANGE[0]), _RANGE[1])


def calibrated(config: Config, reference: Reference) -> Config:
    """Give the configuration with the share measured on a provider's own traffic."""
    return replace(config, permitted_share=permitted_share(reference))
