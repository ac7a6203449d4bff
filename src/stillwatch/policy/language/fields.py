"""A table of fields: what a record may hold. The loader, the JSON Schema and the reference page all follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillwatch.policy.language.nodes import Record, shape
from stillwatch.policy.language.reading import Unreadable, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillwatch.model.terms import Condition
    from stillwatch.policy.language.kinds import Kind
    from stillwatch.policy.language.nodes import Node
    from stillwatch.policy.language.reading import Reading


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record."""

    name: str
    """Key as it is written."""
    kind: Kind
    """What it takes."""
    meaning: str
    """What it means, one sentence."""
    required: bool = False
    """Whether it must be there."""
    default: str = ""
    """What it is if left out, as the page shows it."""


@dataclass(frozen=True, slots=True)
class RecordOf:
    """Keys and values, as a table of fields says; what is not in the table is refused by name."""

    title: str
    """Name, for messages."""
    fields: tuple[Field, ...]
    """What it may hold."""
    any_of: tuple[str, ...] = ()
    """Fields of which at least one must be there."""

    def read(self, node: Node, reading: Reading) -> dict[str, Any]:
        """Read what is there; every problem is noted before it gives up."""
        if not isinstance(node, Record):
            wanted = ", ".join(field.name for field in self.fields)
            raise reading.refuse(node.line, f"{shape(node)} where {self.title} belongs; write keys: {wanted}")
        before = len(reading.problems)
        known = {field.name: field for field in self.fields}
        found: dict[str, Any] = {}
        for name, value in node.fields.items():
            if name not in known:
                reading.note(node.lines[name], f"unknown key {name[:60]!r} in {self.title}; {meant(name, known)}")
                continue
            try:
                found[name] = known[name].kind.read(value, reading)
            except Unreadable:
                continue
        for one in self.fields:
            if one.required and one.name not in node.fields:
                reading.note(node.line, f"{self.title} lacks {one.name!r}; write {one.name}: {one.kind.words()}")
        # A key that was misspelt is most likely the bound that seems to lack.
        if self.any_of and node.fields.keys() <= known.keys() - set(self.any_of):
            reading.note(node.line, f"{self.title} lacks a bound; write {' or '.join(self.any_of)}")
        if len(reading.problems) > before:
            raise Unreadable
        return found

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        made: dict[str, object] = {
            "type": "object",
            "properties": {one.name: one.kind.schema() | {"description": one.meaning} for one in self.fields},
            "additionalProperties": False,
        }
        required = [one.name for one in self.fields if one.required]
        if required:
            made["required"] = required
        if self.any_of:
            made["anyOf"] = [{"required": [name]} for name in self.any_of]
        return made

    def words(self) -> str:
        """Say what it takes."""
        return self.title


@dataclass(frozen=True, slots=True)
class Word:
    """One condition of the language: its key, what follows it, what it builds."""

    name: str
    """Key as it is written."""
    kind: Kind
    """What follows the key."""
    meaning: str
    """What it asks, one sentence, with unit."""
    unknown: str
    """When nothing can be told, one sentence."""
    build: Callable[[Any], Condition]
    """From what ``kind`` read to the condition; raises ``ValueError`` with what to do."""
    examples: tuple[str, ...]
    """Conditions as they are written, each on one line."""


def bounds(kind: Kind, what: str) -> tuple[Field, Field]:
    """Make the two fields of a bounded number."""
    return (
        Field("at_least", kind, f"Least {what} that meets it.", default="no bound"),
        Field("at_most", kind, f"Largest {what} that meets it.", default="no bound"),
    )


def limits(read: Mapping[str, float]) -> dict[str, float]:
    """Take the bounds out of a record that was read, as a bounded condition takes them; an absent one is infinite.

    Raises
    ------
    ValueError
        Nothing lies between them.
    """
    least, most = read.get("at_least", -float("inf")), read.get("at_most", float("inf"))
    if least > most:
        raise ValueError(f"nothing is at least {least:g} and at most {most:g}; exchange the two")
    return {"least": least, "most": most}
