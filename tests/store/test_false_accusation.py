"""A false accusation is undone completely by one command: every table, every standing, every linked action."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from enforcement.judged import DAY, HOUR, NOW, POPULATION, TERMS, facts, verdict
from serve.appeals.lodged import KEYS
from stillwatch.acting import act
from stillwatch.cli import main
from stillwatch.enforcement.rules import Limits, Rules
from stillwatch.enforcement.situation import Traits
from stillwatch.model.decision import Action
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.store import past
from stillwatch.store.appeals import lodge, open_appeals
from stillwatch.store.database import Database
from stillwatch.store.ledger import entries, head
from stillwatch.store.standing import StandingTable, standing
from stillwatch.store.verify import verify
from stillwatch.store.waiting import all_held
from stillwatch.verbs import stores

if TYPE_CHECKING:
    from pathlib import Path

ACCUSED = (1, 2, 3)
OTHERS = (4, 5, 6, 7)
LATER = NOW + 3 * DAY
RULES = Rules(limits=Limits(few=100))
Tables = dict[str, list[tuple[Any, ...]]]


def tables(database: Database) -> Tables:
    with database.reading() as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608


def run(database: Database, accounts: tuple[int, ...], campaign: str, at: int = NOW, fresh: float = 9.0) -> list[str]:
    done = act(
        database,
        [verdict(account, ("campaign", "probing"), campaign=campaign) for account in accounts],
        TERMS,
        facts={account: facts(traits=Traits(), last_ms=at, fresh_bits=fresh) for account in (*ACCUSED, *OTHERS)},
        population=POPULATION,
        rules=RULES,
        now_ms=at,
    )
    return list(done.recorded.new)


def standings(path: Path, database: Database) -> list[tuple[int, int, Action, str]]:
    table = StandingTable(path)
    found = []
    for account in (*ACCUSED, *OTHERS):
        for moment in range(NOW - HOUR, NOW + 12 * DAY, 5 * HOUR):
            seen = table.get(account, moment)
            with database.reading() as connection:
                assert standing(connection, account, moment) == seen
            found.append((account, moment, seen.action, seen.decision))
    table.close()
    return found


@pytest.fixture
def accused(file: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Database, Tables, list[Any], str]:
    """Make a store where a campaign was accused, climbed, waits for a hold, and one member appealed."""
    monkeypatch.setattr(stores, "now_ms", lambda: LATER)
    for verb in ("decisions", "appeals"):
        monkeypatch.setattr(f"stillwatch.verbs.{verb}.now_ms", lambda: LATER)
    database = Database(file)
    run(database, OTHERS[:2], "")
    run(database, OTHERS[2:], "D")
    before, fair = tables(database), standings(file, database)
    run(database, ACCUSED, "C", NOW)
    run(database, ACCUSED, "C", NOW + 25 * HOUR)
    run(database, ACCUSED, "C", NOW + 2 * DAY + 2 * HOUR)
    assert standings(file, database) != fair
    contested = next(one for one in before_and(database) if one.decision.account == 2)
    appeal = lodge(database, KEYS, contested.decision.id, "We are a class of students.", LATER)
    with database.reading() as connection:
        assert {one.waiting.decision.account for one in all_held(connection)} == set(ACCUSED)
    return database, before, fair, appeal.id


def before_and(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(past.of_campaign(connection, "C"))


@pytest.mark.parametrize("way", ["by decision", "by campaign", "by appeal"])
def test_one_command_undoes_all_of_it(
    way: str, accused: tuple[Database, Tables, list[Any], str], file: Path, tmp_path: Path
) -> None:
    database, before, fair, appeal = accused
    made = before_and(database)
    assert {one.decision.action for one in made} == {Action.THROTTLE, Action.RESTRICT}
    ledger_before = tables(database)["ledger"]
    with database.reading() as connection:
        old_head = head(connection)
    shutil.copy(file, tmp_path / "kept.db")
    words = {
        "by decision": ["decisions", "undo", made[0].decision.id],
        "by campaign": ["decisions", "undo", "--campaign", "C"],
        "by appeal": ["appeals", "overturn", appeal],
    }[way]

    assert main([*words, "--store", str(file), "--by", "ada", "--why", "a class of students"]) == 0

    # What is in force, now and at any time: as if it had never been.
    assert standings(file, database) == fair
    after = tables(database)
    # Nothing that was there before the accusation has changed, in any table.
    for name, rows in before.items():
        assert set(rows) <= set(after[name]), name
    # Every linked action is lifted, and nobody else's.
    assert all(one.lifted_ms == LATER for one in before_and(database))
    lifted = {row[1] for row in after["lifts"]}
    assert lifted == {one.decision.id for one in made}
    # Nothing waits about them any longer, no appeal is open, each appeal's outcome will be told.
    with database.reading() as connection:
        assert all_held(connection) == ()
        assert open_appeals(connection) == ()
    to_tell = [json.loads(row[3]) for row in after["callbacks"] if row not in before["callbacks"]]
    assert {one["decision"] for one in to_tell if one["kind"] == "decision.undone"} == {one.decision.id for one in made}
    assert sum(one["kind"] == "appeal.answered" for one in to_tell) == 1
    # All of it is in the calibration set, as overturned.
    learnt = {(row[1], row[5]) for row in after["calibration"]}
    assert learnt == {(id_, "overturned") for id_ in lifted}
    assert after["switch"] == before["switch"]
    # And the history is kept: nothing of the ledger is gone, an older head still holds.
    assert after["ledger"][: len(ledger_before)] == ledger_before
    with database.reading() as connection:
        told = [entry.subject for entry in entries(connection) if entry.kind == "undo"]
    assert set(told) == lifted
    assert verify(database, [old_head]).troubles == ()
    # The same command again changes nothing.
    again = tables(database)
    main([*words, "--store", str(file), "--by", "ada", "--why", "a class of students"])
    assert tables(database) == again
    database.close()


def test_the_machine_does_not_come_back_to_it(accused: tuple[Database, Tables, list[Any], str], file: Path) -> None:
    database, *_ = accused
    main(["decisions", "undo", "--campaign", "C", "--store", str(file), "--by", "ada", "--why", "a class"])

    assert run(database, ACCUSED, "C", LATER + HOUR) == []
    other = [replace(verdict(1, ("artefacts",)), clause="no-resale")]
    done = act(
        database,
        other,
        TERMS,
        facts={1: facts(traits=Traits())},
        population=POPULATION,
        rules=RULES,
        now_ms=LATER + HOUR,
    )
    assert done.recorded.new == ()
    late = run(database, (11,), "C", LATER + HOUR)
    assert late == [], "somebody found later is no machine's either, where the whole campaign was wrong"
    with database.reading() as connection:
        assert {one.waiting.decision.account for one in all_held(connection)} >= {1, 2, 3, 11}
    database.close()


def test_one_account_alone_is_undone_in_one_command_too(
    accused: tuple[Database, Tables, list[Any], str], file: Path
) -> None:
    database, _, fair, _ = accused

    words = [
        "decisions",
        "undo",
        "--account",
        pseudonym_text(2),
        "--store",
        str(file),
        "--by",
        "ada",
        "--why",
        "a school",
    ]
    assert main(words) == 0

    now = standings(file, database)
    assert [one for one in now if one[0] == 2] == [one for one in fair if one[0] == 2]
    assert [one for one in now if one[0] == 1] != [one for one in fair if one[0] == 1]
    database.close()
