"""Append to a spool, so that what was acknowledged outlives a crash.

One thread writes: whatever many callers have put meanwhile goes to the disk in one write and one ``fdatasync`` (group
commit), and only then are they told. A tail that a crash left torn is cut off before the first append; nothing in it
was acknowledged.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeAlias

from stillwatch.model.errors import SpoolError, SpoolFull
from stillwatch.store.spool.disk import append, held, locked, next_segment, settle_folder
from stillwatch.store.spool.key import spool_key
from stillwatch.store.spool.segment import (
    HEAD_BYTES,
    MOST_FRAME_BYTES,
    TAG_BYTES,
    Position,
    Seal,
    head_of,
    name_of,
    seal_of,
)

if TYPE_CHECKING:
    from pathlib import Path

SEGMENT_BYTES: Final = 64 << 20
"""Length from which a new segment is begun (bytes)."""
WAITING_BYTES: Final = 64 << 20
"""Most bytes that wait for the disk; a put past it is refused (bytes)."""


@dataclass(slots=True)
class _Open:
    """The segment being written."""

    number: int
    file: int
    seal: Seal
    frames: int
    length: int


_Put: TypeAlias = tuple[bytes | None, Future[Position]]
"""What waits: the content of a frame, or None where a new segment is asked for."""


class Spool:
    """The writing end of a spool; one a folder.

    Parameters
    ----------
    folder
        Where segments lie; made if missing, mode 0700.
    most_bytes
        Most bytes on the disk; past it puts are refused until segments are dropped.
    segment_bytes
        Length from which a new segment is begun.

    Raises
    ------
    SpoolError
        Another writer has the folder, or it cannot be written or is damaged.
    KeyFileError
        The key of the spool cannot be used.
    """

    def __init__(self, folder: Path, most_bytes: int = 8 << 30, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._most, self._segment_bytes = folder, most_bytes, segment_bytes
        self._lock = locked(folder)
        self._key = spool_key(folder)
        self._held = held(folder)
        try:
            self._open = self._last()
        except OSError as error:
            os.close(self._lock)
            raise SpoolError(f"{folder}: the spool cannot be written: {error.strerror}") from error
        self._waiting: deque[_Put] = deque()
        self._waiting_bytes = 0
        self._wake = threading.Condition()
        self._closed = False
        self._spoilt = False
        """Whether the open segment ends in what could not be written whole."""
        self._broken: SpoolError | None = None
        """Why the thread that writes ended by itself."""
        self._thread = threading.Thread(target=self._commit_all, name="spool", daemon=True)
        self._thread.start()

    @property
    def nbytes(self) -> int:
        """Bytes on the disk."""
        # A copy: another thread may begin a segment meanwhile.
        return sum(list(self._held.values()))

    @property
    def end(self) -> Position:
        """Where the next frame goes, as far as the disk has it."""
        return Position(self._open.number, self._open.frames, self._open.length)

    def put(self, content: bytes) -> Future[Position]:
        """Append one frame.

        Parameters
        ----------
        content
            What it holds.

        Returns
        -------
        Future of Position
            Done when it is on the disk: the position behind it. Fails with ``SpoolFull`` where the disk has no room; it
            may be put again, and the spool takes it once there is room.

        Raises
        ------
        SpoolFull
            Too much is waiting already, or the spool has no room.
        SpoolError
            It was closed, is broken, or the frame is too long.
        """
        if len(content) + TAG_BYTES > MOST_FRAME_BYTES:
            raise SpoolError(f"a frame of {len(content):,} bytes is longer than {MOST_FRAME_BYTES:,}")
        with self._wake:
            if self._closed:
                raise self._broken or SpoolError("the spool was closed")
            if self.nbytes + self._waiting_bytes + len(content) > self._most:
                raise SpoolFull(f"the spool holds {self.nbytes:,} of {self._most:,} bytes; folding is behind")
            if self._waiting_bytes + len(content) > WAITING_BYTES and self._waiting:
                raise SpoolFull("more waits for the disk than may; send again later")
            done: Future[Position] = Future()
            self._waiting.append((content, done))
            self._waiting_bytes += len(content)
            self._wake.notify()
        return done

    def turn(self) -> Future[Position]:
        """Begin a new segment behind what was put so far, so that the one before can be dropped once it is folded."""
        with self._wake:
            if self._closed:
                raise self._broken or SpoolError("the spool was closed")
            done: Future[Position] = Future()
            self._waiting.append((None, done))
            self._wake.notify()
        return done

    def drop(self, before: Position) -> int:
        """Remove the segments that lie wholly before a position; gives how many."""
        gone = [number for number in list(self._held) if number < before.segment and number != self._open.number]
        for number in gone:
            (self._folder / name_of(number)).unlink(missing_ok=True)
            del self._held[number]
        return len(gone)

    def close(self) -> None:
        """Write what waits, then let the folder go."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        os.close(self._open.file)
        os.close(self._lock)

    # --- the one thread that writes ----------------------------------------------------------------

    def _commit_all(self) -> None:
        group: list[_Put] = []
        try:
            while group := self._next():
                for turns, some in groupby(group, key=lambda put: put[0] is None):
                    if turns:
                        self._turn_all(list(some))
                    else:
                        self._commit([(content, done) for content, done in some if content is not None])
                with self._wake:
                    self._waiting_bytes -= sum(len(content) for content, _ in group if content is not None)
        except BaseException as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
            self._end(group, error)

    def _next(self) -> list[_Put]:
        """Wait for what is put; nothing once the spool is closed and all is written."""
        with self._wake:
            while not self._waiting and not self._closed:
                self._wake.wait()
            group = list(self._waiting)
            self._waiting.clear()
        return group

    def _end(self, group: list[_Put], error: BaseException) -> None:
        failure = SpoolError(f"the spool broke: {error}; start again")
        with self._wake:
            self._broken, self._closed = failure, True
            late = [*group, *self._waiting]
            self._waiting.clear()
        for _, done in late:
            if not done.done():
                done.set_exception(failure)

    def _turn_all(self, asked: list[_Put]) -> None:
        try:
            self._mend()
            if self._open.frames:
                self._turn(self._open)
        except OSError as error:
            for _, done in asked:
                done.set_exception(SpoolFull(f"no segment can be begun: {error.strerror}; give the disk room"))
        else:
            for _, done in asked:
                done.set_result(self.end)

    def _commit(self, group: list[tuple[bytes, Future[Position]]]) -> None:
        try:
            self._mend()
            places = self._write(self._open, [content for content, _ in group])
        except OSError as error:
            failure = SpoolFull(f"the spool cannot be written: {error.strerror}; nothing of it was kept")
            for _, done in group:
                done.set_exception(failure)
            # What it took is given back at once: whoever made the disk full is helped by that, too.
            with contextlib.suppress(OSError):
                self._mend()
            return
        for (_, done), place in zip(group, places, strict=True):
            done.set_result(place)
        if self._open.length >= self._segment_bytes:
            # Where no segment can be begun this one grows on; the next commit tries again.
            with contextlib.suppress(OSError):
                self._turn(self._open)

    def _write(self, at: _Open, contents: list[bytes]) -> list[Position]:
        frames, length = at.frames, at.length
        places, sealed = [], []
        for content in contents:
            sealed.append(at.seal.shut(frames, content))
            frames, length = frames + 1, length + len(sealed[-1])
            places.append(Position(at.number, frames, length))
        self._spoilt = True
        append(at.file, b"".join(sealed))
        self._spoilt = False
        at.frames, at.length = frames, length
        self._held[at.number] = length
        return places

    def _mend(self) -> None:
        """Take back what could not be written whole, before anything else is written.

        The frames' numbers are used again: in a new segment, under a new key, or two texts would share a nonce.
        """
        if not self._spoilt:
            return
        os.ftruncate(self._open.file, self._open.length)
        os.lseek(self._open.file, self._open.length, os.SEEK_SET)
        os.fsync(self._open.file)
        self._turn(self._open)
        self._spoilt = False

    def _turn(self, at: _Open) -> None:
        self._open = self._begin(at.number + 1)
        os.close(at.file)

    def _begin(self, number: int) -> _Open:
        head = head_of(number, secrets.token_bytes(16))
        path = self._folder / name_of(number)
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            append(opened, head)
            settle_folder(self._folder)
        except OSError:
            os.close(opened)
            path.unlink(missing_ok=True)
            raise
        self._held[number] = HEAD_BYTES
        return _Open(number, opened, seal_of(self._key, head), 0, HEAD_BYTES)

    def _last(self) -> _Open:
        """Begin the segment behind the last one."""
        return self._begin(next_segment(self._folder, self._held, self._key))
