"""Read a journal that another writer is writing to, and say how far it was taken over."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import SpoolError
from stillwatch.store.spool.key import spool_key
from stillwatch.store.spool.reader import entered
from stillwatch.store.spool.segment import (
    HEAD_BYTES,
    LENGTH_BYTES,
    START,
    Position,
    frame_length,
    seal_of,
    segments,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.store.spool.segment import Seal

TAKEN: Final = "taken.json"
"""Name of the file that says how far a journal was taken over."""
JOURNAL: Final = "journal:"
"""How the names of journals begin."""
_ZEROS: Final = bytes(LENGTH_BYTES)
_READ_BYTES: Final = 4 << 20


class Tail:
    """The reading end of a journal.

    Parameters
    ----------
    folder
        Where segments lie.
    at
        Position to go on from.

    Raises
    ------
    KeyFileError
        The key of the journal cannot be used.
    """

    def __init__(self, folder: Path, at: Position = START) -> None:
        self._folder, self.position = folder, at
        self._key = spool_key(folder)
        self._seal: Seal | None = None
        self._file = -1

    @property
    def name(self) -> str:
        """Which journal it is: another one in the same folder has another name."""
        return JOURNAL + hashlib.sha256(b"stillwatch/journal/" + self._key).hexdigest()[:16]

    def read(self, most_bytes: int) -> Iterator[tuple[bytes, Position]]:
        """Give the frames that are whole now, about so many bytes of them, each with the position behind it.

        Raises
        ------
        SpoolError
            A frame is damaged, or a segment that was not read yet is missing.
        """
        given = 0
        while given < most_bytes:
            # Listed before it is read: where a later one is there, this one grows no more.
            there = segments(self._folder)
            if not self._enter(there):
                return
            for content, behind in self._whole(last=there[-1] == self.position.segment):
                given += len(content)
                yield content, behind
                if given >= most_bytes:
                    return
            later = [number for number in there if number > self.position.segment]
            if not later:
                return
            self._check_end(later[0])
            self.close()
            self.position = Position(later[0], 0, HEAD_BYTES)

    def _enter(self, there: list[int]) -> bool:
        if self._seal is not None:
            return True
        # All of a journal may have been dropped, and its writer not have come back yet.
        found = entered(self._folder, self.position, there) if there else None
        if found is None:
            return False
        self.position, self._file = found
        head = os.pread(self._file, HEAD_BYTES, 0)
        if len(head) < HEAD_BYTES:
            self.close()
            return False
        self._seal = seal_of(self._key, head)
        return True

    def _whole(self, *, last: bool) -> Iterator[tuple[bytes, Position]]:
        """Give the frames of the segment from the position on."""
        assert self._seal is not None
        while True:
            at = self.position
            block = os.pread(self._file, _READ_BYTES, at.offset)
            length = _length(block, 0)
            if length is None and len(block) == _READ_BYTES and block[:LENGTH_BYTES] != _ZEROS:
                block = os.pread(self._file, LENGTH_BYTES + int.from_bytes(block[:LENGTH_BYTES], "little"), at.offset)
                length = _length(block, 0)
            if length is None:
                return
            seen, offset = memoryview(block), 0
            while length is not None:
                begin = offset + LENGTH_BYTES
                opened = self._seal.open(self.position.frame, seen[begin : begin + length])
                if opened is None:
                    opened = self._again(at.offset + begin, length, last=last)
                if opened is None:
                    return
                offset = begin + length
                self.position = Position(at.segment, self.position.frame + 1, at.offset + offset)
                yield opened, self.position
                length = _length(seen, offset)

    def _again(self, begin: int, length: int, *, last: bool) -> bytes | None:
        """Read a frame again that did not open; None while it may still be written to, or is torn and will be cut off.

        Raises
        ------
        SpoolError
            Something follows it, so it is neither.
        """
        assert self._seal is not None
        opened = self._seal.open(self.position.frame, os.pread(self._file, length, begin))
        if opened is None and (not last or os.pread(self._file, LENGTH_BYTES, begin + length).strip(b"\0")):
            at = self.position
            raise SpoolError(f"frame {at.frame} of segment {at.segment} of the journal is damaged")
        return opened

    def _check_end(self, later: int) -> None:
        at = self.position
        if later != at.segment + 1:
            raise SpoolError(f"{self._folder}: segment {at.segment + 1} is missing; what it held is lost")
        # A writer that starts again cuts a torn tail off before it begins the next segment.
        if os.pread(self._file, _READ_BYTES, at.offset).strip(b"\0"):
            raise SpoolError(f"segment {at.segment} of the journal ends within a frame; it was cut short")

    def close(self) -> None:
        """Let the segment go."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._seal = -1, None


def _length(content: bytes | memoryview, offset: int) -> int | None:
    """Read the length of a frame; None where none is there, or only zeros: room that is not written to yet."""
    return None if content[offset : offset + LENGTH_BYTES] == _ZEROS else frame_length(content, offset)


def say_taken(folder: Path, position: Position) -> None:
    """Say that everything before a position was taken over for good.

    Raises
    ------
    SpoolError
        It cannot be written; the journal then keeps what it holds.
    """
    new = folder / f"{TAKEN}.new"
    try:
        new.touch(0o600)
        new.write_text(json.dumps([position.segment, position.frame, position.offset]))
        new.replace(folder / TAKEN)
    except OSError as error:
        raise SpoolError(f"{folder}: how far it was taken over cannot be written: {error.strerror}") from error


def read_taken(folder: Path) -> Position:
    """Read how far a journal was taken over; ``START`` where nobody did, or the file is no such thing."""
    try:
        told = json.loads((folder / TAKEN).read_bytes())
    except (OSError, ValueError):
        return START
    if isinstance(told, list) and len(told) == 3 and all(type(one) is int and one >= 0 for one in told):
        return Position(*told)
    return START
