"""Identifiers and times of STIX 2.1."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

NAMESPACE: Final = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""Namespace that STIX gives for the ids of cyber-observable objects (2.9)."""
UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""Form of a UUID in an id."""
TIMESTAMP: Final = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z\Z"
)
"""Form of a time; that the day is in the calendar is checked when it is read."""
TAG: Final = r"^oprf1:[1-9][0-9]{0,8}:[a-z0-9-]{1,64}:v[0-9]{1,3}:[0-9a-f]{32}\Z"
"""Form of the tag of an account: epoch, kind and its version, 16 bytes."""
ACCOUNT_TYPE: Final = "x-oprf-tag"
"""Type of an account that is known by its tag only."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


def account_id(tag: str) -> str:
    """Give the id of an account known by its tag: two members with one tag give it one id (STIX 2.1, 2.9 and 6.19).

    Examples
    --------
    >>> account_id("oprf1:e:k:t")
    'user-account--563c5980-5011-578d-80dd-208b5ad52295'
    """
    # The one form of RFC 8785; nothing that a tag may hold is escaped in it.
    return "user-account--" + str(uuid.uuid5(NAMESPACE, f'{{"account_type":"{ACCOUNT_TYPE}","user_id":"{tag}"}}'))


def derived(parent: uuid.UUID, kind: str, name: str) -> str:
    """Give the id of an object that belongs to another: told twice, it is one object and no second.

    Parameters
    ----------
    parent
        UUID of what it belongs to, drawn at random.
    kind
        Type of the object.
    name
        What tells it from others of its parent and type.
    """
    # STIX wants version 4 for such ids; these bits are as random as the parent's.
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
    '2026-09-21T14:13:20.123Z'
    """
    return (_EPOCH + timedelta(milliseconds=at_ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03}Z"
