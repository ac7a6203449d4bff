"""Objects that come in one submission are stored as if each had come alone, in that order."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillwatch.model.exchange import UNVERSIONED, Entry
from stillwatch.model.membership import Purpose, Tlp
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.objects import submit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

ROWS = "SELECT date_added, collection, id, version, type, owner, latest, revoked, digest, body FROM objects ORDER BY 1"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[HubFile]:
    opened = HubFile(tmp_path / "hub.db")
    yield opened
    opened.close()


def entry(number: int, version: int, content: int, *, revoked: bool) -> Entry:
    kind = "url" if number % 7 == 0 else "indicator"
    body = b'{"n":%d,"v":%d,"c":%d}' % (number, version, content)
    when = UNVERSIONED if kind == "url" else version
    digest = hashlib.sha256(body).digest()
    name = f"{kind}--{uuid.UUID(int=number)}"
    return Entry(name, kind, when, revoked and kind != "url", Tlp.GREEN, Purpose.DETECT, body, digest)


ENTRIES = st.lists(
    st.builds(entry, st.integers(0, 70), st.integers(1, 3), st.integers(0, 1), revoked=st.booleans()), max_size=120
)


def stored(
    connection: sqlite3.Connection, submissions: list[list[Entry]]
) -> tuple[list[tuple[object, ...]], list[object]]:
    connection.execute("SAVEPOINT one")
    told: list[object] = []
    for entries in submissions:
        took = submit(connection, 1, 1, 1, entries, 1_000)
        told += [*took.successes, *((one.id, one.message) for one in took.failures)]
    rows = connection.execute(ROWS).fetchall()
    connection.execute("ROLLBACK TO one")
    return rows, sorted(map(str, told))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=ENTRIES, entries=ENTRIES)
def test_at_once_is_one_by_one(file: HubFile, before: list[Entry], entries: list[Entry]) -> None:
    with file.writing() as connection:
        at_once = stored(connection, [before, entries])
        one_by_one = stored(connection, [[one] for one in (*before, *entries)])

    assert at_once == one_by_one


def test_many_new_ones_are_dated_in_their_order(file: HubFile) -> None:
    entries = [entry(7 * at + 1, 1, 0, revoked=False) for at in range(163)]
    with file.writing() as connection:
        rows, _ = stored(connection, [entries])

    assert [row[0] for row in rows] == list(range(1_000, 1_163))
    assert [row[2] for row in rows] == [one.id for one in entries]
