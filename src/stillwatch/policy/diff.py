"""Two versions of terms: what was added, removed and changed, and whether it became stricter or milder, if provable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stillwatch.policy.conditions.evidence.speaking import Speaking
from stillwatch.policy.floor import RESTRICTS
from stillwatch.policy.reasoning.prove import Found, implies

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Clause, Terms

Turn: TypeAlias = Literal["stricter", "milder", "same", "mixed", "not told"]
"""Of accounts and actions: none that was spared is broken now (milder), the reverse, neither, both, or undecided."""

_WORDS: Final = {
    "sentence": "sentence",
    "notice": "notice",
    "appeal": "appeal",
    "jurisdictions": "jurisdictions",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one clause."""

    clause: str
    """Its id."""
    what: Literal["added", "removed", "changed"]
    """What happened."""
    turn: Turn
    """Stricter or milder."""
    says: tuple[str, ...]
    """What is different, one sentence each."""
    newly: Dossier | None = None
    """A dossier that breaks it now and did not."""
    spared: Dossier | None = None
    """A dossier that broke it and does not any more."""


def _rank(reach: tuple[Found, Found], old: Clause, new: Clause) -> Turn:
    """Put accounts, actions, duration and mode together."""
    more, fewer = reach[0].possible, reach[1].possible
    if more is None or fewer is None:
        return "not told"
    up = [more, new.strictest > old.strictest, new.lasts_h > old.lasts_h, (old.mode, new.mode) == ("shadow", "live")]
    down = [fewer, new.strictest < old.strictest, new.lasts_h < old.lasts_h, (old.mode, new.mode) == ("live", "shadow")]
    up += [new.from_ms < old.from_ms, new.until_ms > old.until_ms, _freer(old, new)]
    down += [new.from_ms > old.from_ms, new.until_ms < old.until_ms, _freer(new, old)]
    if any(up) and any(down):
        return "mixed"
    return "stricter" if any(up) else "milder" if any(down) else "same"


def _freer(old: Clause, new: Clause) -> bool:
    """Whether a restriction is added, or an action that needed a person no longer does."""
    added = any(one >= RESTRICTS for one in new.actions if one not in old.actions)
    return added or any(one in old.by_person and one not in new.by_person for one in new.actions)


def _listed(part: str, old: tuple[object, ...], new: tuple[object, ...]) -> list[str]:
    before, after = [str(one) for one in old], [str(one) for one in new]
    gone = [f"{part} no longer {one}" for one in before if one not in after]
    return gone + [f"{part} now {one}" for one in after if one not in before]


def _ladder(clause: Clause) -> str:
    return ", ".join(one.name.lower() + (" (by a person)" if one in clause.by_person else "") for one in clause.actions)


def _said(old: Clause, new: Clause) -> list[str]:
    says = _listed("condition", old.conditions, new.conditions) + _listed("exemption", old.exemptions, new.exemptions)
    pairs = [
        ("", str(Speaking.of(old)), str(Speaking.of(new))),
        ("actions: ", _ladder(old), _ladder(new)),
        ("lasts: ", f"{old.lasts_h:g} h", f"{new.lasts_h:g} h"),
        ("mode: ", old.mode, new.mode),
    ]
    says += [f"{name}{before} -> {after}" for name, before, after in pairs if before != after]
    says += [f"{word} reworded" for field, word in _WORDS.items() if getattr(old, field) != getattr(new, field)]
    if (old.from_ms, old.until_ms) != (new.from_ms, new.until_ms):
        says.append("in force over another time")
    return says


def _changed(old: Clause, new: Clause) -> Change | None:
    if old == new:
        return None
    reach = implies(new, old), implies(old, new)
    says = _said(old, new)
    return Change(new.id, "changed", _rank(reach, old, new), tuple(says), reach[0].witness, reach[1].witness)


def _added(clause: Clause) -> Change:
    mode = "mode: shadow" if clause.mode == "shadow" else "mode: live, without any time in shadow"
    return Change(clause.id, "added", "stricter", (f"actions: {_ladder(clause)}", mode))


def diff(old: Terms, new: Terms) -> tuple[Change, ...]:
    """Compare two versions, clause by clause.

    Parameters
    ----------
    old, new
        The versions.

    Returns
    -------
    tuple of Change
        In the order of the new terms, then what was removed. ``stricter`` and ``milder`` are proofs over all dossiers;
        a changed clause comes with examples of accounts that it newly breaks or spares.

    Notes
    -----
    Two searches a changed clause. Blind spot: a renamed clause is one removed and one added.
    """
    before = {clause.id: clause for clause in old.clauses}
    after = {clause.id for clause in new.clauses}
    found: list[Change | None] = []
    for clause in new.clauses:
        was = before.get(clause.id)
        found.append(_changed(was, clause) if was else _added(clause))
    found += [Change(one.id, "removed", "milder", ()) for one in old.clauses if one.id not in after]
    return tuple(one for one in found if one)
