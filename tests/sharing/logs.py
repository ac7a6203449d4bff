"""A log in memory, and a file of a log, as tests need them."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillwatch.model.errors import LogError
from stillwatch.model.merkle import EMPTY_ROOT, leaf_hash, node_hash
from stillwatch.sharing.transparency.checkpoint import Checkpoint, Trust, make
from stillwatch.sharing.transparency.note import COSIGNED, SIGNED, Note, Verifier, cosign
from stillwatch.sharing.transparency.tiles import ENTRIES, bundle, read_path
from stillwatch.store.exchange import log, sent
from stillwatch.store.schema import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

ORIGIN = "hub.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
WITNESS_KEYS = {f"w{n}.example": Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3)}
LOG = Verifier(ORIGIN, SIGNED, KEY.public_key().public_bytes_raw())
WITNESSES = tuple(
    Verifier(name, COSIGNED, key.public_key().public_bytes_raw()) for name, key in sorted(WITNESS_KEYS.items())
)
ALONE = Trust(LOG)
WITNESSED = Trust(LOG, WITNESSES, 2)


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word; leaves are hashes."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def checkpoint(entries: Sequence[bytes], witnesses: Sequence[str] = (), at_s: int = 1000) -> bytes:
    root = tree_hash([leaf_hash(one) for one in entries]) if entries else EMPTY_ROOT
    seen = Checkpoint(ORIGIN, len(entries), root)
    lines = [cosign(seen.text, name, WITNESS_KEYS[name], at_s) for name in witnesses]
    return bytes(Note(seen.text, (*make(seen, KEY).signatures, *lines)))


def served(entries: Sequence[bytes], note: bytes) -> Callable[[str], bytes]:
    """What an honest server of these entries answers."""
    leaves = [leaf_hash(one) for one in entries]

    def fetch(path: str) -> bytes:
        if path == "checkpoint":
            return note
        tile = read_path(path)
        assert tile is not None
        if tile.level == ENTRIES:
            found = list(entries[tile.index * 256 : tile.index * 256 + tile.width])
            content = bundle(found)
        else:
            span = 256**tile.level
            starts = range(tile.index * 256 * span, (tile.index * 256 + tile.width) * span, span)
            found = [tree_hash(leaves[at : at + span]) for at in starts if at + span <= len(leaves)]
            content = b"".join(found)
        if len(found) != tile.width:
            raise LogError(f"{path}: nothing is here")
        return content

    return fetch


class Store:
    """The least of a hub's database."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        run = self.connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA secure_delete = ON")
        run("PRAGMA cache_size = -65536")
        if not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in statements(log.TABLES + log.TRIGGERS + sent.TABLES):
                run(statement)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        yield self.connection
