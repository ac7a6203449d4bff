"""The key that turns identifiers into pseudonyms: one small file, readable by its owner only.

A file holds one secret an epoch. Pseudonyms of different epochs do not compare: rotating the key cuts
the link to everything written before, on purpose.

References
----------
RFC 2104, HMAC. RFC 5869 §2.3: keys for different uses are derived from one secret under different labels.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import KeyFileError
from stillwatch.sketches.state import Keys

if TYPE_CHECKING:
    from pathlib import Path

_BYTES: Final = 32
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True, repr=False)
class PseudonymKey:
    """The secret of one epoch. Never printed: it has no representation but its epoch."""

    epoch: int
    """Number of the epoch, from 1."""
    secret: bytes
    """32 random bytes."""

    def __repr__(self) -> str:
        """Name the epoch, never the secret."""
        return f"PseudonymKey(epoch={self.epoch})"

    def derive(self, label: str) -> bytes:
        """Derive 32 bytes for one use."""
        return hmac.digest(self.secret, b"stillwatch/" + label.encode(), "sha256")

    def sketch_keys(self) -> Keys:
        """Give the 128-bit key of the account state's text hashes."""
        derived = self.derive("sketch")
        return Keys(int.from_bytes(derived[:8]), int.from_bytes(derived[8:16]))

    def fingerprint(self) -> str:
        """Name the key without giving it away."""
        return self.derive("fingerprint").hex()[:12]


def create_key(path: Path) -> PseudonymKey:
    """Write a new key file, mode 0600; an existing file is never overwritten.

    Raises
    ------
    KeyFileError
        The file exists or cannot be written.
    """
    key = PseudonymKey(1, secrets.token_bytes(_BYTES))
    # Whole or not at all: half a key would stop every later start.
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    _write(new, {1: key.secret}, os.O_EXCL)
    try:
        os.link(new, path)
    except FileExistsError as error:
        raise KeyFileError(f"{path}: the key file exists already; rotate it with `stillwatch key rotate`") from error
    except OSError as error:
        raise KeyFileError(f"{path}: the key file cannot be written: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)
    return key


def _write(path: Path, secrets_by_epoch: dict[int, bytes], flag: int) -> None:
    text = json.dumps({"stillwatch-key": 1, "epochs": {str(e): s.hex() for e, s in secrets_by_epoch.items()}}, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | flag, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        if not path.exists():
            raise KeyFileError(f"{path}: the key file cannot be written: a part of its path is a file") from error
        raise KeyFileError(f"{path}: the key file exists already; rotate it with `stillwatch key rotate`") from error
    except OSError as error:
        # Nobody else's file: it was made by the O_EXCL above or not at all.
        with contextlib.suppress(OSError):
            path.unlink()
        raise KeyFileError(f"{path}: the key file cannot be written: {error.strerror}") from error


def _epochs(path: Path) -> dict[int, bytes]:
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: the key file cannot be read: {error.strerror}") from error
    if mode & _OTHERS:
        raise KeyFileError(f"{path}: others may read the key file (mode {mode & 0o777:o}); run: chmod 600 {path}")
    try:
        epochs = {int(epoch): bytes.fromhex(secret) for epoch, secret in json.loads(text)["epochs"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KeyFileError(f"{path}: this is no stillwatch key file") from error
    if not epochs or any(len(secret) != _BYTES for secret in epochs.values()):
        raise KeyFileError(f"{path}: the key file holds no complete key")
    return epochs


def read_key(path: Path, epoch: int | None = None) -> PseudonymKey:
    """Read the key of an epoch, the latest by default.

    Raises
    ------
    KeyFileError
        The file is missing, malformed, readable by others, or has no such epoch.
    """
    epochs = _epochs(path)
    number = max(epochs) if epoch is None else epoch
    if number not in epochs:
        raise KeyFileError(f"{path}: no epoch {number}; there are {sorted(epochs)}")
    return PseudonymKey(number, epochs[number])


def rotate_key(path: Path) -> PseudonymKey:
    """Add an epoch with a fresh secret; older epochs stay readable by number."""
    epochs = _epochs(path)
    number = max(epochs) + 1
    epochs[number] = secrets.token_bytes(_BYTES)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write(fresh, epochs, os.O_EXCL)
    fresh.replace(path)
    return PseudonymKey(number, epochs[number])
