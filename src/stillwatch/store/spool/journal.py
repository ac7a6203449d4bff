"""A journal: a spool whose writer may not wait, for whoever stands in the way of a call.

An append is one ``pwrite`` into the operating system's memory: it outlives ``kill -9`` of the writer at once, and a
loss of power once ``settle`` has run, which a thread does every half second. Segments have the form of the spool's, and
zeros behind their last frame while they are written: room that is there already can be written to while the disk is
busy, and a file that grows cannot. ``tail`` reads them meanwhile, and says in ``taken`` how far they may be dropped.
"""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import SpoolError, SpoolFull
from stillwatch.store.spool.disk import append, held, locked, next_segment, settle_folder
from stillwatch.store.spool.key import spool_key
from stillwatch.store.spool.segment import (
    HEAD_BYTES,
    MOST_FRAME_BYTES,
    TAG_BYTES,
    Seal,
    head_of,
    name_of,
    seal_of,
)

if TYPE_CHECKING:
    from pathlib import Path

SEGMENT_BYTES: Final = 16 << 20
"""Length from which a new segment is begun (bytes)."""
SETTLE_S: Final = 0.5
"""How often what was appended is made to outlive a loss of power (s)."""
_BEYOND: Final = 1 << 20
"""Room behind that length, for the frame that passes it (bytes)."""
_NEXT: Final = "next.part"
"""Name of the segment that is made ready before it is needed."""


@dataclass(slots=True)
class _Segment:
    """A segment being written, or ready to be."""

    number: int
    file: int
    seal: Seal
    frames: int = 0
    length: int = HEAD_BYTES
    settled: int = 0
    """Length that is on the disk."""


