"""Files that are whole or absent: written beside their place, synced, then renamed into it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING, Final, TypeAlias

from stillwatch.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    Content: TypeAlias = bytes | Callable[[BinaryIO], None]

_ADVICE: Final = {
    errno.ENOSPC: "the disk is full; free some room there or choose another folder with --out",
    errno.EDQUOT: "the disk quota is used up; free some room there or choose another folder with --out",
    errno.EFBIG: "the file system takes no file this large; choose another folder with --out",
    errno.EROFS: "the file system is read-only; choose another folder with --out",
    errno.EACCES: "the folder may not be written; change its permissions or choose another with --out",
    errno.EPERM: "the folder may not be written; change its permissions or choose another with --out",
    errno.ENOENT: "the folder does not exist; make it first or choose another with --out",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another with --out",
    errno.EISDIR: "a folder of that name is in the way; remove it or choose another with --out",
}


def write_atomically(path: Path, content: Content) -> None:
    """Write a file so that nobody ever sees half of it.

    Parameters
    ----------
    path
        Where the file shall be; an older file there is replaced only once the new one is whole.
    content
        The bytes, or a function that writes them into the open file it is given.

    Raises
    ------
    StoreError
        It could not be written; the message says what to do. The older file, if any, is untouched.

    Notes
    -----
    Also removes the unfinished file when interrupted (Ctrl-C). Blind spot: a crash of the machine
    leaves a ``.part`` file behind, which may be deleted.
    """
    part = path.parent / f".{path.name[:200]}.{secrets.token_hex(4)}.part"
    try:
        _write(part, path, content)
    except OSError as error:
        _remove(part)
        advice = _ADVICE.get(error.errno or 0, error.strerror or str(error))
        raise StoreError(f"could not write {path}: {advice}") from error
    except BaseException:
        _remove(part)
        raise


def _write(part: Path, path: Path, content: Content) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Without it the rename itself may be lost in a power cut; some file systems refuse, which is fine.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink()
