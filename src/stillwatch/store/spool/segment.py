"""The form of one segment file: a head, then frames, each sealed with AES-256-GCM.

::

    head    "SWSPOOL1", number of the segment (8 bytes), salt (16 bytes)
    frame   length of what follows (4 bytes), ciphertext, tag (16 bytes)

The key of a segment is derived (HKDF-SHA-256) from the spool's key and its salt; the nonce of a frame is its number in
the segment, so no nonce is used twice under one key. Number and head are authenticated: a frame that was moved, put
twice or taken from another segment does not open.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stillwatch.model.errors import SpoolError

if TYPE_CHECKING:
    from pathlib import Path

MAGIC: Final = b"SWSPOOL1"
HEAD_BYTES: Final = 32
"""Length of the head (bytes)."""
TAG_BYTES: Final = 16
_LENGTH: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<8sQ16s")
MOST_FRAME_BYTES: Final = 256 << 20
"""Longest frame (bytes); a longer length is damage."""
_SUFFIX: Final = ".spool"
_PREFIX: Final = "segment-"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two frames."""

    segment: int
    """Number of the segment."""
    frame: int
    """Frames of it that lie before."""
    offset: int
    """Bytes of it that lie before."""


START: Final = Position(0, 0, 0)
"""Before everything."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals and opens the frames of one segment."""

    head: bytes
    cipher: AESGCM

    def shut(self, frame: int, content: bytes) -> bytes:
        """Seal a frame: the bytes to append."""
        sealed = self.cipher.encrypt(frame.to_bytes(12, "little"), content, self.head)
        return _LENGTH.pack(len(sealed)) + sealed

    def open(self, frame: int, sealed: bytes | memoryview) -> bytes | None:
        """Open what follows the length of a frame; None if it is not what was sealed there."""
        try:
            return self.cipher.decrypt(frame.to_bytes(12, "little"), sealed, self.head)
        except InvalidTag:
            return None


def head_of(segment: int, salt: bytes) -> bytes:
    """Write the head of a segment; ``salt`` is 16 random bytes."""
    return _HEAD.pack(MAGIC, segment, salt)


def seal_of(key: bytes, head: bytes) -> Seal:
    """Derive what seals a segment from the spool's key and its head.

    Raises
    ------
    SpoolError
        The head is not that of a segment.
    """
    if len(head) != HEAD_BYTES or not head.startswith(MAGIC):
        raise SpoolError("a segment of the spool does not begin like one; was another file put in its place?")
    salt = head[-16:]
    derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"stillwatch/spool/1").derive(key)
    return Seal(head, AESGCM(derived))


def frame_length(content: bytes | memoryview, offset: int) -> int | None:
    """Read the length of the frame at an offset; None where fewer bytes are there than it takes.

    Raises
    ------
    SpoolError
        The length is none that is ever written.
    """
    if offset + _LENGTH.size > len(content):
        return None
    (length,) = _LENGTH.unpack_from(content, offset)
    if not TAG_BYTES <= length <= MOST_FRAME_BYTES:
        raise SpoolError(f"the spool is damaged: a frame of {length:,} bytes; start a new spool and send again")
    return None if offset + _LENGTH.size + length > len(content) else int(length)


LENGTH_BYTES: Final = _LENGTH.size
"""Bytes before the sealed part of a frame."""


def name_of(segment: int) -> str:
    """Name the file of a segment."""
    return f"{_PREFIX}{segment:020d}{_SUFFIX}"


def segments(folder: Path) -> list[int]:
    """List the segments of a spool, ascending."""
    found = []
    for path in folder.iterdir():
        number = path.name[len(_PREFIX) : -len(_SUFFIX)]
        if path.name.startswith(_PREFIX) and path.name.endswith(_SUFFIX) and number.isdigit():
            found.append(int(number))
    return sorted(found)
