"""A condition as a formula over variables, in whichever of four ways it is wanted.

Conditions are three-valued, so "not met" and "known not to hold" are two wants. Negation is pushed down to single
quantities, where it turns a set of values into its complement; that is exact in Kleene's logic.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from stillwatch.model.dossier import STRENGTH
from stillwatch.policy.conditions.evidence.speaking import COUNTABLE, Speaking, speaks
from stillwatch.policy.conditions.logic import All, AnyOf, Not
from stillwatch.policy.reasoning.sets import Spans, meet
from stillwatch.policy.reasoning.variables import Domain

if TYPE_CHECKING:
    from stillwatch.model.terms import Condition
    from stillwatch.policy.conditions.base import Leaf
    from stillwatch.policy.reasoning.sets import Values
    from stillwatch.policy.reasoning.variables import Variable

Want: TypeAlias = Literal["met", "false", "unmet", "not false"]
"""True; known to be false; false or unknown; true or unknown."""

_TURNED: Final[dict[Want, Want]] = {"met": "false", "false": "met", "unmet": "not false", "not false": "unmet"}
_BOTH: Final[tuple[Want, ...]] = ("met", "not false")


@dataclass(frozen=True, slots=True)
class Literal_:  # noqa: N801 - Literal is typing's
    """A variable inside a domain."""

    variable: Variable
    """Which."""
    domain: Domain
    """What it may be."""


@dataclass(frozen=True, slots=True)
class Both:
    """Each part."""

    parts: tuple[Formula, ...]
    """Its parts."""


@dataclass(frozen=True, slots=True)
class Either:
    """One part at least."""

    parts: tuple[Formula, ...]
    """Its parts; none is never true."""


Formula: TypeAlias = Literal_ | Both | Either


def possible(variable: Variable, values: Values) -> Values:
    """Keep the values that there are: in range, whole where counted."""
    kept = meet(variable.all, values)
    return kept.whole() if variable.whole and isinstance(kept, Spans) else kept


def _leaf(leaf: Leaf, want: Want) -> Literal_:
    variable = leaf.variable()
    values = leaf.met_by() if want in _BOTH else leaf.met_by().rest()
    unknown = variable.may_miss and want in {"unmet", "not false"}
    return Literal_(variable, Domain(possible(variable, values), unknown))


def _silent(evidence: Speaking, want: Want) -> Formula:
    """Write down that too few classes speak, or none that is strong enough: as a sum of products, unlike its tree."""
    if evidence.fewest <= 0:
        return Either(())
    counted = [one for one in evidence.among if one in COUNTABLE]
    quiet = {one: formula(speaks(one, evidence.least_bits), want) for one in counted}
    enough = max(len(counted) - evidence.fewest + 1, 0)
    strong = tuple(quiet[one] for one in counted if STRENGTH[one] >= evidence.strength)
    return Either((Both(strong), *(Both(tuple(quiet[one] for one in some)) for some in combinations(counted, enough))))


def formula(condition: Condition, want: Want) -> Formula:
    """Write a condition as a formula.

    Parameters
    ----------
    condition
        One of this package's; another's raises ``TypeError``.
    want
        Which answers are wanted.
    """
    if isinstance(condition, Speaking):
        return formula(condition.tree(), want) if want in _BOTH else _silent(condition, want)
    if isinstance(condition, Not):
        return formula(condition.part, _TURNED[want])
    if isinstance(condition, All | AnyOf):
        parts = tuple(formula(part, want) for part in condition.parts)
        return Both(parts) if isinstance(condition, All) == (want in _BOTH) else Either(parts)
    if not hasattr(condition, "met_by"):
        raise TypeError(f"nothing can be proved of {type(condition).__name__}")
    leaf: Any = condition
    return _leaf(leaf, want)
