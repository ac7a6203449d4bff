"""Discrete Laplace noise from OpenDP, drawn from the system's randomness."""

from __future__ import annotations

import opendp.prelude as dp
from opendp.mod import assert_features, enable_features

from stillwatch.model.errors import StillwatchError

enable_features("contrib")
_SLACK = 1 + 1e-9


def laplace(value: int, bound: int, epsilon: float) -> int:
    """Put discrete Laplace noise of scale ``bound / epsilon`` on a count.

    Parameters
    ----------
    value
        The count.
    bound
        Most that one member changes it by.
    epsilon
        What this spends.

    Raises
    ------
    StillwatchError
        The library says that this would spend more.
    """
    assert_features("contrib")
    measure = dp.m.make_laplace(dp.atom_domain(T=int), dp.absolute_distance(T=int), scale=bound / epsilon)
    if not float(measure.map(bound)) <= epsilon * _SLACK:  # type: ignore[no-untyped-call]
        raise StillwatchError("the noise is too small for this epsilon; nothing is released")
    return int(measure(value))
