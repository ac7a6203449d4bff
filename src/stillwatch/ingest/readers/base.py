"""What a reader of one JSON log format is: a table of places, and the few rules that are its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from stillwatch.ingest.json.paths import Trie, build_trie
from stillwatch.model.event import Clock, Identity, Provenance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillwatch.ingest.json.paths import Path

MS: Final = 1.0
SECONDS: Final = 0.001
NANOSECONDS: Final = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Reader:
    """One log format."""

    name: str
    """Word for ``--format``."""
    title: str
    """The format's own name."""
    recognise: Callable[[Mapping[str, Any]], bool]
    """Whether a parsed record is of this format."""
    fields: Mapping[str, tuple[Path, ...]]
    """Event field -> places, the first that holds something counts."""
    time_unit: float = MS
    """Units of a numeric time in one millisecond."""
    scale: Mapping[str, float] = field(default_factory=dict)
    """Field -> factor to the field's unit."""
    request: tuple[Path, ...] = ()
    """Messages, input or prompt."""
    system: tuple[Path, ...] = ()
    """System text outside the messages."""
    answer: tuple[Path, ...] = ()
    """Choices, output or content of the answer."""
    mismatch: tuple[Path, ...] = ()
    """List of input transformations."""
    lists: tuple[str, ...] = ()
    """Fields that are lists of texts at the record's root."""
    unwrap: bool = False
    """Whether messages may be JSON inside a string."""
    nested_in: Path = ()
    """A JSON document inside a string, whose fields are ``nested``."""
    nested: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """Event field -> places inside that document."""
    only: tuple[str, tuple[str, ...]] = ("", ())
    """A root key and the words it may have; other records are refused by name."""
    forwarded: tuple[Path, ...] = ()
    """An X-Forwarded-For list, believed as far as trusted proxies wrote it."""
    forbidden: tuple[Path, ...] = ()
    """Places of class P4; a record that fills one is refused."""
    extra: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """Texts that only ``finish`` reads, by name."""
    finish: Callable[[dict[str, pa.Array], dict[str, pa.Array]], None] | None = None
    """Rule of the format: (columns so far, extra texts) -> changes the columns."""
    identity: Identity = Identity.KEY
    """How the account is known."""
    clock: Clock = Clock.LOG
    """How the time is known."""

    def provenance(self) -> Provenance:
        """Say what this format can tell."""
        return Provenance(self.name, self.identity, self.clock)


@dataclass(frozen=True, slots=True)
class Plan:
    """A reader's places as one trie, and which capture belongs to what."""

    trie: Trie
    captures: Mapping[str, tuple[int, ...]]
    """Field, ``extra.NAME``, ``request`` ... -> capture numbers in order of preference."""
    names: tuple[str, ...]
    """Capture number -> field, for rejects."""
    inner: Plan | None
    """The same for the document inside a string, if the format has one."""


def plan(reader: Reader, places: Mapping[str, Path] | None = None) -> Plan:
    """Lay out a reader's places for the scan; ``places`` puts the caller's own first."""
    wanted: dict[str, tuple[Path, ...]] = dict(reader.fields)
    for name, path in (places or {}).items():
        wanted[name] = (path, *wanted.get(name, ()))
    wanted |= {f"extra.{name}": paths for name, paths in reader.extra.items()}
    wanted |= {f"list.{name}": ((name,),) for name in reader.lists}
    wanted |= {
        "only": ((reader.only[0],),) if reader.only[0] else (),
        "forwarded": reader.forwarded,
        "nested_in": (reader.nested_in,) if reader.nested_in else (),
        "request": reader.request,
        "system_text": reader.system,
        "answer": reader.answer,
        "mismatch": reader.mismatch,
        "forbidden": reader.forbidden,
    }
    inner = _lay_out(reader.nested, None) if reader.nested else None
    return _lay_out(wanted, inner)


def _lay_out(wanted: Mapping[str, tuple[Path, ...]], inner: Plan | None) -> Plan:
    numbers: dict[Path, int] = {}
    names: list[str] = []
    captures = {}
    for name, paths in wanted.items():
        for path in paths:
            if path not in numbers:
                numbers[path] = len(numbers)
                names.append(path[-1] if name == "forbidden" else name.split(".")[-1])
        captures[name] = tuple(numbers[path] for path in paths)
    return Plan(build_trie(tuple(numbers)), captures, tuple(names), inner)


def map_words(column: pa.Array, words: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """Map a text column by a function called once a distinct value."""
    coded = column.dictionary_encode()
    mapped = pa.array([words(value) for value in coded.dictionary.to_pylist()], kind)
    return mapped.take(coded.indices)


def places_of(prefix: Path, names: Mapping[str, str]) -> dict[str, tuple[Path, ...]]:
    """Spell out fields that stand side by side: field -> key below one prefix."""
    return {name: ((*prefix, key),) for name, key in names.items()}


def difference_ms(later: pa.Array, earlier: pa.Array) -> pa.Array:
    """Subtract times in ms; null where either is missing or the result is negative."""
    a = np.asarray(later.fill_null(-1), np.int64)
    b = np.asarray(earlier.fill_null(-1), np.int64)
    gap = (a - b).astype(np.float32)
    return pa.array(gap, pa.float32(), mask=(a < 0) | (b < 0) | (gap < 0))
