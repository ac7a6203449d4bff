"""Clauses that nothing can break, that add nothing to another, or that answer one account in two ways."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

from stillwatch.policy.lint.restricts import shown
from stillwatch.policy.reasoning.prove import broken, find, holding, implies, is_broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.model.dossier import Dossier
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


def inside(looked: Looked, narrow: Clause, wide: Clause) -> bool:
    """Whether whatever breaks one clause is proved to break another; asked of every pair, so what was found is kept."""
    pair = narrow, wide
    if pair not in looked.inside:
        if narrow not in looked.examples:
            looked.examples[narrow] = find([broken(narrow)], narrow.from_ms, lambda one: is_broken(one, narrow)).witness
        # An account that breaks the one and not the other settles it at a tenth of the cost of a search.
        example = looked.examples[narrow]
        outside = example is not None and not is_broken(example, wide)
        looked.inside[pair] = not outside and implies(narrow, wide).possible is False
    return looked.inside[pair]


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
        if narrow.id in said or not covers(wide, narrow) or not inside(looked, narrow, wide):
            continue
        same = covers(narrow, wide) and inside(looked, wide, narrow)
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


def side_by_side(one: Clause, other: Clause) -> bool:
    """Whether two clauses are ever in force together, both live or both only watched.

    A clause and what is tried beside it in shadow, or what follows it, do not compete.
    """
    return one.mode == other.mode and max(one.from_ms, other.from_ms) < min(one.until_ms, other.until_ms)


def contradicted(looked: Looked) -> Iterator[Remark]:
    """Find clauses that ask for the same and permit different things, narrower ones that are milder, and overlaps."""
    for first, later in combinations(looked.terms.clauses, 2):
        if _ladder(first) == _ladder(later) or not side_by_side(first, later):
            continue
        down, up = inside(looked, later, first), inside(looked, first, later)
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
        elif first.sentence == later.sentence:
            yield from _overlap(looked, first, later)


def _ladder(clause: Clause) -> tuple[object, ...]:
    return clause.actions, clause.by_person


def _overlap(looked: Looked, first: Clause, later: Clause) -> Iterator[Remark]:
    """Say where one sentence of the contract has two answers for one account."""

    def shows(dossier: Dossier) -> bool:
        return is_broken(dossier, first) and is_broken(dossier, later)

    found = find([broken(first), broken(later)], max(first.from_ms, later.from_ms), shows)
    if found.possible:
        yield looked.remark(
            "overlap",
            "warning",
            later,
            "conditions",
            f"enforces the same sentence as {first.id} with other actions, and one account can break both"
            f"{shown(found.witness)}",
            f"take out of one what the other asks for (not: ...), or give {later.id} the sentence that it enforces",
            found.witness,
        )
