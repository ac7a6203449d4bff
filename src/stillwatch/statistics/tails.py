"""Upper tails of counts, as natural logarithms: a group's p-value may be far below what a float can hold.

Kernels are summed term by term from the count on, so they are exact to rounding; the terms fall at least as
fast as a geometric series once they fall at all, and the sum ends where a term no longer counts.
"""

from __future__ import annotations

import math

from stillwatch.sketches.hashing import kernel

_ENOUGH = 1e-12


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
def log_beta_binomial_tail(count: int, n: int, rate: float, spread: float) -> float:
    """Give ln P(X >= count) where the rate itself varies from group to group around ``rate``.

    ``spread`` is the correlation between two members of one ordinary group, 0 to below 1; 0 is the binomial.
    The rate is Beta(rate (1 - spread) / spread, (1 - rate) (1 - spread) / spread).
    """
    if spread <= 0.0:
        return log_binomial_tail(count, n, rate)
    if count <= 0 or rate >= 1.0:
        return 0.0
    if count > n or rate <= 0.0:
        return -math.inf
    a = rate * (1.0 - spread) / spread
    b = (1.0 - rate) * (1.0 - spread) / spread
    log_first = (
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
    total = term = 1.0
    for k in range(count, n):
        ratio = (n - k) * (k + a) / ((k + 1.0) * (n - k - 1.0 + b))
        term *= ratio
        total += term
        # With b from 1 on the terms never rise again once they fall.
        if b >= 1.0 and ratio < 1.0 and term < total * _ENOUGH:
            break
    return min(log_first + math.log(total), 0.0)


@kernel
def most_surprising(count: int, n: int, rate: float) -> float:
    """Give a bound below ln P(X >= count) for X ~ Binomial(n, rate) and for every rate that varies around it.

    References
    ----------
    Cover & Thomas (2006), Elements of information theory, theorem 11.1.4: a type has at least probability
    exp(-n KL) / (n + 1).
    """
    if rate <= 0.0 or rate >= 1.0 or count <= 0:
        return 0.0 if count <= 0 or rate >= 1.0 else -math.inf
    share = count / n
    divergence = share * math.log(share / rate)
    if share < 1.0:
        divergence += (1.0 - share) * math.log((1.0 - share) / (1.0 - rate))
    return -n * divergence - math.log(n + 1.0)
