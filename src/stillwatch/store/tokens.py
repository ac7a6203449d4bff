"""Tokens: who holds the link to a statement of reasons may read it and appeal, nobody else.

A token is 256 bits, HMAC-SHA-256 of the decision's id under a key that is not in the store: whoever tells the
customer can make it again at any time, and whoever steals the store cannot. The store keeps its SHA-256 only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from stillwatch.store.database import Database


def token_for(key: bytes, decision: str) -> str:
    """Make the token of a decision: 43 characters that fit into an address."""
    made = hmac.digest(key, b"appeal " + decision.encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


def fingerprint_of(token: str) -> bytes:
    """Give what the store keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def issue(database: Database, key: bytes, decisions: Iterable[str]) -> dict[str, str]:
    """Make tokens and keep their fingerprints, so that they stay good when the key is rotated."""
    made = {decision: token_for(key, decision) for decision in decisions}
    with database.writing() as connection:
        for decision, token in made.items():
            if not connection.execute("SELECT 1 FROM tokens WHERE decision = ?", (decision,)).fetchone():
                connection.execute("INSERT INTO tokens VALUES (?, ?)", (decision, fingerprint_of(token)))
    return made


def admits(connection: sqlite3.Connection, key: bytes, decision: str, token: str) -> bool:
    """Say whether a token opens a decision.

    Notes
    -----
    Compares in constant time and does the same work where there is no such decision.
    """
    row = connection.execute("SELECT hash FROM tokens WHERE decision = ?", (decision,)).fetchone()
    known = connection.execute("SELECT 1 FROM decisions WHERE id = ?", (decision,)).fetchone()
    given = fingerprint_of(token)
    derived = hmac.compare_digest(given, fingerprint_of(token_for(key, decision)))
    kept = hmac.compare_digest(given, row[0] if row else bytes(32))
    return (derived or kept) and known is not None
