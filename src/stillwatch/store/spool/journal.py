"""A journal: a spool whose writer may not wait, for whoever stands in the way of a call.

An append is one ``write`` into the operating system's memory: it outlives ``kill -9`` of the writer at once, and a loss
of power once ``settle`` has run, which a thread does every half second. Segments have the form of the spool's.
``tail`` reads them while they are written, and says in ``taken`` how far they may be dropped.
"""

from __future__ import annotations

import os
import secrets
import threading
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import SpoolError, SpoolFull
from stillwatch.store.spool.key import spool_key
from stillwatch.store.spool.reader import whole_frames
from stillwatch.store.spool.segment import (
    HEAD_BYTES,
    MOST_FRAME_BYTES,
    START,
    TAG_BYTES,
    Seal,
    head_of,
    name_of,
    seal_of,
    segments,
)
from stillwatch.store.spool.writer import append, locked, settle_folder

if TYPE_CHECKING:
    from pathlib import Path

SEGMENT_BYTES: Final = 16 << 20
"""Length from which a new segment is begun (bytes)."""
SETTLE_S: Final = 0.5
"""How often what was appended is made to outlive a loss of power (s)."""


class Journal:
    """The writing end; one a folder. ``append`` belongs to one thread.

    Parameters
    ----------
    folder
        Where segments lie; made if missing, mode 0700.
    most_bytes
        Most bytes on the disk; past it appends are refused until segments are dropped.
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
    Blind spot: a loss of power takes what was appended since the last ``settle``; a full disk refuses appends, and
    whoever appends has to count what was refused.
    """

    def __init__(self, folder: Path, most_bytes: int = 8 << 30, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._most, self._segment_bytes = most_bytes, segment_bytes
        self._lock = locked(folder / "spool.lock")
        self._key = spool_key(folder)
        self._held = {number: (folder / name_of(number)).stat().st_size for number in segments(folder)}
        self._bytes, self._dropped = sum(self._held.values()), 0
        self._files = threading.Lock()
        self._full: list[int] = []
        self.number = START.segment
        """Segment being written."""
        self._file = -1
        self._seal: Seal
        self._frames = self._length = 0
        self._begin(self._cut_last())

    @property
    def nbytes(self) -> int:
        """Bytes on the disk."""
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
        if self._length >= self._segment_bytes or self._file < 0:
            self._begin(self.number + 1)
        sealed = self._seal.shut(self._frames, content)
        try:
            written = os.write(self._file, sealed)
        except OSError as error:
            self._take_back()
            raise SpoolFull(f"the journal cannot be written: {error.strerror}") from error
        if written < len(sealed):
            self._take_back()
            raise SpoolFull("the journal cannot be written: the disk is full")
        self._frames += 1
        self._length += written
        self._bytes += written
        self._held[self.number] = self._length
        return self.number

    def settle(self) -> None:
        """Wait until what was appended is on the disk; another thread may call it."""
        with self._files:
            full, self._full = self._full, []
            last = os.dup(self._file) if self._file >= 0 else -1
        for one in [*full, *([last] if last >= 0 else [])]:
            try:
                os.fdatasync(one)
            finally:
                os.close(one)

    def drop(self, before: int) -> int:
        """Remove the segments below a number; gives how many. Another thread may call it."""
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
        self.settle()
        if self._file >= 0:
            os.close(self._file)
        os.close(self._lock)

    def _take_back(self) -> None:
        """Nothing of a frame that could not be written whole may stay, and its number is not used again."""
        try:
            os.ftruncate(self._file, self._length)
        except OSError as error:
            raise SpoolError(f"{self.folder}: a torn frame cannot be cut off: {error.strerror}") from error
        finally:
            with self._files:
                self._full.append(self._file)
                self._file = -1

    def _begin(self, number: int) -> None:
        head = head_of(number, secrets.token_bytes(16))
        path = self.folder / name_of(number)
        try:
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        except OSError as error:
            raise SpoolError(f"{path}: a segment of the journal cannot be begun: {error.strerror}") from error
        try:
            append(opened, head)
            settle_folder(self.folder)
        except OSError as error:
            os.close(opened)
            path.unlink(missing_ok=True)
            raise SpoolError(f"{path}: a segment of the journal cannot be begun: {error.strerror}") from error
        with self._files:
            if self._file >= 0:
                self._full.append(self._file)
            self._file = opened
        self.number, self._seal = number, seal_of(self._key, head)
        self._frames, self._length = 0, HEAD_BYTES
        self._held[number] = HEAD_BYTES
        self._bytes += HEAD_BYTES

    def _cut_last(self) -> int:
        """Cut a torn tail off the last segment; gives the number to go on with."""
        if not self._held:
            return START.segment + 1
        number = max(self._held)
        path = self.folder / name_of(number)
        if self._held[number] < HEAD_BYTES:
            self._bytes -= self._held.pop(number)
            return number
        length = whole_frames(path, self._key)
        if length < self._held[number]:
            os.truncate(path, length)
            self._bytes -= self._held[number] - length
            self._held[number] = length
        return number + 1
