"""Bytes that know whether they are whole: a SHA-256 over the rest ends every written part of the state."""

from __future__ import annotations

import hashlib
from typing import Final

from stillwatch.model.errors import CheckpointError

_SIZE: Final = 32


def seal(body: bytes) -> bytes:
    """Put the checksum behind the bytes."""
    return body + hashlib.sha256(body).digest()


def unseal(written: bytes, what: str) -> bytes:
    """Take the checksum off again.

    Parameters
    ----------
    written
        What :func:`seal` gave.
    what
        Name of the part, for the message.

    Returns
    -------
    bytes
        The bytes without the checksum.

    Raises
    ------
    CheckpointError
        The checksum does not match.

    Examples
    --------
    >>> unseal(seal(b"state"), "a part")
    b'state'
    """
    body, digest = written[:-_SIZE], written[-_SIZE:]
    if hashlib.sha256(body).digest() != digest:
        raise CheckpointError(f"{what} is torn: its checksum does not match; start from an older one")
    return body
