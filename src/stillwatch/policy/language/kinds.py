"""Kinds of values in a file of terms. Each reads a node, writes its JSON Schema, and says in words what it takes."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from stillwatch.policy.language.nodes import Items, Scalar, shape
from stillwatch.policy.language.reading import Unreadable, meant

if TYPE_CHECKING:
    from stillwatch.policy.language.nodes import Node
    from stillwatch.policy.language.reading import Reading

# Digits are those of ASCII: \d would take every script's, and the JSON Schema of an editor would not.
NUMBER: Final = re.compile(r"[-+]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][-+]?[0-9]{1,3})?")
"""How a number is written."""
_SPAN: Final = re.compile(r"([1-9][0-9]{0,5}) ?(h|d)")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?")
_HIDDEN: Final = {"Cc", "Cf", "Co", "Cs", "Cn"}
"""Categories of what is not to be seen: control, format, private, half, not assigned."""


class Kind(Protocol):
    """A kind of value."""

    def read(self, node: Node, reading: Reading) -> Any:  # noqa: ANN401 - a kind decides the type
        """Read a value, or note why not and raise ``Unreadable``."""
        ...

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema of the values that it takes."""
        ...

    def words(self) -> str:
        """Say what it takes."""
        ...


def _scalar(node: Node, reading: Reading, takes: str) -> Scalar:
    if not isinstance(node, Scalar):
        raise reading.refuse(node.line, f"{shape(node)} where {takes} belongs")
    return node


@dataclass(frozen=True, slots=True)
class Text:
    """A text of bounded length without control or invisible characters."""

    most: int
    """Longest (characters)."""
    form: str = ""
    """Regular expression that the whole of it must match, "" for any."""
    hint: str = ""
    """The form in words."""

    def read(self, node: Node, reading: Reading) -> str:
        """Read it."""
        written = _scalar(node, reading, self.words()).text.strip()
        if not 0 < len(written) <= self.most:
            raise reading.refuse(node.line, f"write a text of 1 to {self.most:,} characters")
        if any(unicodedata.category(one) in _HIDDEN and one not in "\n\t" for one in written):
            raise reading.refuse(node.line, "a control or invisible character; write visible text")
        if self.form and not re.fullmatch(self.form, written):
            raise reading.refuse(node.line, f"{written[:60]!r}: write {self.hint}")
        return written

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        made: dict[str, object] = {"type": "string", "minLength": 1, "maxLength": self.most}
        return made | ({"pattern": f"^(?:{self.form})$"} if self.form else {})

    def words(self) -> str:
        """Say what it takes."""
        return self.hint or f"text, at most {self.most:,} characters"


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    low: float
    """Least value."""
    high: float
    """Largest value."""
    unit: str = ""
    """Unit, "" for none."""
    whole: bool = False
    """Whether only whole numbers are taken."""

    def read(self, node: Node, reading: Reading) -> float:
        """Read it; a number in quotes is none."""
        written = _scalar(node, reading, self.words())
        if written.quoted or not NUMBER.fullmatch(written.text):
            raise reading.refuse(node.line, f"{written.text[:60]!r} is no number; write {self.words()}")
        value = float(written.text)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise reading.refuse(node.line, f"{written.text[:60]} is out of range; write {self.words()}")
        if self.whole and not value.is_integer():
            raise reading.refuse(node.line, f"{written.text[:60]} is no whole number; write {self.words()}")
        return value

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        return {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}

    def words(self) -> str:
        """Say what it takes."""
        kind = "whole number" if self.whole else "number"
        return f"{kind} from {self.low:,.15g} to {self.high:,.15g}" + (f" ({self.unit})" if self.unit else "")


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    choices: tuple[str, ...]
    """The words."""

    def read(self, node: Node, reading: Reading) -> str:
        """Read it."""
        written = _scalar(node, reading, self.words()).text
        if written not in self.choices:
            raise reading.refuse(node.line, f"{written[:60]!r} is not known here; {meant(written, self.choices)}")
        return written

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        return {"enum": list(self.choices)}

    def words(self) -> str:
        """Say what it takes."""
        return "one of " + ", ".join(f"`{word}`" for word in self.choices)


