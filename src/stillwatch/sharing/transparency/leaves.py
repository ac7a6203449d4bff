"""What goes into the log of a record: a digest over a salt and the record's one form (RFC 8785).

The digest is public for ever and tells nothing to whoever lacks the salt, even where the record could be guessed.
Erasure destroys salt and record; the digest, and with it every proof, stays.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import rfc8785

from stillwatch.model.commitment import KINDS, Commitment
from stillwatch.model.errors import InputError, LogError

if TYPE_CHECKING:
    from collections.abc import Mapping

SALT_BYTES: Final = 32
"""Length of a salt (bytes)."""
MOST_RECORD_BYTES: Final = 16 << 10
"""Longest record (bytes); larger content is named by its digest."""
_DOMAIN: Final = b"stillwatch/log-record/v1\n"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record, read back."""

    kind: str
    """One of ``KINDS``."""
    at_us: int
    """When (µs since 1970)."""
    body: dict[str, Any]
    """The rest."""
    v: int = 1
    """Version of this form."""


def commit(kind: str, body: Mapping[str, Any], at_us: int, salt: bytes) -> Commitment:
    """Bind a record to a digest.

    Parameters
    ----------
    kind
        One of ``KINDS``.
    body
        What JSON can say, whole numbers up to 2^53; content is named by its SHA-256, never held.
    at_us
        When (µs since 1970).
    salt
        32 random bytes, fresh for every record.

    Raises
    ------
    InputError
        The kind is unknown, the salt too short, or the body has no one form or is too long.
    """
    if kind not in KINDS or len(salt) != SALT_BYTES:
        raise InputError(f"a record needs a kind of {', '.join(KINDS)} and a salt of {SALT_BYTES} bytes")
    try:
        record = rfc8785.dumps({"at_us": at_us, "body": dict(body), "kind": kind, "v": 1})
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError) as error:
        raise InputError(f"a record of kind {kind} has no one form in JSON") from error
    if len(record) > MOST_RECORD_BYTES:
        raise InputError(f"a record of kind {kind} has {len(record):,} bytes; at most {MOST_RECORD_BYTES:,} are kept")
    return Commitment(kind, digest(salt, record), salt, record)


def digest(salt: bytes, record: bytes) -> bytes:
    """Give the digest of a record in its one form."""
    return hashlib.sha256(_DOMAIN + salt + record).digest()


def read_record(record: bytes) -> Record:
    """Read a record from its one form.

    Raises
    ------
    LogError
        It is no record, or not in its one form.
    """
    try:
        found = _DECODER.decode(record)
        again = rfc8785.dumps(msgspec.to_builtins(found))
    except (msgspec.MsgspecError, rfc8785.CanonicalizationError, RecursionError, UnicodeError) as error:
        raise LogError("a record of the log cannot be read") from error
    if again != record or found.v != 1 or found.kind not in KINDS:
        raise LogError("a record of the log is not in its one form")
    return found


_DECODER: Final = msgspec.json.Decoder(Record)
