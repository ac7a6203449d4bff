"""Log-odds that are too bold, too shy or off by a constant, set right by two numbers.

A scaled map extrapolates: bits below any it was learnt from still promise less than those. A step function learnt
without the lowest bits promises all of them the same, which is why kinds of groups nobody has seen are scaled and not
stepped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import minimize

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PULL: Final = 1.0
"""Weight of leaving bits as they are, in cases: a slope of 0 or 2 costs as much as half a case lost."""
_LN2: Final = float(np.log(2.0))


@dataclass(frozen=True, slots=True)
class Scaled:
    """Probability of ``slope * bits + shift`` taken as log2 odds."""

    slope: float
    """1 leaves bits as they are; below 1 they were too bold. Never negative."""
    shift: float
    """Bits added to all."""

    def __call__(self, bits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give probabilities of bits, shape kept."""
        return _sigmoid(self.slope * np.asarray(bits, np.float64) + self.shift)


def _sigmoid(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(bits, -60.0, 60.0))), np.float64)


def fit_scaled(bits: NDArray[np.float64], label: NDArray[np.bool_]) -> Scaled:
    """Learn slope and shift by penalised likelihood.

    Parameters
    ----------
    bits
        log2 odds as stated, finite, shape (n,).
    label
        What was true, shape (n,); both values must be there.

    Raises
    ------
    InputError
        All labels are alike: nothing can be learnt.

    Notes
    -----
    O(n) a step, some tens of steps. The penalty pulls towards slope 1 and shift 0, so that a cut that separates all
    cases does not make certainties.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines; Guo et al. (2017), On calibration of modern neural
    networks.

    Examples
    --------
    >>> bold = np.array([-8.0, -8.0, -8.0, -8.0, 8.0, 8.0, 8.0, 8.0] * 50)
    >>> learnt = fit_scaled(bold, np.array([0, 0, 0, 1, 1, 1, 1, 0] * 50, bool))
    >>> learnt(np.array([-8.0, 8.0])).round(2)
    array([0.25, 0.75])
    """
    if label.all() or not label.any():
        raise InputError("scaling of log-odds needs cases of both kinds")
    side = np.where(label, -_LN2, _LN2)

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        lean = side * (at[0] * bits + at[1])
        slack = np.logaddexp(0.0, lean)
        push = side * np.exp(lean - slack)
        pull = PULL * (at - (1.0, 0.0))
        total = float(slack.sum() + 0.5 * PULL * ((at - (1.0, 0.0)) ** 2).sum())
        return total, np.array([(push * bits).sum(), push.sum()]) + pull

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=((0.0, None), (None, None)))
    return Scaled(float(found.x[0]), float(found.x[1]))