@dataclass(frozen=True, slots=True)
class Truth:
    """``true`` or ``false``."""

    def read(self, node: Node, reading: Reading) -> bool:
        """Read it; ``yes`` and ``on`` are texts."""
        written = _scalar(node, reading, self.words())
        if written.quoted or written.text not in {"true", "false"}:
            raise reading.refuse(node.line, f"{written.text[:60]!r}: write true or false")
        return written.text == "true"

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        return {"type": "boolean"}

    def words(self) -> str:
        """Say what it takes."""
        return "`true` or `false`"


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time in whole hours or days; read as hours."""

    def read(self, node: Node, reading: Reading) -> float:
        """Read it."""
        found = _SPAN.fullmatch(_scalar(node, reading, self.words()).text)
        if not found:
            raise reading.refuse(node.line, f"{getattr(node, 'text', '')[:60]!r}: write {self.words()}")
        return float(found[1]) * (24.0 if found[2] == "d" else 1.0)

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        return {"type": "string", "pattern": f"^(?:{_SPAN.pattern})$"}

    def words(self) -> str:
        """Say what it takes."""
        return "hours or days, such as `72h` or `14d`"


@dataclass(frozen=True, slots=True)
class Day:
    """A day or a minute, UTC; read as milliseconds since 1970."""

    def read(self, node: Node, reading: Reading) -> int:
        """Read it."""
        written = _scalar(node, reading, self.words()).text
        try:
            if not _DAY.fullmatch(written):
                raise ValueError(written)  # noqa: TRY301 - one message for what is no date and what is none in the calendar
            at = datetime.fromisoformat(written.removesuffix("Z")).replace(tzinfo=UTC)
        except ValueError:
            raise reading.refuse(node.line, f"{written[:60]!r} is no date; write {self.words()}") from None
        return int(at.timestamp()) * 1000

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        return {"type": "string", "pattern": f"^(?:{_DAY.pattern})$"}

    def words(self) -> str:
        """Say what it takes."""
        return "UTC date, such as `2026-12-01` or `2026-12-01T08:00Z`"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind, no value twice."""

    kind: Kind
    """Of each item."""
    least: int
    """Fewest items."""
    most: int
    """Most items."""

    def read(self, node: Node, reading: Reading) -> tuple[Any, ...]:
        """Read it; every item that is wrong is noted."""
        if not isinstance(node, Items):
            raise reading.refuse(node.line, f"{shape(node)} where a list belongs; write [one, two] or lines with -")
        if not self.least <= len(node.items) <= self.most:
            raise reading.refuse(node.line, f"{len(node.items)} items; write {self.least} to {self.most}")
        found: list[Any] = []
        before = len(reading.problems)
        for item in node.items:
            try:
                value = self.kind.read(item, reading)
            except Unreadable:
                continue
            if value in found:
                reading.note(item.line, "the same item stands in the list twice; leave one out")
            found.append(value)
        if len(reading.problems) > before:
            raise Unreadable
        return tuple(found)

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        made: dict[str, object] = {"type": "array", "items": self.kind.schema(), "maxItems": self.most}
        return made | {"minItems": self.least, "uniqueItems": True}

    def words(self) -> str:
        """Say what it takes."""
        return f"list of {self.least} to {self.most}: {self.kind.words()}"


@dataclass(frozen=True, slots=True)
class Nested:
    """A condition inside something else."""

    def read(self, node: Node, reading: Reading) -> Any:  # noqa: ANN401
        """Read it."""
        return reading.condition(node, reading)

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        return {"$ref": "#/$defs/condition"}

    def words(self) -> str:
        """Say what it takes."""
        return "condition"
