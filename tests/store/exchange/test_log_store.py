from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharing.logs import Store, tree_hash
from stillwatch.model.commitment import Commitment
from stillwatch.model.errors import StoreError, StoreTorn
from stillwatch.model.merkle import EMPTY_ROOT, leaf_hash
from stillwatch.store.exchange import log


def commitments(first, count):
    return [
        Commitment("policy", n.to_bytes(32, "big"), bytes([n % 256]) * 32, b"{}") for n in range(first, first + count)
    ]


def whole(connection, size):
    """Tiles, entries and edge say the same tree."""
    leaves = [leaf_hash(n.to_bytes(32, "big")) for n in range(size)]
    assert log.edge(connection).size == size
    assert log.edge(connection).root == (tree_hash(leaves) if leaves else EMPTY_ROOT)
    for first in range(0, size, 256):
        width = min(256, size - first)
        assert log.tile(connection, 0, first // 256, width) == b"".join(leaves[first : first + width])
        assert log.digests(connection, first // 256, width) == [
            n.to_bytes(32, "big") for n in range(first, first + width)
        ]
    if size >= 256:
        above = [tree_hash(leaves[at : at + 256]) for at in range(0, size - 255, 256)]
        assert log.tile(connection, 1, 0, len(above)) == b"".join(above)
    assert connection.execute("SELECT sum(length(hashes)) / 32 FROM log_rows").fetchone()[0] in (
        None,
        size + size // 16 + size // 256,
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=5))
def test_what_is_appended_in_batches_is_one_tree(batches):
    store, size = Store(), 0
    for count in batches:
        with store.writing() as connection:
            assert log.append(connection, commitments(size, count)) == size
        size += count
    whole(store.connection, size)


def test_a_transaction_that_fails_leaves_the_log_as_it_was():
    store = Store()
    with store.writing() as connection:
        log.append(connection, commitments(0, 250))

    def failing():
        with store.writing() as connection:
            log.append(connection, commitments(250, 20))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()

    whole(store.connection, 250)
    with store.writing() as connection:
        log.append(connection, commitments(250, 20))
    whole(store.connection, 270)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM log_entries WHERE seq = 4",
        "UPDATE log_entries SET digest = zeroblob(32) WHERE seq = 4",
        "UPDATE log_entries SET kind = 'appeal' WHERE seq = 4",
        "UPDATE log_entries SET salt = zeroblob(32) WHERE seq = 4",
        "UPDATE log_entries SET salt = NULL WHERE seq = 4",
        "INSERT INTO log_entries VALUES (7, 'policy', zeroblob(32), NULL, NULL)",
        "INSERT OR REPLACE INTO log_entries VALUES (4, 'policy', zeroblob(32), NULL, NULL)",
        "UPDATE log_rows SET hashes = zeroblob(160)",
        "UPDATE log_rows SET hashes = zeroblob(32)",
        "UPDATE log_rows SET id = 16",
        "DELETE FROM log_rows",
        "UPDATE log_edge SET size = 4",
        "DELETE FROM log_edge",
        "INSERT INTO log_checkpoints VALUES (4, x'00', '', 0)",
        "INSERT OR REPLACE INTO log_checkpoints VALUES (5, x'00', '', 0)",
        "UPDATE log_checkpoints SET text = x'00'",
        "DELETE FROM log_checkpoints",
        "INSERT INTO log_cosignatures VALUES (3, 'w', 0, '')",
    ],
)
def test_whoever_writes_can_only_add(statement):
    store = Store()
    with store.writing() as connection:
        log.append(connection, commitments(0, 5))
        log.publish(connection, 5, b"text\n", "line", 9)

    with pytest.raises(sqlite3.IntegrityError):
        store.connection.execute(statement)


def test_an_erased_entry_keeps_its_digest_and_its_proofs():
    store = Store()
    with store.writing() as connection:
        log.append(connection, commitments(0, 5))
        before = log.edge(connection)
        assert log.erase(connection, 3)
        assert not log.erase(connection, 3)
        assert not log.erase(connection, 9)

    assert log.entry(store.connection, 3) == Commitment("policy", (3).to_bytes(32, "big"), None, None)
    assert log.entry(store.connection, 9) is None
    assert log.edge(store.connection) == before
    whole(store.connection, 5)


