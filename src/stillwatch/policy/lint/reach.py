"""Clauses that nothing can break, and clauses that add nothing to another."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from stillwatch.policy.reasoning.prove import broken, find, holding, implies, is_broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.model.terms import Clause
    from stillwatch.policy.lint.remark import Looked, Remark


def can_break(clause: Clause) -> bool:
    """Say whether some dossier breaks a clause; True also where that cannot be told."""
    return find([broken(clause)], clause.from_ms, lambda one: is_broken(one, clause)).possible is not False


def unreachable(looked: Looked) -> Iterator[Remark]:
    """Find clauses that no dossier breaks: bounds that contradict each other, or exemptions that cover everything."""
    for clause in looked.terms.clauses:
        if can_break(clause):
            continue
        if find([holding(clause)], clause.from_ms, lambda _: True).possible is False:
            says = "can never be broken: its conditions and the evidence it asks for contradict each other"
            do = "compare the bounds of conditions and evidence, and widen one"
            yield looked.remark("unreachable", "error", clause, "conditions", says, do)
        else:
            says = "can never be broken: wherever its conditions hold, an exemption does or cannot be told"
            yield looked.remark("unreachable", "error", clause, "exemptions", says, "narrow its exemptions")


def covers(wide: Clause, narrow: Clause) -> bool:
    """Whether one clause permits everything that another does, whenever that is in force, and as long."""
    always = wide.from_ms <= narrow.from_ms and wide.until_ms >= narrow.until_ms
    live = wide.mode == "live" or narrow.mode == "shadow"
    return set(wide.actions) >= set(narrow.actions) and wide.lasts_h >= narrow.lasts_h and always and live


def shadowed(looked: Looked) -> Iterator[Remark]:
    """Find clauses that add nothing: another is broken whenever they are, and permits the same."""
    order = {clause.id: at for at, clause in enumerate(looked.terms.clauses)}
    said = set()
    for narrow, wide in permutations(looked.terms.clauses, 2):
        if narrow.id in said or not covers(wide, narrow) or implies(narrow, wide).possible is not False:
            continue
        same = covers(narrow, wide) and implies(wide, narrow).possible is False
        if same and order[narrow.id] < order[wide.id]:
            continue
        said.add(narrow.id)
        yield looked.remark(
            "shadowed",
            "warning",
            narrow,
            "conditions",
            f"adds nothing: whatever breaks it breaks {wide.id}, which permits the same",
            "leave it out, or give it actions of its own",
        )


def contradicted(looked: Looked) -> Iterator[Remark]:
    """Find clauses that ask for the same and permit different things, and narrower ones that are milder."""
    clauses = looked.terms.clauses
    for at, later in enumerate(clauses):
        for first in clauses[:at]:
            if first.actions == later.actions:
                continue
            down, up = implies(later, first).possible is False, implies(first, later).possible is False
            if down and up:
                yield looked.remark(
                    "contradiction",
                    "error",
                    later,
                    "actions",
                    f"is broken by the same accounts as {first.id} and permits other actions",
                    "make one clause of the two",
                )
            elif down or up:
                narrow, wide = (later, first) if down else (first, later)
                if narrow.strictest < wide.strictest:
                    yield looked.remark(
                        "milder-within",
                        "warning",
                        narrow,
                        "actions",
                        f"is milder than {wide.id}, which whatever breaks it breaks, too",
                        f"permit at least {wide.strictest.name.lower()} here, or narrow {wide.id}",
                    )
