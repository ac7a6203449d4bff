"""Which detector made a finding: the digest of its source files, and the digest that an object claims.

CrowdSec's rule: what the hub takes as found by a detector was found by one that the exchange knows, unmodified.
**Blind spot**: a digest is a claim. It tells an old or patched version from the agreed one among members that do not
lie; whoever lies copies the digest. Versions of Python and of libraries are not in it.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

from stillwatch.sharing.stix.extension import EXTENSION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

SOURCES: Final = ("coordination", "detectors", "features", "offers.py", "sketches", "statistics")
"""What makes offers, below the package."""
_TEXT: Final = (".json", ".py", ".toml")
_BINARY: Final = (".npz",)
_TESTS: Final = "cases"
"""Folder of cases that detectors are tested with: they change no finding."""


class _Part(msgspec.Struct):
    detector_sha256: str | None = None


class _Group(msgspec.Struct):
    extensions: dict[str, msgspec.Raw] = {}


_GROUP: Final = msgspec.json.Decoder(_Group)
_PART: Final = msgspec.json.Decoder(_Part)


def content_sha256() -> str:
    """Give the digest of the source files that offers are made with, the same on every machine."""
    package = files("stillwatch")
    return digest_of({path: content for name in SOURCES for path, content in _read(package.joinpath(name), name)})


def digest_of(sources: Mapping[str, bytes]) -> str:
    r"""Give the digest of files by their paths, whatever their order and their ends of lines.

    Examples
    --------
    >>> digest_of({"b.py": b"1", "a.py": b"x\r\n"}) == digest_of({"a.py": b"x\n", "b.py": b"1"})
    True
    >>> digest_of({"a.py": b"xb.py"}) == digest_of({"a.py": b"x", "b.py": b""})
    False
    """
    made = hashlib.sha256(b"stillwatch detector v1\n")
    for path in sorted(sources):
        content = sources[path]
        if path.endswith(_TEXT):
            content = content.replace(b"\r\n", b"\n")
        made.update(b"%s\n%d\n" % (path.encode(), len(content)))
        made.update(content)
    return made.hexdigest()


def claimed_sha256(content: bytes) -> str:
    """Read which detector a group of accounts says it was found with, "" where it says none."""
    try:
        found = _GROUP.decode(content).extensions.get(EXTENSION_ID)
        return (_PART.decode(found).detector_sha256 or "") if found is not None else ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _read(at: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    if at.is_file():
        if path.endswith(_TEXT + _BINARY):
            yield path, at.read_bytes()
        return
    for one in at.iterdir():
        if one.name != _TESTS:
            yield from _read(one, f"{path}/{one.name}")
