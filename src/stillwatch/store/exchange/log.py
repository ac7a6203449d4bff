"""The transparency log in SQLite: entries, hashes of the tree, the tree's right edge, signed checkpoints.

Every function takes a connection inside the caller's transaction: what is recorded and its entry are written together
or not at all, and a checkpoint can only be signed of what is on the disk. Entries, hashes and checkpoints are only
added to; triggers refuse the rest. Only salt and record of an entry can be emptied: that is erasure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stillwatch.model.commitment import Commitment
from stillwatch.model.errors import StoreError, StoreTorn
from stillwatch.model.merkle import (
    HASH_BYTES,
    KEPT_HEIGHT,
    TILE_HEIGHT,
    TILE_WIDTH,
    Frontier,
    grow,
    leaf_hash,
    level_above,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_TORN: Final = "a row of the transparency log is missing; restore a copy"
_ROW: Final = 1 << KEPT_HEIGHT
_ROW_BYTES: Final = _ROW * HASH_BYTES
TABLES: Final = """
CREATE TABLE log_entries (
  seq INTEGER PRIMARY KEY CHECK (seq >= 0),
  kind TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  salt BLOB CHECK (length(salt) = 32),
  record BLOB,
  CHECK ((salt IS NULL) = (record IS NULL))
) STRICT;
CREATE TABLE log_rows (
  id INTEGER PRIMARY KEY CHECK (id >= 0),
  hashes BLOB NOT NULL CHECK (length(hashes) BETWEEN 32 AND 512 AND length(hashes) % 32 = 0)
) STRICT;
CREATE TABLE log_edge (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  size INTEGER NOT NULL CHECK (size >= 0),
  peaks BLOB NOT NULL CHECK (length(peaks) % 32 = 0)
) STRICT;
INSERT INTO log_edge VALUES (0, 0, x'');
CREATE TABLE log_checkpoints (
  size INTEGER PRIMARY KEY CHECK (size >= 0),
  text BLOB NOT NULL,
  line TEXT NOT NULL,
  at_us INTEGER NOT NULL
) STRICT;
CREATE TABLE log_cosignatures (
  size INTEGER NOT NULL REFERENCES log_checkpoints (size),
  witness TEXT NOT NULL,
  at_s INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;
"""
"""Tables of the log, as SQL."""

TRIGGERS: Final = """
CREATE TRIGGER log_entries_in_order BEFORE INSERT ON log_entries
WHEN NEW.seq <> coalesce((SELECT max(seq) FROM log_entries), -1) + 1
BEGIN SELECT RAISE(ABORT, 'the log is only added to, in order'); END;
CREATE TRIGGER log_entries_no_delete BEFORE DELETE ON log_entries
BEGIN SELECT RAISE(ABORT, 'an entry of the log stays'); END;
CREATE TRIGGER log_entries_only_erased BEFORE UPDATE ON log_entries
WHEN NEW.seq <> OLD.seq OR NEW.kind <> OLD.kind OR NEW.digest <> OLD.digest OR NEW.salt IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an entry of the log can only be erased'); END;
CREATE TRIGGER log_rows_grow BEFORE UPDATE ON log_rows
WHEN NEW.id <> OLD.id OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
BEGIN SELECT RAISE(ABORT, 'a row of the log only grows'); END;
CREATE TRIGGER log_rows_no_delete BEFORE DELETE ON log_rows
BEGIN SELECT RAISE(ABORT, 'a row of the log stays'); END;
CREATE TRIGGER log_edge_grows BEFORE UPDATE ON log_edge WHEN NEW.size <= OLD.size
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER log_edge_no_delete BEFORE DELETE ON log_edge
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER log_checkpoints_once BEFORE INSERT ON log_checkpoints
WHEN NEW.size <= coalesce((SELECT max(size) FROM log_checkpoints), -1)
BEGIN SELECT RAISE(ABORT, 'a size of the log is signed once, sizes in order'); END;
CREATE TRIGGER log_checkpoints_no_update BEFORE UPDATE ON log_checkpoints
BEGIN SELECT RAISE(ABORT, 'a checkpoint stays'); END;
CREATE TRIGGER log_checkpoints_no_delete BEFORE DELETE ON log_checkpoints
BEGIN SELECT RAISE(ABORT, 'a checkpoint stays'); END;
"""
"""Rules that hold whoever writes."""


def edge(connection: sqlite3.Connection) -> Frontier:
    """Give the right edge of the tree: its size and, by ``.root``, its root.

    Raises
    ------
    StoreTorn
        It is damaged.
    """
    size, peaks = connection.execute("SELECT size, peaks FROM log_edge").fetchone()
    try:
        return Frontier(size, _hashes(peaks))
    except ValueError as error:
        raise StoreTorn("the edge of the transparency log is damaged; restore a copy") from error


def append(connection: sqlite3.Connection, commitments: Sequence[Commitment]) -> int:
    """Add entries, inside the transaction of what they tell.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    commitments
        What is added, in order.

    Returns
    -------
    int
        Number of the first one; the others follow without gaps.

    Notes
    -----
    Writes one row an entry, and one of 512 bytes for every 16 hashes of a kept level.
    """
    before = edge(connection)
    if not commitments:
        return before.size
    connection.executemany(
        "INSERT INTO log_entries VALUES (?, ?, ?, ?, ?)",
        [(seq, one.kind, one.digest, one.salt, one.record) for seq, one in enumerate(commitments, before.size)],
    )
    after, made = grow(before, [leaf_hash(one.digest) for one in commitments])
    for level, hashes in made.items():
        _extend(connection, level, before.size >> level, hashes)
    connection.execute("UPDATE log_edge SET size = ?, peaks = ?", (after.size, b"".join(after.peaks)))
    return before.size


def _extend(connection: sqlite3.Connection, level: int, held: int, hashes: list[bytes]) -> None:
    """Add hashes to the rows of a level that holds so many."""
    number, width = divmod(held, _ROW)
    before = _row(connection, level, number) if width else b""
    if len(before) != width * HASH_BYTES:
        raise StoreTorn(_TORN)
    content = before + b"".join(hashes)
    cuts = range(0, len(content), _ROW_BYTES)
    connection.executemany(
        "INSERT INTO log_rows VALUES (?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes",
        [(_id(level, number + at), content[cut : cut + _ROW_BYTES]) for at, cut in enumerate(cuts)],
    )


def tile(connection: sqlite3.Connection, level: int, number: int, width: int) -> bytes | None:
    """Give the first ``width`` hashes of a tile (32 bytes each), None where there are not as many."""
    first = _id(level * TILE_HEIGHT, number * (TILE_WIDTH // _ROW))
    rows = connection.execute(
        "SELECT hashes FROM log_rows WHERE id >= ? AND id < ? ORDER BY id", (first, first + math.ceil(width / _ROW))
    )
    hashes = b"".join(row[0] for row in rows)[: width * HASH_BYTES]
    return hashes if len(hashes) == width * HASH_BYTES else None


class Nodes:
    """Nodes of the tree, called as ``node(level, index)``; every row of the store is read once.

    Raises
    ------
    StoreTorn
        When called: the log does not hold the node.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: dict[int, bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Give the root of the perfect subtree over the leaves ``[index << level, (index + 1) << level)``."""
        height = level % KEPT_HEIGHT
        number, place = divmod(index << height, _ROW)
        key = _id(level - height, number)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = _row(self._connection, level - height, number)
        hashes = row[place * HASH_BYTES : (place + (1 << height)) * HASH_BYTES]
        if len(hashes) != HASH_BYTES << height:
            raise StoreTorn(_TORN)
        for _ in range(height):
            hashes = level_above(hashes)
        return hashes


def _row(connection: sqlite3.Connection, level: int, number: int) -> bytes:
    """Give the hashes of a kept level, 16 from ``number * 16`` on, as far as there are any."""
    row = connection.execute("SELECT hashes FROM log_rows WHERE id = ?", (_id(level, number),)).fetchone()
    return row[0] if row else b""


def _id(level: int, number: int) -> int:
    """Give the id of a row: rows of one level lie side by side, so that a tile is read in one go."""
    return level // KEPT_HEIGHT << 58 | number


def digests(connection: sqlite3.Connection, number: int, width: int) -> list[bytes] | None:
    """Give the first ``width`` entries of a bundle of 256, None where there are not as many."""
    first = number * TILE_WIDTH
    rows = connection.execute(
        "SELECT digest FROM log_entries WHERE seq >= ? AND seq < ? ORDER BY seq", (first, first + width)
    ).fetchall()
    return [row[0] for row in rows] if len(rows) == width else None


def entry(connection: sqlite3.Connection, seq: int) -> Commitment | None:
    """Give an entry with its salt and record, as far as these were not erased; None where there is none."""
    row = connection.execute("SELECT kind, digest, salt, record FROM log_entries WHERE seq = ?", (seq,)).fetchone()
    return Commitment(*row) if row else None


def erase(connection: sqlite3.Connection, seq: int) -> bool:
    """Destroy salt and record of an entry; its digest and every proof stay. False where there was nothing to erase.

    Notes
    -----
    SQLite overwrites what is deleted where ``secure_delete`` is on. Blind spot: the write-ahead log holds the old page
    until it is checkpointed, and copies of the file elsewhere keep it.
    """
    return bool(
        connection.execute(
            "UPDATE log_entries SET salt = NULL, record = NULL WHERE seq = ? AND salt IS NOT NULL", (seq,)
        ).rowcount
    )


def publish(connection: sqlite3.Connection, size: int, text: bytes, line: str, at_us: int) -> None:
    """Keep a checkpoint that the log has signed.

    Parameters
    ----------
    connection
        Inside the writing transaction that :func:`edge` was read in.
    size, text, line
        The tree's size, the text of the checkpoint, the log's signature line.
    at_us
        When (µs since 1970).

    Raises
    ------
    StoreError
        The tree has another size.
    """
    if edge(connection).size != size:
        raise StoreError(f"a checkpoint of size {size} is not of the log as it is")
    connection.execute("INSERT INTO log_checkpoints VALUES (?, ?, ?, ?)", (size, text, line, at_us))


def checkpoint(connection: sqlite3.Connection, size: int | None = None) -> tuple[int, bytes, tuple[str, ...]] | None:
    """Give a checkpoint: its size, its text, and the lines of the log and of the witnesses so far; None without one.

    Parameters
    ----------
    connection
        Any.
    size
        Which one; the latest where None.
    """
    row = connection.execute(
        "SELECT size, text, line FROM log_checkpoints"
        " WHERE size = coalesce(?, (SELECT max(size) FROM log_checkpoints))",
        (size,),
    ).fetchone()
    if not row:
        return None
    witnesses = connection.execute("SELECT line FROM log_cosignatures WHERE size = ? ORDER BY witness", (row[0],))
    return row[0], row[1], (row[2], *(one[0] for one in witnesses))


def cosign(connection: sqlite3.Connection, size: int, witness: str, at_s: int, line: str) -> None:
    """Keep a witness's signature line under a checkpoint; a later one of the same witness takes its place."""
    connection.execute(
        "INSERT INTO log_cosignatures VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET at_s = excluded.at_s, line = excluded.line WHERE excluded.at_s > log_cosignatures.at_s",
        (size, witness, at_s, line),
    )


def _hashes(content: bytes) -> tuple[bytes, ...]:
    return tuple(content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES))
