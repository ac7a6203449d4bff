"""What customers write, encrypted at rest: AES-256-GCM under a key that is not in the store."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, StoreTorn

if TYPE_CHECKING:
    from collections.abc import Callable

_NONCE: Final = 12


@dataclass(frozen=True, slots=True, repr=False)
class AppealKeys:
    """Keys of the appeals, from one key file. Never printed."""

    token: bytes
    """32 bytes that tokens are made with."""
    text: Callable[[int], bytes]
    """Epoch of the key file -> 32 bytes that texts of that epoch are sealed with."""
    epoch: int
    """Epoch that new texts are sealed under."""

    def __repr__(self) -> str:
        """Name the epoch, never a key."""
        return f"AppealKeys(epoch={self.epoch})"


def seal(keys: AppealKeys, appeal: str, text: str) -> bytes:
    """Encrypt a text for one appeal; it opens in no other."""
    nonce = os.urandom(_NONCE)
    closed: bytes = _cipher(keys.text(keys.epoch)).encrypt(nonce, text.encode(), appeal.encode())
    return nonce + closed


def unseal(keys: AppealKeys, epoch: int, appeal: str, sealed: bytes) -> str:
    """Decrypt a text.

    Raises
    ------
    StoreTorn
        It was changed, belongs to another appeal, or was sealed under another key file.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - part of an extra

    try:
        opened: bytes = _cipher(keys.text(epoch)).decrypt(sealed[:_NONCE], sealed[_NONCE:], appeal.encode())
    except InvalidTag as error:
        raise StoreTorn(f"the text of appeal {appeal} does not open: changed, or sealed under another key") from error
    return opened.decode()


def _cipher(key: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202 - its type is part of an extra
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - part of an extra
    except ImportError as error:
        raise InputError("appeals need the extra serve: pip install 'stillwatch[serve]'") from error
    return AESGCM(key)
