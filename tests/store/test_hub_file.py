"""The hub's file: rules that hold whoever writes."""

from __future__ import annotations

import sqlite3
import uuid
from typing import TYPE_CHECKING

import pytest

from stillwatch.model.errors import InputError, NotNow, StoreError, StoreTorn
from stillwatch.model.exchange import Entry
from stillwatch.model.membership import Member, Purpose, Role, State, Tlp
from stillwatch.store.database import Database
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import add_collection, set_group, without
from stillwatch.store.exchange.members import (
    INVITED_US,
    MOST_CREDENTIALS,
    accept,
    add_credential,
    credential,
    invite,
    leave,
    resume,
    suspend,
)
from stillwatch.store.exchange.objects import KEPT_US, keep_status, status, submit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Iterator[HubFile]:
    made = HubFile(tmp_path / "hub.db")
    yield made
    made.close()


def invited(connection: sqlite3.Connection, name: str, now_us: int = 0) -> Member:
    return invite(connection, Member(0, str(uuid.uuid4()), name, State.INVITED, Role.READER), name.encode(), now_us)


def filled(connection: sqlite3.Connection) -> None:
    invited(connection, "a")
    group = set_group(connection, "g", "labs", [1], 0)
    add_collection(connection, "c", "c", "", group)
    entry = Entry(
        "url--1", "url", -1, revoked=False, tlp=Tlp.CLEAR, purposes=Purpose.DETECT, body=b"{}", digest=bytes(32)
    )
    assert submit(connection, 1, 1, 1, [entry], 7).successes == (("url--1", 7),)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM objects",
        "UPDATE objects SET body = x'00'",
        "UPDATE objects SET owner = 2",
        "UPDATE objects SET date_added = 9",
        "DELETE FROM groups",
        "UPDATE groups SET name = 'x'",
        "DELETE FROM group_members",
        "UPDATE group_members SET member = 2",
        "INSERT INTO groups VALUES ('g', 3, 'x', 0)",
        "INSERT INTO group_members VALUES ('g', 1, 1)",
        "INSERT INTO members VALUES (9, 'i', 'n', 'king', 0, 0, 0, 0)",
    ],
)
def test_what_stays_stays(file: HubFile, statement: str) -> None:
    with file.writing() as connection:
        filled(connection)
    with pytest.raises(StoreError), file.writing() as connection:
        connection.execute(statement)


def test_an_old_version_of_a_group_takes_nobody_in(file: HubFile) -> None:
    with file.writing() as connection:
        filled(connection)
        invited(connection, "b")
        set_group(connection, "g", "labs", [], 1)
    with pytest.raises(StoreError), file.writing() as connection:
        connection.execute("INSERT INTO group_members VALUES ('g', 2, 1)")


def test_dates_rise_whatever_the_clock_says(file: HubFile) -> None:
    def entry(number: int) -> Entry:
        return Entry(
            f"url--{number}",
            "url",
            -1,
            revoked=False,
            tlp=Tlp.CLEAR,
            purposes=Purpose.DETECT,
            body=b"{}",
            digest=bytes(32),
        )

    with file.writing() as connection:
        filled(connection)
        for number, now in enumerate((100, 100, 3, -5, 2_000)):
            submit(connection, 1, 1, 1, [entry(2 * number + 10), entry(2 * number + 11)], now)
        dates = [row[0] for row in connection.execute("SELECT date_added FROM objects ORDER BY id")]
    assert dates == [7, 100, 101, 102, 103, 104, 105, 106, 107, 2_000, 2_001]


def test_a_reader_cannot_write_and_sees_one_moment(file: HubFile) -> None:
    with file.writing() as connection:
        filled(connection)
    with file.reading() as view:
        assert view.execute("SELECT count(*) FROM members").fetchone() == (1,)
        with file.writing() as connection:
            invited(connection, "b")
        assert view.execute("SELECT count(*) FROM members").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            view.execute("UPDATE members SET name = 'x'")


def test_another_store_is_no_hub_and_a_hub_is_no_other_store(tmp_path: Path) -> None:
    Database(tmp_path / "store.db").close()
    HubFile(tmp_path / "hub.db").close()
    with pytest.raises(StoreTorn, match="no hub"):
        HubFile(tmp_path / "store.db")
    with pytest.raises(StoreTorn, match="no store"):
        Database(tmp_path / "hub.db")


def test_an_invitation_is_good_once_and_for_a_week(file: HubFile) -> None:
    with file.writing() as connection:
        invited(connection, "late")
        with pytest.raises(InputError):
            accept(connection, b"late", "k1", bytes(32), INVITED_US)
        joined = accept(connection, b"late", "k1", bytes(32), INVITED_US - 1)
        assert joined.state is State.ACTIVE
        with pytest.raises(InputError):
            accept(connection, b"late", "k2", bytes(32), INVITED_US - 1)
        with pytest.raises(InputError):
            accept(connection, b"guess", "k2", bytes(32), 0)


def test_a_member_that_left_gets_no_key_and_is_in_no_group(file: HubFile) -> None:
    with file.writing() as connection:
        filled(connection)
        member = accept(connection, b"a", "k1", bytes(32), 0)
        assert credential(connection, "k1", 5) is not None
        gone = leave(connection, member, 5)
        assert [(one.version, one.members) for one in without(connection, 1, 5)] == [(2, frozenset())]
        assert credential(connection, "k1", 5) is None
        for act in (suspend, resume, leave):
            with pytest.raises(NotNow):
                act(connection, gone, 6)
        with pytest.raises(NotNow):
            add_credential(connection, gone, "k2", "key", bytes(32), 6)


def test_a_member_has_a_bounded_number_of_keys(file: HubFile) -> None:
    with file.writing() as connection:
        member = invited(connection, "a")
        for number in range(MOST_CREDENTIALS):
            add_credential(connection, member, f"k{number}", "key", bytes(32), 0)
        with pytest.raises(NotNow):
            add_credential(connection, member, "more", "key", bytes(32), 0)


def test_a_status_is_kept_for_a_day(file: HubFile) -> None:
    with file.writing() as connection:
        keep_status(connection, "old", 1, 0, b"{}")
        keep_status(connection, "new", 1, KEPT_US + 1, b"{}")
        assert status(connection, "old", 1) is None
        assert status(connection, "new", 1) == b"{}"
        assert status(connection, "new", 2) is None


def test_a_question_without_end_is_given_up(file: HubFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillwatch.store.exchange.file.MOST_STEPS", 5)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(StoreError), file.reading() as connection:
        connection.execute(endless).fetchone()
    with file.reading() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
