"""A file of terms to ``Terms``: strict, and every problem named with file, line, clause and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import TermsError
from stillwatch.model.terms import Clause, Terms
from stillwatch.policy.conditions import CONDITIONS
from stillwatch.policy.conditions.evidence.speaking import COUNTABLE, STRENGTHS
from stillwatch.policy.language.nodes import Record, parse, shape
from stillwatch.policy.language.reading import Reading, Unreadable, meant
from stillwatch.policy.language.table import ACTIONS, DEFAULT_BITS, DEFAULT_CLASSES, DEFAULT_STRENGTH, TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.policy.conditions.logic import Tree
    from stillwatch.policy.language.nodes import Node

_WORDS: Final = {word.name: word for word in CONDITIONS}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Terms, and where in their file each thing stands."""

    terms: Terms
    """The terms."""
    file: str
    """Name of the file."""
    lines: Mapping[tuple[str, str], int]
    """(clause, field) -> line; a condition's field is ``conditions[0]``, the clause's own is ""."""

    def line(self, clause: str, field: str = "") -> int:
        """Find the line of a field, or of the clause where the field is left out; 0 where unknown."""
        return self.lines.get((clause, field)) or self.lines.get((clause, ""), 0)


def read_condition(node: Node, reading: Reading) -> Tree:
    """Read one condition: a word of the language and what follows it."""
    if not isinstance(node, Record) or len(node.fields) != 1:
        raise reading.refuse(node.line, f"{shape(node)} where a condition belongs; write one, such as total_bits: ...")
    [(name, value)] = node.fields.items()
    if name not in _WORDS:
        raise reading.refuse(node.line, f"unknown condition {name[:60]!r}; {meant(name, _WORDS)}")
    word = _WORDS[name]
    try:
        built: Any = word.build(word.kind.read(value, reading))
    except ValueError as error:
        raise reading.refuse(node.line, f"{name}: {error}") from None
    return built  # type: ignore[no-any-return]


def _ladder(read: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    actions = sorted(ACTIONS[word] for word in read["actions"])
    by_person = sorted(ACTIONS[word] for word in read.get("by_person", ()))
    for one in by_person:
        if one not in actions:
            reading.note(read["lines"]["by_person"], f"by_person names {one.name.lower()}, which actions does not")
    return {"actions": tuple(actions), "by_person": tuple(by_person)}


def _clause(read: Mapping[str, Any], reading: Reading) -> Clause:
    reading.clause = read["id"]
    evidence = read.get("evidence", {})
    if not read["from"] < read["until"]:
        reading.note(read["lines"]["until"], "until is not after from; exchange the two or write a later date")
    among, fewest = evidence.get("among", COUNTABLE), int(evidence.get("classes", DEFAULT_CLASSES))
    if fewest > len(among):
        reading.note(read["lines"]["evidence"], f"{fewest} classes of {len(among)} never speak; ask for fewer")
    return Clause(
        id=read["id"],
        sentence=read["sentence"],
        conditions=read["conditions"],
        least_classes=(among, fewest),
        exemptions=read.get("exemptions", ()),
        notice=read.get("notice", ""),
        appeal=read.get("appeal", ""),
        lasts_h=read["lasts"],
        from_ms=read["from"],
        until_ms=read["until"],
        mode=read.get("mode", "shadow"),
        jurisdictions=read.get("jurisdictions", ()),
        least_strength=STRENGTHS[evidence.get("strength", DEFAULT_STRENGTH)],
        least_bits=evidence.get("bits", DEFAULT_BITS),
        **_ladder(read, reading),
    )


def _clauses(read: Mapping[str, Any], reading: Reading) -> tuple[Clause, ...]:
    first: dict[str, int] = {}
    for one in read["clauses"]:
        line = one["lines"]["id"]
        if one["id"] in first:
            reading.clause = one["id"]
            reading.note(line, f"a second clause of this id (first in line {first[one['id']]}); rename one")
        first.setdefault(one["id"], line)
    return tuple(_clause(one, reading) for one in read["clauses"])


def load(text: bytes, file: str) -> Loaded:
    """Read terms of use.

    Parameters
    ----------
    text
        Content of the file, UTF-8 YAML.
    file
        Its name, for messages.

    Returns
    -------
    Loaded
        The terms, and the line of every field.

    Raises
    ------
    TermsError
        Something is not written as the language asks. The message has a line for each problem: file, line, clause,
        what is wrong and what to do.

    Notes
    -----
    O(bytes), at most 256 KiB. Blind spot: what is well written can still be unfair; ``policy.lint`` looks for that.
    """
    reading = Reading(read_condition)
    root = parse(text, file)
    try:
        read = TERMS.read(root, reading)
        clauses = _clauses(read, reading)
    except Unreadable:
        clauses = ()
    if reading.problems:
        raise TermsError("\n".join(_said(file, one.line, one.clause, one.says) for one in reading.problems))
    terms = Terms(read["terms"], int(read["version"]), clauses)
    lines = {(one["id"], field): line for one in read["clauses"] for field, line in one["lines"].items()}
    return Loaded(terms, file, lines)


def _said(file: str, line: int, clause: str, says: str) -> str:
    return f"{file}:{line}: {f'clause {clause}: ' if clause else ''}{says}"
