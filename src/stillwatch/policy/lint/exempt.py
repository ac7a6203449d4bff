"""Agreements: a live clause must know them, and some need a bound."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stillwatch.policy.conditions.account.numbers import AttributedShare
from stillwatch.policy.conditions.agreed.agreement import Agreed
from stillwatch.policy.conditions.logic import All, AnyOf, Not
from stillwatch.policy.lint.remark import can_restrict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillwatch.model.terms import Condition
    from stillwatch.policy.lint.remark import Looked, Remark


def leaves(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """Walk the single conditions in a tree."""
    for one in conditions:
        if isinstance(one, All | AnyOf):
            yield from leaves(one.parts)
        elif isinstance(one, Not):
            yield from leaves((one.part,))
        else:
            yield one


def agreements(looked: Looked) -> Iterator[Remark]:
    """Find live clauses that restrict without looking at what was agreed."""
    for clause in filter(can_restrict, looked.terms.clauses):
        if clause.mode == "live" and not any(isinstance(one, Agreed) for one in leaves(clause.exemptions)):
            yield looked.remark(
                "agreements",
                "error",
                clause,
                "mode",
                "is live, can restrict, and exempts nobody with an agreement",
                "add exemptions such as agreement: {kind: research}",
            )


def bounded(looked: Looked) -> Iterator[Remark]:
    """Find exemptions for resellers without attribution, and for red teams without a window."""
    for clause in looked.terms.clauses:
        for at, exemption in enumerate(clause.exemptions):
            inside = list(leaves((exemption,)))
            agreed = {one.kind: one for one in inside if isinstance(one, Agreed)}
            part = f"exemptions[{at}]"
            if "reseller" in agreed and not any(isinstance(one, AttributedShare) for one in inside):
                says = "exempts a reseller whose requests name no customers"
                do = "add attributed_share beside it: all: [{agreement: {kind: reseller}}, {attributed_share: ...}]"
                yield looked.remark("attribution", "warning", clause, part, says, do)
            if "red_team" in agreed and math.isinf(agreed["red_team"].longest_h):
                says, do = "exempts a red team of any length", "add longest: such as 31d"
                yield looked.remark("red-team", "warning", clause, part, says, do)
