"""Evidence in sentences: how many members share what, and how many were expected to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import LAYERS
from stillwatch.coordination.roster import FIELDS

if TYPE_CHECKING:
    from stillwatch.coordination.facts import Facts
    from stillwatch.coordination.tested import Tested

_SMALLEST: Final = -300.0


def chance(log_p: float) -> str:
    """Write a p-value from its natural logarithm.

    Examples
    --------
    >>> chance(math.log(0.04)), chance(-350.0), chance(-2000.0)
    ('p = 0.04', 'p = 1e-152', 'p < 1e-300')
    """
    if math.isnan(log_p):
        return "not tested"
    tens = log_p / math.log(10.0)
    if tens < _SMALLEST:
        return "p < 1e-300"
    if tens > -3.0:
        return f"p = {math.exp(log_p):.2g}"
    return f"p = 1e{round(tens)}"


def _expected(value: float) -> str:
    return f"{value:.1f}" if value >= 0.1 else f"{value:.1g}"


def _held(layer: int, tested: Tested, entity: int) -> str:
    best, text = 0.0, ""
    for field, held in zip(FIELDS, tested.held, strict=True):
        if field.layer != layer or np.isnan(held.log_p[entity]) or held.value[entity] < 0:
            continue
        if held.log_p[entity] <= best:
            best = float(held.log_p[entity])
            text = (
                f"{held.count[entity]} of {held.known[entity]} accounts share one {field.words} where"
                f" {_expected(float(held.expected[entity]))} were expected ({chance(best)})"
            )
    return text


def sentence(layer: str, tested: Tested, entity: int, facts: Facts) -> str:
    """Say in one sentence what a layer shows.

    Parameters
    ----------
    layer
        Name of the layer.
    tested
        The entities' tests.
    entity
        Which entity.
    facts
        Its numbers.

    Returns
    -------
    str
        Counts, expectation and chance.
    """
    log_p = float(tested.log_p[entity, LAYERS.index(layer)])
    if layer == "rhythm":
        if math.isnan(log_p):
            return "too few members have a day that all accounts keep"
        return (
            f"{tested.in_step.most[entity]:.0f} members were at work in one slot of 22 minutes where"
            f" {_expected(float(tested.in_step.expected[entity]))} were expected ({chance(log_p)})"
        )
    if layer == "life-cycle":
        count, closed, expected = tested.successors[entity]
        if not closed:
            return "no member was closed by the provider"
        return (
            f"{count:.0f} members began within two days of one of {closed:.0f} closings where"
            f" {_expected(float(expected))} were expected ({chance(log_p)})"
        )
    if layer == "quotas":
        return f"requests a day spread by a factor of {math.exp(facts.quota_spread):.1f} over members ({chance(log_p)})"
    if layer == "shards":
        if math.isnan(facts.dispersion):
            return "too few prompts were sampled to see how topics lie among members"
        return (
            f"dispersion of topics among members is {facts.dispersion:.2f}: shards of one list give 1, customers about"
            f" {facts.customers:.2f} ({chance(facts.log_p_shards)})"
        )
    return _held(1 << LAYERS.index(layer), tested, entity) or "nothing is shared by two members, or nothing is known"
