"""Upper tails of counts, as natural logarithms: a group's p-value may be far below what a float can hold.

Kernels are summed term by term from the count on, so they are exact to rounding; the terms fall at least as
fast as a geometric series once they fall at all, and the sum ends where a term no longer counts.
"""

from __future__ import annotations

import math

from stillwatch.sketches.hashing import kernel

_ENOUGH = 1e-12
_NO_SPREAD = 1e-9


@kernel
def log_binomial_tail(count: int, n: int, rate: float) -> float:
    """Give ln P(X >= count) for X ~ Binomial(n, rate).

    For unequal rates give their mean: from one above the expected count on, the binomial tail bounds the
    Poisson-binomial one (Hoeffding 1956, theorem 4).
    """
    if count <= 0:
        return 0.0
    if count > n or rate <= 0.0:
        return -math.inf
    if rate >= 1.0:
        return 0.0
    log_first = (
        math.lgamma(n + 1.0)
        - math.lgamma(count + 1.0)
        - math.lgamma(n - count + 1.0)
        + count * math.log(rate)
        + (n - count) * math.log1p(-rate)
    )
    total = term = 1.0
    for k in range(count, n):
        ratio = (n - k) * rate / ((k + 1.0) * (1.0 - rate))
        term *= ratio
        total += term
        if ratio < 1.0 and term < total * _ENOUGH:
            break
    return min(log_first + math.log(total), 0.0)


@kernel
def log_poisson_tail(count: int, mean: float) -> float:
    """Give ln P(X >= count) for X ~ Poisson(mean)."""
    if count <= 0:
        return 0.0
    if mean <= 0.0:
        return -math.inf
    log_first = count * math.log(mean) - mean - math.lgamma(count + 1.0)
    total = term = 1.0
    k = count
    while True:
        k += 1
        ratio = mean / k
        term *= ratio
        total += term
        if ratio < 1.0 and term < total * _ENOUGH:
            break
    return min(log_first + math.log(total), 0.0)


@kernel
def log_beta_binomial_term(count: int, n: int, rate: float, spread: float) -> float:
    """Give ln P(X = count) of the beta-binomial of :func:`log_beta_binomial_tail`: a bound below its tail."""
    a = rate * (1.0 - spread) / spread
    b = (1.0 - rate) * (1.0 - spread) / spread
    return (
        math.lgamma(n + 1.0)
        - math.lgamma(count + 1.0)
        - math.lgamma(n - count + 1.0)
        + math.lgamma(count + a)
        + math.lgamma(n - count + b)
        - math.lgamma(n + a + b)
        + math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
    )


@kernel
def log_beta_binomial_tail(count: int, n: int, rate: float, spread: float, limit: float) -> float:
    """Give ln P(X >= count) where the rate itself varies from group to group around ``rate``.

    ``spread`` is the correlation between two members of one ordinary group, 0 to below 1; 0 is the binomial.
    The rate is Beta(rate (1 - spread) / spread, (1 - rate) (1 - spread) / spread). Once the sum is above
    ``limit`` (a logarithm) nobody asks how far, and 0 is given; a limit of 0 asks for the whole.
    """
    if spread <= _NO_SPREAD:
        return log_binomial_tail(count, n, rate)
    if count <= 0 or rate >= 1.0:
        return 0.0
    if count > n or rate <= 0.0:
        return -math.inf
    a = rate * (1.0 - spread) / spread
    b = (1.0 - rate) * (1.0 - spread) / spread
    log_first = log_beta_binomial_term(count, n, rate, spread)
    most = math.exp(min(limit - log_first, 700.0))
    total = term = 1.0
    for k in range(count, n):
        if total > most:
            return 0.0
        ratio = (n - k) * (k + a) / ((k + 1.0) * (n - k - 1.0 + b))
        term *= ratio
        total += term
        # With b from 1 on the terms never rise again once they fall.
        if b >= 1.0 and ratio < 1.0 and term < total * _ENOUGH:
            break
    return min(log_first + math.log(total), 0.0)
