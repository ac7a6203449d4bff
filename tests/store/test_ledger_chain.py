from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.decision import Waiting
from stillwatch.store.canonical import encode
from stillwatch.store.database import Database
from stillwatch.store.decisions import record
from stillwatch.store.ending import end as end_early
from stillwatch.store.ledger import START, Head, chained, entries, head
from stillwatch.store.switch import turn
from stillwatch.store.undo import Scope, undo
from stillwatch.store.verify import verify
from store.stored import A_DECISION, A_VERDICT, HOUR, NOW, decision

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def filled(file: Path) -> Path:
    database = Database(file)
    record(database, [A_DECISION, decision("d-2", account=8)], NOW, verdicts={"d-1": A_VERDICT}, run={"seed": 3})
    record(database, [], NOW, waiting=[Waiting(decision("d-3", account=9), "too many")])
    undo(database, Scope(decision="d-2"), by="ada", why="wrong", now_ms=NOW + HOUR)
    turn(database, "stopped", by="ada", why="odd", now_ms=NOW + HOUR)
    end_early(database, ["d-1"], by="ada", why="verified", now_ms=NOW + HOUR)
    database.close()
    return file


def broken_into(file: Path, *sql: str) -> None:
    """Write as somebody who owns the machine: rules off, file open."""
    connection = sqlite3.connect(file)
    kept = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in kept:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in sql:
        connection.execute(statement)
    for _, text in kept:
        connection.execute(text)
    connection.commit()
    connection.close()


def troubles(file: Path, *heads: Head) -> list[int]:
    database = Database(file)
    found = verify(database, heads)
    database.close()
    return [one.seq for one in found.troubles]


def end(file: Path) -> Head:
    database = Database(file)
    with database.reading() as connection:
        found = head(connection)
    database.close()
    return found


def test_an_untouched_ledger_verifies(filled: Path) -> None:
    assert troubles(filled, end(filled), Head(0, START)) == []


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("UPDATE ledger SET body = replace(body, 'wrong', 'right') WHERE kind = 'undo'", 5),
        ("UPDATE ledger SET at_ms = at_ms + 1 WHERE seq = 1", 1),
        ("UPDATE ledger SET clock_ms = 0 WHERE seq = 3", 3),
        ("UPDATE ledger SET kind = 'note' WHERE seq = 3", 3),
        ("UPDATE ledger SET subject = 'd-9' WHERE seq = 2", 2),
        ("UPDATE ledger SET hash = zeroblob(32) WHERE seq = 4", 4),
        ("DELETE FROM ledger WHERE seq = 3", 4),
        ("DELETE FROM ledger WHERE seq = 1", 2),
        ("UPDATE decisions SET action = 1 WHERE id = 'd-1'", 1),
        ("UPDATE decisions SET until_ms = until_ms + 1 WHERE id = 'd-2'", 2),
        ("UPDATE decisions SET notice = 'x' WHERE id = 'd-1'", 1),
        ("UPDATE verdicts SET body = replace(body, '6.5', '9.5')", 1),
        ("UPDATE lifts SET by = 'ben'", 5),
        ("UPDATE waiting SET reason = 'x'", 4),
        ("UPDATE outcomes SET why = 'x'", 6),
        ("UPDATE switch SET state = 'on'", 0),
        ("DELETE FROM waiting", 0),
        ("UPDATE waiting SET answer = 'approved', by = 'ben'", 0),
        ("INSERT INTO lifts VALUES (1, 'd-1', 'ben', 'x', 0)", 0),
        ("UPDATE ends SET by = 'ben'", 8),
        ("DELETE FROM ends", 8),
        ("UPDATE calibration SET outcome = 'upheld'", 5),
        ("UPDATE calibration SET bits = '{\"asked\": 40.0}'", 5),
        ("UPDATE calibration SET account = 77", 5),
        ("INSERT INTO calibration SELECT NULL, 'd-1', 7, clause, bits, outcome, at_ms FROM calibration", 0),
    ],
)
def test_any_change_is_found_and_named(filled: Path, sql: str, where: int) -> None:
    broken_into(filled, sql)

    assert where in troubles(filled)


def test_two_entries_exchanged_are_found(filled: Path) -> None:
    broken_into(
        filled,
        "UPDATE ledger SET seq = 100 WHERE seq = 1",
        "UPDATE ledger SET seq = 1 WHERE seq = 2",
        "UPDATE ledger SET seq = 2 WHERE seq = 100",
    )

    assert {1, 2, 3} <= set(troubles(filled))


def test_an_end_cut_off_with_its_rows_is_found_by_an_exported_head_only(filled: Path) -> None:
    kept = end(filled)
    broken_into(filled, "DELETE FROM ledger WHERE seq > 6", "DELETE FROM switch", "DELETE FROM ends")

    assert troubles(filled) == []
    assert troubles(filled, kept) == [kept.seq]


def test_a_ledger_written_anew_is_found_by_an_exported_head_only(filled: Path) -> None:
    kept = end(filled)
    database = Database(filled)
    with database.reading() as connection:
        old = list(entries(connection))
    database.close()
    before, sql = START, []
    for entry in old:
        text = entry.body.replace("odd", "fair")
        before = chained(before, entry.seq, entry.at_ms, entry.clock_ms, entry.kind, entry.subject, text)
        sql.append(f"UPDATE ledger SET body = '{text}', hash = x'{before.hex()}' WHERE seq = {entry.seq}")  # noqa: S608
    broken_into(filled, *sql)

    assert troubles(filled) == []
    assert troubles(filled, kept) == [kept.seq]


def test_a_dropped_rule_is_found(filled: Path) -> None:
    connection = sqlite3.connect(filled)
    connection.execute("DROP TRIGGER ledger_no_delete")
    connection.execute("CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT 1; END")
    connection.commit()
    connection.close()

    assert troubles(filled) == [0]


def test_a_clock_set_back_does_not_turn_the_ledger_back(database: Database) -> None:
    record(database, [A_DECISION], NOW)
    record(database, [decision("d-2", account=8)], NOW - HOUR)
    record(database, [decision("d-3", account=9)], NOW + 1)

    with database.reading() as connection:
        times = [(entry.at_ms, entry.clock_ms) for entry in entries(connection)]
    assert times == [(NOW, NOW), (NOW, NOW - HOUR), (NOW + 1, NOW + 1)]
    assert verify(database).troubles == ()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=8), PLAIN, max_size=5))
def test_canonical_text_ignores_the_order_of_keys(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))

    assert encode(value) == encode(turned)  # type: ignore[arg-type]
    assert encode(value).isascii()


@pytest.mark.parametrize("value", [{"a": 0.5}, {"a": [float("nan")]}, {"a": {"b": {1}}}, {1: "a"}, {"a": b"x"}])
def test_what_has_no_one_form_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        encode(value)  # type: ignore[arg-type]
