"""A disk without room and a clock that goes back: what then is defined, and nothing is lost by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from enforcement.judged import NOW as JUDGED_AT
from enforcement.judged import POPULATION, RULES, TERMS, facts, verdict
from serve.appeals.lodged import KEYS
from stillwatch.acting import act
from stillwatch.enforcement.situation import Traits
from stillwatch.model.decision import Action
from stillwatch.model.errors import InputError, StoreError
from stillwatch.store import past
from stillwatch.store.appeals import lodge
from stillwatch.store.callbacks import due
from stillwatch.store.decisions import record
from stillwatch.store.hearing import overturn, uphold
from stillwatch.store.ledger import entries
from stillwatch.store.standing import StandingTable, standing
from stillwatch.store.undo import Scope, undo
from stillwatch.store.verify import verify
from store.stored import A_DECISION, HOUR, NOW, decision

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.store.database import Database


def fill(database: Database) -> None:
    """Let the file grow no further, as a disk without room would."""
    with database.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    database._connection.execute(f"PRAGMA max_page_count = {pages}")


def free(database: Database) -> None:
    database._connection.execute("PRAGMA max_page_count = 1073741823")


def counts(database: Database) -> list[int]:
    with database.reading() as connection:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            if not row[0].startswith("sqlite_")
        ]
        return [connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables]  # noqa: S608


LONG = "x" * 3_900
ACTS: dict[str, Callable[[Database], object]] = {
    "record": lambda db: record(
        db, [decision(f"d-f{n}", account=n, evidence=(LONG,)) for n in range(50)], NOW, run={"seed": 1}
    ),
    "act": lambda db: act(
        db,
        [verdict(n) for n in range(60)],
        TERMS,
        facts={n: facts() for n in range(60)},
        population=POPULATION,
        rules=RULES,
        now_ms=JUDGED_AT,
    ),
    "undo": lambda db: undo(db, Scope(campaign="C"), by="ada", why=LONG[:2_000], now_ms=NOW),
    "lodge": lambda db: [lodge(db, KEYS, f"d-{n}", LONG, NOW) for n in range(40)],
}


@pytest.mark.parametrize("name", ACTS)
def test_on_a_full_disk_a_step_happens_not_at_all_says_so_and_can_be_done_later(database: Database, name: str) -> None:
    record(database, [decision(f"d-{n}", account=n, campaign="C") for n in range(40)], NOW)
    before = counts(database)
    fill(database)

    with pytest.raises(StoreError, match="disk is full, nothing of this step was written"), database.writing():
        ACTS[name](database)

    assert counts(database) == before
    assert verify(database).troubles == ()
    with database.reading() as connection:
        assert standing(connection, 3, NOW).action == Action.THROTTLE, "what was in force stays in force"
    free(database)
    ACTS[name](database)
    assert verify(database).troubles == ()


def test_a_file_that_may_grow_no_further_is_the_same(tmp_path: Path) -> None:
    """The operating system itself refuses to write: the limit on file size stands for the disk."""
    program = dedent("""
        import resource, sys
        from pathlib import Path
        from stillwatch.model.errors import StoreError
        from stillwatch.store.database import Database
        from stillwatch.store.decisions import record
        from stillwatch.store.verify import verify
        from store.stored import NOW, decision

        database = Database(Path(sys.argv[1]))
        record(database, [decision("d-1")], NOW)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        many = [decision(f"d-f{n}", account=n, evidence=("x" * 3_900,)) for n in range(200)]
        try:
            record(database, many, NOW)
        except StoreError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        print(len(record(database, many, NOW).new), len(verify(database).troubles))
    """)
    path = [str(Path(__file__).parents[2] / "src"), str(Path(__file__).parents[1])]

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "s.db")],
        env={"PYTHONPATH": ":".join(path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    said, after = done.stdout.splitlines()
    assert "the disk is full, nothing of this step was written" in said
    assert after == "200 0"


def test_a_clock_set_back_an_hour_loses_nothing_and_is_never_harsher(database: Database, file: Path) -> None:
    early = NOW - HOUR
    record(database, [A_DECISION, decision("d-2", account=8, campaign="C")], NOW)
    table = StandingTable(file, NOW)

    assert table.get(7, early).action == Action.OBSERVE, (
        "it has not begun yet, and begins when the clock is there again"
    )
    assert table.get(7, NOW).action == Action.THROTTLE
    appeal = lodge(database, KEYS, "d-1", "It was ours.", early)
    uphold(database, appeal.id, by="ada", why="it stands", now_ms=early)
    assert len(due(database, early)) == 1
    undo(database, Scope(campaign="C"), by="ada", why="wrong", now_ms=early)
    table.refresh(early)

    assert table.get(8, NOW).action == Action.OBSERVE
    with database.reading() as connection:
        seen = [(entry.at_ms, entry.clock_ms) for entry in entries(connection)]
        undone = past.by_id(connection, "d-2")
    assert undone is not None
    assert undone.lifted_ms == NOW, "dated after what it undoes; the clock's reading is kept beside it"
    assert all(at == NOW for at, _ in seen)
    assert {clock for _, clock in seen} == {NOW, early}
    assert verify(database).troubles == ()
    table.close()


def test_a_clock_set_back_opens_no_way_around_the_limits(database: Database) -> None:
    def run(accounts: range, now_ms: int) -> int:
        done = act(
            database,
            [verdict(account) for account in accounts],
            TERMS,
            facts={account: facts(traits=Traits()) for account in accounts},
            population=POPULATION,
            rules=RULES,
            now_ms=now_ms,
        )
        return len(done.recorded.new)

    assert run(range(500), JUDGED_AT) == 500
    assert run(range(500, 900), JUDGED_AT - HOUR) == 400
    assert run(range(900, 1_001), JUDGED_AT - 2 * HOUR) == 0, "1,000 a day, those the clock calls later included"


def test_a_clock_set_back_takes_nothing_twice(database: Database) -> None:
    given = [verdict(account) for account in range(5)]
    known = {account: facts() for account in range(5)}

    for now_ms in (JUDGED_AT, JUDGED_AT - HOUR, JUDGED_AT):
        act(database, given, TERMS, facts=known, population=POPULATION, rules=RULES, now_ms=now_ms)

    with database.reading() as connection:
        assert len(past.latest(connection)) == 5


def test_an_appeal_answered_with_the_clock_back_is_answered_once(database: Database) -> None:
    record(database, [A_DECISION], NOW)
    appeal = lodge(database, KEYS, "d-1", "It was ours.", NOW)
    overturn(database, appeal.id, by="ada", why="it was", now_ms=NOW - HOUR)

    with pytest.raises(InputError, match="answered it before"):
        overturn(database, appeal.id, by="ada", why="it was", now_ms=NOW)
