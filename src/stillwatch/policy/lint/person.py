"""What only a person may do must say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.decision import HUMAN_ONLY, Action
from stillwatch.policy.lint.remark import can_restrict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.policy.lint.remark import Looked, Remark


def needs_person(looked: Looked) -> Iterator[Remark]:
    """Find actions that are permitted without a person and never may be."""
    for clause in looked.terms.clauses:
        for action in HUMAN_ONLY:
            if action in clause.actions and action not in clause.by_person:
                word = action.name.lower()
                yield looked.remark(
                    "needs-person",
                    "error",
                    clause,
                    "actions",
                    f"permits {word} without a person",
                    f"add {word} to by_person, or take it out of actions",
                )


def warns_first(looked: Looked) -> Iterator[Remark]:
    """Find ladders that restrict and have no step on which the customer is only told."""
    for clause in filter(can_restrict, looked.terms.clauses):
        if Action.NOTIFY not in clause.actions:
            yield looked.remark(
                "warns-first",
                "warning",
                clause,
                "actions",
                "can restrict and has no step on which the customer is only told",
                "add notify to actions",
            )
