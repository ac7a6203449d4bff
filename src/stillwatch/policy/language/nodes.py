"""YAML text as a tree of nodes with line numbers, and nothing that YAML can do beyond that.

Read from parser events, so no constructor of PyYAML ever runs. Refused: anchors and aliases (they multiply), tags,
several documents, repeated keys, keys that are no words, and whatever is larger or deeper than terms ever are. A plain
``no`` is the text ``no``: what a value means is decided by the table of fields, not by YAML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, TypeAlias

import yaml

from stillwatch.model.errors import TermsError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES: Final = 256 << 10
"""Largest file of terms (bytes)."""
DEEPEST: Final = 24
"""Deepest nesting (levels)."""
MOST_NODES: Final = 20_000
"""Most values in a file."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text, number or word."""

    text: str
    """As written, without quotes."""
    quoted: bool
    """Whether it stood in quotes or a block, and so is text."""
    line: int
    """Line in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    """In order."""
    line: int
    """Line in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Record:
    """Keys and values."""

    fields: dict[str, Node]
    """In order; no key twice."""
    lines: dict[str, int]
    """Line of each key."""
    line: int
    """Line in the file, from 1."""


Node: TypeAlias = Scalar | Items | Record
Shape: TypeAlias = Literal["a text", "a list", "keys and values"]


def shape(node: Node) -> Shape:
    """Name what a node is, for a message."""
    return "a text" if isinstance(node, Scalar) else "a list" if isinstance(node, Items) else "keys and values"


class _Tree:
    """Builds nodes from events, counting."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self.name = name
        self.events = events
        self.nodes = 0

    def refuse(self, event: Any, says: str) -> NoReturn:  # noqa: ANN401 - PyYAML has no types for events
        raise TermsError(f"{self.name}:{event.start_mark.line + 1}: {says}")

    def node(self, event: Any, depth: int) -> Node:  # noqa: ANN401
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.refuse(event, f"more than {MOST_NODES:,} values; divide the terms into several files")
        if depth > DEEPEST:
            self.refuse(event, f"nested deeper than {DEEPEST} levels; write flatter conditions")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self.refuse(event, "anchors (&) and aliases (*) are not read; write the value out")
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None:
                self.refuse(event, f"the tag {event.tag[:40]!r} is not read; leave it out")
            return Scalar(event.value, bool(event.style), line)
        if event.tag is not None:
            self.refuse(event, f"the tag {event.tag[:40]!r} is not read; leave it out")
        return self.items(line, depth) if isinstance(event, yaml.SequenceStartEvent) else self.record(line, depth)

    def items(self, line: int, depth: int) -> Items:
        found = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, depth + 1))
        return Items(tuple(found), line)

    def record(self, line: int, depth: int) -> Record:
        fields: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                self.refuse(event, "a key must be a word")
            if key.text in fields:
                self.refuse(event, f"key {key.text[:60]!r} is written twice (first in line {lines[key.text]})")
            lines[key.text] = key.line
            fields[key.text] = self.node(next(self.events), depth + 1)
        return Record(fields, lines, line)


def parse(text: bytes, name: str) -> Node:
    """Read one YAML document.

    Parameters
    ----------
    text
        The file, UTF-8.
    name
        Name of the file, for messages.

    Returns
    -------
    Node
        Its root.

    Raises
    ------
    TermsError
        It is no YAML, or more than terms need; the message names file and line.

    Notes
    -----
    O(bytes); stops at the first event past a bound, so a bomb is never unfolded.
    """
    if len(text) > MOST_BYTES:
        raise TermsError(f"{name}:1: larger than {MOST_BYTES >> 10} KiB; divide the terms into several files")
    try:
        written = text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise TermsError(f"{name}:{line}: not UTF-8; save the file as UTF-8") from error
    try:
        return _document(name, iter(yaml.parse(written, Loader=_LOADER)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "a character that YAML forbids"
        raise TermsError(f"{name}:{mark.line + 1 if mark else 1}: no YAML: {problem}") from error


def _document(name: str, events: Iterator[Any]) -> Node:
    tree = _Tree(name, events)
    root: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            tree.refuse(event, "a second document begins (---); write one document a file")
        if isinstance(event, yaml.NodeEvent):
            root = tree.node(event, 1)
    if root is None:
        raise TermsError(f"{name}:1: the file is empty; begin with `stillwatch terms print starter`")
    return root
