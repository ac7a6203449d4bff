"""Warninglists as files, in the format of MISP: ``list.json`` with name, version, type, entries and attributes.

A folder is what `misp-warninglists` keeps under ``lists``, or what a provider wrote itself. Nothing is downloaded.

References
----------
https://github.com/MISP/misp-warninglists, schema.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.warninglists.patterns import expression
from stillwatch.ingest.warninglists.ranges import span
from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from pathlib import Path

TYPES: Final = ("string", "hostname", "cidr", "substring", "regex")
"""How entries are compared."""
MOST_LISTS: Final = 1_000
"""Most lists of a folder."""
MOST_BYTES: Final = 1 << 26
"""Longest list (bytes)."""
MOST_ENTRIES: Final = 2_000_000
"""Most entries of a list."""
MOST_PATTERNS: Final = 200
"""Most expressions of a list: each is run over every value."""
MOST_CHARS: Final = 1_000
"""Longest entry."""


@dataclass(frozen=True, slots=True)
class Warninglist:
    """One list."""

    name: str
    """Name, for people."""
    version: int
    """Version."""
    type: str
    """How entries are compared: one of ``TYPES``."""
    entries: tuple[str, ...]
    """What is on it, expressions in the form of RE2."""
    attributes: frozenset[str]
    """Attributes of MISP or kinds of ours that it is for; none named: all."""


def read_list(content: bytes, where: str) -> Warninglist:
    """Read one list.

    Parameters
    ----------
    content
        The file.
    where
        Its name, for errors.

    Raises
    ------
    FormatError
        It is no warninglist; the text names the entry by its place.
    """
    try:
        given: Any = json.loads(content) if len(content) <= MOST_BYTES else None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where}: this is no JSON") from error
    if not isinstance(given, dict):
        raise FormatError(f"{where}: a warninglist is one object of at most {MOST_BYTES:,} bytes")
    name, version, kind = given.get("name"), given.get("version"), given.get("type")
    if not isinstance(name, str) or not 0 < len(name) <= MOST_CHARS or not name.isprintable():
        raise FormatError(f"{where}: name is no printable text")
    if not isinstance(version, int) or isinstance(version, bool):
        raise FormatError(f"{where}: version is no whole number")
    if kind not in TYPES:
        raise FormatError(f"{where}: type is none of {', '.join(TYPES)}")
    texts = _texts(given, "list", where)
    if kind == "regex" and len(texts) > MOST_PATTERNS:
        raise FormatError(f"{where}: more than {MOST_PATTERNS} expressions")
    entries = tuple(_entry(kind, one, f"{where}: entry {at}") for at, one in enumerate(texts, start=1))
    return Warninglist(name, version, kind, entries, frozenset(_texts(given, "matching_attributes", where)))


def _texts(given: dict[str, Any], field: str, where: str) -> list[str]:
    """Read a list of texts; one that may be missing is empty."""
    texts = given.get(field, [] if field == "matching_attributes" else None)
    if not isinstance(texts, list) or len(texts) > MOST_ENTRIES or not all(isinstance(one, str) for one in texts):
        raise FormatError(f"{where}: {field} is no list of at most {MOST_ENTRIES:,} texts")
    return texts


def _entry(kind: str, text: str, where: str) -> str:
    """Check one entry; but for expressions it is brought into small letters."""
    if not 0 < len(text) <= MOST_CHARS or not text.strip():
        raise FormatError(f"{where}: an entry has 1 to {MOST_CHARS:,} characters")
    if kind == "regex":
        try:
            return expression(text)
        except FormatError as error:
            raise FormatError(f"{where}: {error}") from error
    bare = text.strip().lower()
    if kind == "cidr":
        try:
            span(bare)
        except ValueError as error:
            raise FormatError(f"{where}: this is no network") from error
    return bare.strip(".") if kind == "hostname" else bare


def read_folder(folder: Path) -> tuple[Warninglist, ...]:
    """Read every ``list.json`` below a folder; where there is none, every ``*.json`` in it.

    Raises
    ------
    InputError
        There are no lists, or too many.
    FormatError
        One is none.
    """
    paths = sorted(folder.rglob("list.json")) or sorted(folder.glob("*.json"))
    if not paths:
        raise InputError(f"{folder}: there are no warninglists here; they are files list.json, as MISP has them")
    if len(paths) > MOST_LISTS:
        raise InputError(f"{folder}: more than {MOST_LISTS:,} warninglists; name a folder of those that you want")
    made = []
    for path in paths:
        try:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise InputError(f"{path}: it cannot be read") from error
        made.append(read_list(content, str(path)))
    return tuple(made)


def own_lists() -> tuple[Warninglist, ...]:
    """Read the few lists that come with this package: freemail and throw-away addresses."""
    there = files("stillwatch.ingest.warninglists").joinpath("own")
    found = sorted((one for one in there.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return tuple(read_list(one.read_bytes(), one.name) for one in found)
