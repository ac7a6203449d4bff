"""Chance, stated: tails, joined p-values, false-discovery rates, repeated looks. Numbers in, numbers out.

::

    tails      a count among so many, a rate             -> natural log of the p-value
    joining    log p-values of several layers            -> one, whether they are independent or not
    pareto     draws of a statistic under chance          -> a p-value beyond the largest draw
    fdr        p-values of many accounts or groups       -> q-values
    looks      p-values of many hours or days            -> a promise over all of them
    isotonic   scores, labels or a stated base rate      -> probability

Nothing here knows what an account is.
"""
