"""The key of a spool: prompts lie in it until they are folded, so they lie there sealed.

The key stands in a file of its own beside the segments, mode 0600. It keeps the content from backups, copies and
other users of the machine; whoever can read that file can read the spool.
"""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import KeyFileError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "spool.key"
"""Name of the file."""
_BYTES: Final = 32


def spool_key(folder: Path) -> bytes:
    """Read the key of a spool; a folder without one gets one.

    Raises
    ------
    KeyFileError
        The file is malformed, or others may read it.
    StoreError
        It cannot be written.
    """
    path = folder / NAME
    if not path.exists():
        _write(path)
    return _read(path)


def _write(path: Path) -> None:
    """Write a new key whole or not at all: half a key would lock its folder for good."""
    new = path.with_name(NAME + ".new")
    try:
        new.unlink(missing_ok=True)
        opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(opened, secrets.token_bytes(_BYTES))
            os.fsync(opened)
        finally:
            os.close(opened)
        new.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: the key of the spool cannot be written: {error.strerror}") from error


def _read(path: Path) -> bytes:
    try:
        mode, key = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: the key of the spool cannot be read: {error.strerror}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"{path}: others may read the key of the spool; chmod 600 {path}")
    if len(key) != _BYTES:
        raise KeyFileError(f"{path}: {len(key)} bytes where a spool key has {_BYTES}; without it the spool is lost")
    return key