class Journal:
    """The writing end; one a folder. ``append`` belongs to one thread, ``settle`` and the drops may run in another.

    Parameters
    ----------
    folder
        Where segments lie; made if missing, mode 0700.
    most_bytes
        Most bytes of frames on the disk; past it appends are refused until segments are dropped.
    segment_bytes
        Length from which a new segment is begun.

    Raises
    ------
    SpoolError
        Another writer has the folder, or it cannot be written or is damaged.
    KeyFileError
        The key of the spool cannot be used.

    Notes
    -----
    Blind spot: a loss of power takes what was appended since the last ``settle``; a full disk refuses new segments, and
    whoever appends has to count what was refused.
    """

    def __init__(self, folder: Path, most_bytes: int = 8 << 30, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._most, self._segment_bytes = most_bytes, segment_bytes
        self._lock = locked(folder)
        self._key = spool_key(folder)
        self._held = held(folder)
        self._dropped = 0
        self._turns = threading.Lock()
        self._full: list[_Segment] = []
        self._ready: _Segment | None = None
        number = next_segment(folder, self._held, self._key)
        self._bytes = sum(self._held.values())
        self._open: _Segment | None = None
        self.number = number - 1
        """Segment being written."""
        self._turn()

    @property
    def nbytes(self) -> int:
        """Bytes on the disk, without the room that is held ready."""
        # Two counts, as two threads count: one appends, one drops.
        return self._bytes - self._dropped

    def append(self, content: bytes) -> int:
        """Append one frame; gives the segment that it lies in.

        Raises
        ------
        SpoolFull
            There is no room; nothing of the frame was kept.
        SpoolError
            The frame is too long, or the folder cannot be written.
        """
        if len(content) + TAG_BYTES > MOST_FRAME_BYTES:
            raise SpoolError(f"a frame of {len(content):,} bytes is longer than {MOST_FRAME_BYTES:,}")
        if self.nbytes + len(content) > self._most:
            raise SpoolFull(f"the journal holds {self.nbytes:,} of {self._most:,} bytes; nobody takes it over")
        at = self._open
        if at is None or at.length >= self._segment_bytes:
            at = self._turn()
        sealed = at.seal.shut(at.frames, content)
        try:
            written = os.pwrite(at.file, sealed, at.length)
        except OSError as error:
            self._give_up(at)
            raise SpoolFull(f"the journal cannot be written: {error.strerror}") from error
        if written < len(sealed):
            self._give_up(at)
            raise SpoolFull("the journal cannot be written: the disk is full")
        at.frames += 1
        at.length += written
        self._bytes += written
        self._held[at.number] = at.length
        return at.number

    def settle(self) -> None:
        """Wait until what was appended is on the disk, and make the next segment ready."""
        with self._turns:
            full, self._full = self._full, []
            at, ready = self._open, self._ready
        for one in full:
            try:
                os.ftruncate(one.file, one.length)
                os.fdatasync(one.file)
            finally:
                os.close(one.file)
        if full:
            settle_folder(self.folder)
        if at is not None and at.settled < at.length:
            self._settle_open(at)
        if ready is None:
            made = self._made(self.folder / _NEXT, self.number + 1)
            with self._turns:
                self._ready = made

    def _settle_open(self, at: _Segment) -> None:
        length = at.length
        try:
            # Its own file number: the writer may be through with the segment meanwhile, and close it.
            mine = os.dup(at.file)
        except OSError:
            return
        try:
            os.fdatasync(mine)
            at.settled = length
        finally:
            os.close(mine)

    def drop(self, before: int) -> int:
        """Remove the segments below a number; gives how many."""
        gone = [number for number in list(self._held) if number < min(before, self.number)]
        for number in gone:
            (self.folder / name_of(number)).unlink(missing_ok=True)
            self._dropped += self._held.pop(number)
        return len(gone)

    def drop_older(self, than_ms: int) -> int:
        """Remove the segments that were last written to before a moment (ms since 1970); gives how many."""
        young = [n for n in list(self._held) if (self.folder / name_of(n)).stat().st_mtime_ns // 1_000_000 >= than_ms]
        return self.drop(min(young, default=self.number))

    def close(self) -> None:
        """Settle, then let the folder go."""
        with self._turns:
            if self._open is not None:
                self._full.append(self._open)
            self._open = None
        self._most = 0
        self.settle()
        with self._turns:
            if self._ready is not None:
                os.close(self._ready.file)
        (self.folder / _NEXT).unlink(missing_ok=True)
        os.close(self._lock)

    def _give_up(self, at: _Segment) -> None:
        """Nothing of a frame that could not be written whole may stay, and its number is not used again."""
        with self._turns:
            self._full.append(at)
            self._open = None
        try:
            os.ftruncate(at.file, at.length)
        except OSError as error:
            raise SpoolError(f"{self.folder}: a torn frame cannot be cut off: {error.strerror}") from error

    def _turn(self) -> _Segment:
        """Go on with the next segment: the one that is ready, or else one made now."""
        number = self.number + 1
        path = self.folder / name_of(number)
        with self._turns:
            made, self._ready = self._ready, None
        if made is None or made.number != number:
            made = self._made(self.folder / _NEXT, number)
        try:
            (self.folder / _NEXT).replace(path)
        except OSError as error:
            os.close(made.file)
            raise SpoolError(f"{path}: a segment of the journal cannot be begun: {error.strerror}") from error
        with self._turns:
            if self._open is not None:
                self._full.append(self._open)
            self._open = made
        self.number = number
        self._held[number] = HEAD_BYTES
        self._bytes += HEAD_BYTES
        return made

    def _made(self, path: Path, number: int) -> _Segment:
        head = head_of(number, secrets.token_bytes(16))
        opened = -1
        try:
            opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            os.posix_fallocate(opened, 0, self._segment_bytes + _BEYOND)
            append(opened, head)
        except OSError as error:
            if opened >= 0:
                os.close(opened)
            path.unlink(missing_ok=True)
            raise SpoolFull(f"{path}: a segment of the journal cannot be begun: {error.strerror}") from error
        return _Segment(number, opened, seal_of(self._key, head))