def test_erased_salts_are_not_left_in_the_file(tmp_path):
    store, secret = Store(tmp_path / "hub.db"), b"SALT-TO-BE-FORGOTTEN-32-BYTES-ok"
    with store.writing() as connection:
        log.append(connection, [Commitment("appeal", bytes(32), secret, b"RECORD-TO-BE-FORGOTTEN")])
    with store.writing() as connection:
        log.erase(connection, 0)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret not in left
    assert b"RECORD-TO-BE-FORGOTTEN" not in left


def test_only_what_there_is_is_given():
    store = Store()
    with store.writing() as connection:
        log.append(connection, commitments(0, 5))

    assert log.tile(store.connection, 0, 0, 6) is None
    assert log.tile(store.connection, 1, 0, 1) is None
    assert log.digests(store.connection, 0, 6) is None
    assert log.checkpoint(store.connection) is None


def test_checkpoints_are_given_by_size_with_the_latest_line_of_each_witness():
    store = Store()
    for size in (2, 5):
        with store.writing() as connection:
            log.append(connection, commitments(log.edge(connection).size, size - log.edge(connection).size))
            log.publish(connection, size, f"text {size}\n".encode(), f"log {size}", size)
    with store.writing() as connection:
        for at_s, line in ((7, "seven"), (9, "nine"), (8, "eight")):
            log.cosign(connection, 2, "w", at_s, line)

    assert log.checkpoint(store.connection) == (5, b"text 5\n", ("log 5",))
    assert log.checkpoint(store.connection, 2) == (2, b"text 2\n", ("log 2", "nine"))
    assert log.checkpoint(store.connection, 3) is None


def test_a_checkpoint_of_another_size_is_not_kept():
    store = Store()

    with pytest.raises(StoreError, match="not of the log as it is"), store.writing() as connection:
        log.publish(connection, 1, b"text\n", "line", 9)


def test_a_damaged_edge_is_told():
    store = Store()
    store.connection.execute("UPDATE log_edge SET size = 3, peaks = zeroblob(32)")

    with pytest.raises(StoreTorn, match="damaged"):
        log.edge(store.connection)


@pytest.mark.parametrize("cut", ["DELETE FROM log_rows WHERE id = 0", "UPDATE log_rows SET hashes = zeroblob(64)"])
def test_a_missing_row_is_told_and_never_written_over(cut):
    store = Store()
    with store.writing() as connection:
        log.append(connection, commitments(0, 5))
    store.connection.execute("DROP TRIGGER log_rows_no_delete")
    store.connection.execute("DROP TRIGGER log_rows_grow")
    store.connection.execute(cut)

    with pytest.raises(StoreTorn, match="row"):
        log.Nodes(store.connection)(2, 0)
    with pytest.raises(StoreTorn, match="row"), store.writing() as connection:
        log.append(connection, commitments(5, 1))
    assert log.edge(store.connection).size == 5
    assert log.tile(store.connection, 0, 0, 5) is None


KILLED = """
import sys
sys.path.insert(0, {tests!r})
from sharing.logs import Store
from store.exchange.test_log_store import commitments
from stillwatch.store.exchange import log
store, size = Store({path!r}), 0
while True:
    with store.writing() as connection:
        log.append(connection, commitments(size, 37))
        size += 37
    print(size, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_one_whole_tree(tmp_path):
    path = tmp_path / "hub.db"
    for round_ in range(4):
        for old in tmp_path.iterdir():
            old.unlink()
        script = KILLED.format(tests=str(Path(__file__).parents[2]), path=str(path))
        with subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        ) as writer:
            assert writer.stdout is not None
            told = 0
            for _ in range(5 + 13 * round_):
                told = int(writer.stdout.readline())
            writer.kill()
        store = Store(path)
        size = log.edge(store.connection).size
        assert size >= told
        assert size % 37 == 0
        whole(store.connection, size)
        with store.writing() as connection:
            log.append(connection, commitments(size, 300))
        whole(store.connection, size + 300)
        store.connection.close()
