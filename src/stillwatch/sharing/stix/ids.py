"""Identifiers and times of STIX 2.1."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

import rfc8785

NAMESPACE: Final = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""Namespace that STIX gives for the ids of cyber-observable objects (2.9)."""
UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""Form of a UUID in an id."""
TIMESTAMP: Final = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z\Z"
)
"""Form of a time; that the day is in the calendar is checked when it is read."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


def account_id(user_id: str, account_type: str) -> str:
    """Give the id of a user account: two members that name one account alike give it one id (STIX 2.1, 2.9 and 6.19).

    Examples
    --------
    >>> account_id("oprf1:e:k:t", "x-oprf-tag")
    'user-account--563c5980-5011-578d-80dd-208b5ad52295'
    """
    parts = rfc8785.dumps({"account_type": account_type, "user_id": user_id}).decode()
    return f"user-account--{uuid.uuid5(NAMESPACE, parts)}"


def derived(parent: uuid.UUID, kind: str, name: str) -> str:
    """Give the id of an object that belongs to another: told twice, it is one object and no second.

    Parameters
    ----------
    parent
        Random UUID of the campaign; whoever does not know it cannot guess what is derived.
    kind
        Type of the object.
    name
        What tells it from others of its parent and type.
    """
    # STIX wants version 4 here; these bits are as random as the parent, which was drawn.
    drawn = hashlib.sha256(parent.bytes + f"{kind}:{name}".encode()).digest()[:16]
    return f"{kind}--{uuid.UUID(bytes=drawn, version=4)}"


def micros(time: str) -> int:
    """Read a time that has the form of ``TIMESTAMP`` (µs since 1970; finer digits are cut off).

    Raises
    ------
    ValueError
        The day is not in the calendar.
    """
    return (datetime.fromisoformat(time) - _EPOCH) // _US


def timestamp(at_ms: int) -> str:
    """Write a time (ms since 1970).

    Examples
    --------
    >>> timestamp(1_790_000_000_123)
    '2026-09-21T13:33:20.123Z'
    """
    return (_EPOCH + timedelta(milliseconds=at_ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03}Z"
