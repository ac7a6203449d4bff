"""Read a spool from a position on, also while it is written to."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

from stillwatch.model.errors import SpoolError
from stillwatch.store.spool.key import spool_key
from stillwatch.store.spool.segment import (
    HEAD_BYTES,
    LENGTH_BYTES,
    START,
    Position,
    frame_length,
    name_of,
    seal_of,
    segments,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stillwatch.store.spool.segment import Seal


def whole_frames(path: Path, key: bytes) -> int:
    """Measure how far the frames of a segment are whole (bytes); what follows is a torn tail.

    Raises
    ------
    SpoolError
        A frame that others follow is damaged: that is no torn tail.
    """
    content = path.read_bytes()
    seal = seal_of(key, content[:HEAD_BYTES])
    frame, offset = 0, HEAD_BYTES
    while (length := _length(content, offset)) is not None:
        end = offset + LENGTH_BYTES + length
        if seal.open(frame, content[offset + LENGTH_BYTES : end]) is None:
            if content[end:].strip(b"\0"):
                raise SpoolError(f"{path}: frame {frame} of the spool is damaged; what follows cannot be trusted")
            break
        frame, offset = frame + 1, end
    return offset


def _length(content: bytes, offset: int) -> int | None:
    # A torn tail may end in any bytes; a length that cannot be is one, too.
    try:
        return frame_length(content, offset)
    except SpoolError:
        return None


def entered(folder: Path, at: Position, there: Sequence[int]) -> tuple[Position, int] | None:
    """Open the segment of a position, or from the very start the first one there is.

    Returns
    -------
    tuple or None
        The position, and the open file; None where nothing was written yet.

    Raises
    ------
    SpoolError
        The segment is gone.
    """
    if at == START:
        if not there:
            return None
        at = Position(there[0], 0, HEAD_BYTES)
    if at.segment not in there:
        raise SpoolError(f"{folder}: segment {at.segment} is missing; what it held is lost")
    return at, os.open(folder / name_of(at.segment), os.O_RDONLY)


class Frames:
    """The reading end of a spool.

    Parameters
    ----------
    folder
        Where segments lie.
    at
        Position to go on from.

    Raises
    ------
    KeyFileError
        The key of the spool cannot be used.
    """

    def __init__(self, folder: Path, at: Position = START) -> None:
        self._folder, self.position = folder, at
        self._key = spool_key(folder)
        self._seal: Seal | None = None
        self._file = -1

    def read(self, upto: Position) -> Iterator[tuple[bytes, Position]]:
        """Give the frames up to a position that is on the disk, each with the position behind it.

        Raises
        ------
        SpoolError
            A frame is damaged, or a segment between here and there is missing.
        """
        while self.position < upto:
            if not self._enter():
                return
            with mmap.mmap(self._file, 0, access=mmap.ACCESS_READ) as content:
                yield from self._of_segment(content, upto)
            if self.position.segment >= upto.segment:
                return
            self._leave()

    def _enter(self) -> bool:
        """Open the segment of the position; from the very start, the first there is."""
        if self._seal is not None:
            return True
        found = entered(self._folder, self.position, segments(self._folder))
        if found is None:
            return False
        self.position, self._file = found
        self._seal = seal_of(self._key, os.pread(self._file, HEAD_BYTES, 0))
        return True

    def _leave(self) -> None:
        self.close()
        self.position = Position(self.position.segment + 1, 0, HEAD_BYTES)

    def _of_segment(self, content: mmap.mmap, upto: Position) -> Iterator[tuple[bytes, Position]]:
        assert self._seal is not None
        seen = memoryview(content)
        try:
            while self.position < upto:
                at = self.position
                length = frame_length(seen, at.offset)
                if length is None:
                    if at.offset < len(seen):
                        raise SpoolError(f"segment {at.segment} of the spool ends within a frame; it was cut short")
                    return
                begin = at.offset + LENGTH_BYTES
                opened = self._seal.open(at.frame, seen[begin : begin + length])
                if opened is None:
                    raise SpoolError(f"frame {at.frame} of segment {at.segment} of the spool is damaged")
                self.position = Position(at.segment, at.frame + 1, begin + length)
                yield opened, self.position
        finally:
            seen.release()

    def close(self) -> None:
        """Let the segment go."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._seal = -1, None
