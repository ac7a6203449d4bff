"""What both writers of segments do to the disk: lock a folder, write, settle, and go on behind a torn tail."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import SpoolError
from stillwatch.store.spool.reader import whole_frames
from stillwatch.store.spool.segment import HEAD_BYTES, START, name_of, segments

if TYPE_CHECKING:
    from pathlib import Path

_LOCK: Final = "spool.lock"


def append(file: int, content: bytes) -> None:
    """Write all of it, and wait until it is on the disk."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fdatasync(file)


def settle_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def locked(folder: Path) -> int:
    """Take the lock of a folder; gives the open file that holds it.

    Raises
    ------
    SpoolError
        Another writer has it.
    """
    opened = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(opened)
        raise SpoolError(f"{folder}: another watch or gateway writes to this spool") from error
    return opened


def held(folder: Path) -> dict[int, int]:
    """Give the segments of a folder: number -> length (bytes)."""
    return {number: (folder / name_of(number)).stat().st_size for number in segments(folder)}


def next_segment(folder: Path, there: dict[int, int], key: bytes) -> int:
    """Cut what was torn off the last segment; gives the number to go on with, and sets lengths in ``there`` right.

    The last segment is never written to again: no nonce is used twice.

    Raises
    ------
    SpoolError
        A frame that others follow is damaged.
    """
    if not there:
        return START.segment + 1
    number = max(there)
    if there[number] < HEAD_BYTES:
        # Numbers have no gaps. Its head never reached the disk, so nothing in it was acknowledged.
        del there[number]
        return number
    path = folder / name_of(number)
    length = whole_frames(path, key)
    if length < there[number]:
        os.truncate(path, length)
        there[number] = length
    return number + 1
