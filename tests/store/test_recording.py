from __future__ import annotations

import dataclasses
import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from stillwatch.model.decision import Action, Waiting
from stillwatch.model.errors import InputError, NotNow, StoreError
from stillwatch.store import past
from stillwatch.store.calibration import calibration_set
from stillwatch.store.decisions import record
from stillwatch.store.ending import end
from stillwatch.store.ledger import entries
from stillwatch.store.standing import StandingTable, standing
from stillwatch.store.switch import stop_file, turn
from stillwatch.store.undo import Scope, undo
from stillwatch.store.verify import verify
from stillwatch.store.waiting import all_held, how_many_wait
from stillwatch.store.written import verdict_of, verdict_text
from store.stored import A_DECISION, A_VERDICT, HOUR, NOW, decision

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.store.database import Database


def kinds(database: Database) -> list[str]:
    with database.reading() as connection:
        return [entry.kind for entry in entries(connection)]


def test_a_decision_and_its_verdict_are_read_back_as_they_were(database: Database) -> None:
    record(database, [A_DECISION], NOW, verdicts={"d-1": A_VERDICT})

    with database.reading() as connection:
        found = past.by_id(connection, "d-1")
        assert found is not None
        assert found.decision == A_DECISION
        assert past.verdict(connection, "d-1") == A_VERDICT


def test_recording_again_adds_nothing(database: Database) -> None:
    first = record(database, [A_DECISION, decision("d-2", account=8)], NOW, run={"seed": 1})
    again = record(database, [A_DECISION, decision("d-2", account=8)], NOW + HOUR, run={"seed": 1})

    assert first.new == ("d-1", "d-2")
    assert (again.new, again.known) == ((), ("d-1", "d-2"))
    assert kinds(database) == ["decision", "decision", "run"]


def test_of_one_id_the_first_form_counts(database: Database) -> None:
    record(database, [A_DECISION], NOW)
    record(database, [dataclasses.replace(A_DECISION, action=Action.HOLD)], NOW)

    with database.reading() as connection:
        found = past.by_id(connection, "d-1")
    assert found is not None
    assert found.decision.action == Action.THROTTLE


@pytest.mark.parametrize(
    "wrong",
    [
        {"until_ms": NOW},
        {"action": Action.SUSPEND, "by": "policy"},
        {"action": Action.SUSPEND, "by": " POLICY"},
        {"evidence": ()},
        {"notice": ""},
        {"by": ""},
        {"clause": ""},
        {"appeal": ""},
    ],
)
def test_the_store_itself_refuses_what_must_not_be(database: Database, wrong: dict[str, object]) -> None:
    with pytest.raises(StoreError):
        record(database, [decision("d-0", account=1), dataclasses.replace(A_DECISION, **wrong)], NOW)  # type: ignore[arg-type]

    assert kinds(database) == [], "the whole call was taken back"


def test_a_person_may_suspend(database: Database) -> None:
    assert record(database, [decision("d-9", action=Action.SUSPEND, by="ada")], NOW).new == ("d-9",)


@pytest.mark.parametrize("table", ["ledger", "decisions", "verdicts", "cases"])
@pytest.mark.parametrize(
    "sql", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 1", "REPLACE INTO {0} SELECT * FROM {0}"]
)
def test_what_was_written_can_only_be_added_to(database: Database, table: str, sql: str) -> None:
    record(database, [A_DECISION], NOW, verdicts={"d-1": A_VERDICT})

    if table == "cases" and "rowid" in sql:
        sql = "UPDATE {} SET id = 'x'"
    with database.writing() as connection, pytest.raises(sqlite3.IntegrityError, match=r"only added|once"):
        connection.execute(sql.format(table))


def test_decisions_of_an_account_share_a_case_and_a_campaign_has_one_of_its_own(database: Database) -> None:
    record(database, [A_DECISION, decision("d-2", clause="no-resale"), decision("d-3", campaign="C")], NOW)
    record(database, [decision("d-4", account=8, campaign="C")], NOW)

    with database.reading() as connection:
        case = {one.decision.id: one.case for one in past.latest(connection)}
    assert case["d-1"] == case["d-2"]
    assert case["d-3"] == case["d-4"]
    assert case["d-1"] != case["d-3"]


def test_undo_of_a_campaigns_decision_lifts_all_of_the_campaign_and_nothing_else(database: Database) -> None:
    record(database, [decision("d-1", campaign="C"), decision("d-2", account=8, campaign="C"), decision("d-3")], NOW)

    undone = undo(database, Scope(decision="d-1"), by="ada", why="a class of students", now_ms=NOW + 1)

    assert [one.decision.id for one in undone.lifted] == ["d-1", "d-2"]
    assert len(undone.cases) == 1
    again = undo(database, Scope(campaign="C"), by="ada", why="again", now_ms=NOW + 2)
    assert (again.lifted, again.cases) == ((), ())
    assert kinds(database).count("undo") == 2


def test_undo_of_one_account_leaves_the_others_of_its_campaign(database: Database) -> None:
    record(database, [decision("d-1", campaign="C"), decision("d-2", account=8, campaign="C"), decision("d-3")], NOW)

    undone = undo(database, Scope(decision="d-1", only_account=True), by="ada", why="not theirs", now_ms=NOW + 1)

    assert [one.decision.id for one in undone.lifted] == ["d-1", "d-3"]


def test_what_is_decided_after_an_overturned_case_is_a_new_case(database: Database) -> None:
    record(database, [A_DECISION], NOW)
    undo(database, Scope(account=7), by="ada", why="wrong", now_ms=NOW + 1)
    record(database, [decision("d-2")], NOW + 2)

    with database.reading() as connection:
        cases = {one.case for one in past.of_account(connection, 7)}
    assert len(cases) == 2


def test_an_undone_decision_goes_to_the_calibration_set_without_content(database: Database) -> None:
    record(database, [A_DECISION], NOW, verdicts={"d-1": A_VERDICT})
    undo(database, Scope(decision="d-1"), by="ada", why="an evaluation run", now_ms=NOW + 1)

    with database.reading() as connection:
        (learnt,) = calibration_set(connection)
    assert learnt.bits == {"probing": 6.5, "asked": 2.25}
    assert (learnt.account, learnt.outcome) == (7, "overturned")


@pytest.mark.parametrize("by", ["", " ", "policy", "Policy", "a\nb", "x" * 65])
def test_only_a_person_undoes(database: Database, by: str) -> None:
    record(database, [A_DECISION], NOW)

    with pytest.raises(InputError, match=r"--by|person"):
        undo(database, Scope(decision="d-1"), by=by, why="wrong", now_ms=NOW)


@pytest.mark.parametrize("scope", [Scope(), Scope(decision="d-1", campaign="C"), Scope(decision="?"), Scope(account=9)])
def test_undo_wants_one_thing_that_is_on_record(database: Database, scope: Scope) -> None:
    record(database, [A_DECISION], NOW)

    with pytest.raises(InputError):
        undo(database, scope, by="ada", why="wrong", now_ms=NOW)


def test_the_kill_switch_makes_the_machines_decisions_wait_and_lets_a_persons_pass(database: Database) -> None:
    turn(database, "stopped", by="ada", why="odd numbers", now_ms=NOW)

    done = record(database, [A_DECISION, decision("d-2", by="ben"), decision("d-3", account=8, shadow=True)], NOW)

    assert (done.new, done.waiting) == (("d-2", "d-3"), ("d-1",))
    with database.reading() as connection:
        (held,) = all_held(connection)
    assert "odd numbers" in held.waiting.reason
    turn(database, "on", by="ada", why="looked", now_ms=NOW)
    assert record(database, [A_DECISION], NOW).new == (), "what was left to a person stays a person's"


def test_a_file_beside_the_store_stops_too(database: Database, file: Path) -> None:
    stop_file(file).touch()

    assert record(database, [A_DECISION], NOW).new == ()


def test_what_waits_is_put_down_once(database: Database) -> None:
    for _ in range(2):
        record(database, [], NOW, waiting=[Waiting(A_DECISION, "too many")], verdicts={"d-1": A_VERDICT}, run={})

    assert kinds(database) == ["waiting", "run"]


def test_what_is_ended_early_binds_no_longer_stays_a_step_and_overturns_nothing(database: Database, file: Path) -> None:
    given = [decision("d-1", campaign="C"), decision("d-2", account=8, campaign="C"), decision("d-3", shadow=True)]
    record(database, given, NOW)
    table = StandingTable(file)

    end(database, ["d-1"], by="ada", why="verified", now_ms=NOW + HOUR)
    table.refresh()

    assert {table.get(7, NOW + shift).action for shift in (0, HOUR - 1, HOUR, 2 * HOUR)} == {Action.OBSERVE}
    assert table.get(8, NOW + HOUR).action == Action.THROTTLE
    with database.reading() as connection:
        found = past.by_id(connection, "d-1")
        assert standing(connection, 7, NOW + HOUR).action == Action.OBSERVE
        assert list(calibration_set(connection)) == []
    assert found is not None
    assert (found.lifted_ms, found.until_ms, found.decision.until_ms) == (-1, NOW + HOUR, NOW + 24 * HOUR)
    assert verify(database).troubles == ()
    for id_ in ("d-1", "d-3"):
        with pytest.raises(NotNow):
            end(database, [id_], by="ada", why="again, by a clock set back", now_ms=NOW)
    undo(database, Scope(decision="d-1"), by="ada", why="wrong after all", now_ms=NOW + HOUR)
    table.refresh()
    assert table.get(7, NOW).action == Action.OBSERVE
    table.close()


@pytest.mark.parametrize("by", ["", "policy"])
def test_only_a_person_ends_and_all_or_none(database: Database, by: str) -> None:
    record(database, [A_DECISION], NOW)

    with pytest.raises(InputError):
        end(database, ["d-1"], by=by, why="x", now_ms=NOW)
    with pytest.raises(InputError):
        end(database, ["d-1", "d-404"], by="ada", why="x", now_ms=NOW)
    assert "end" not in kinds(database)


def test_undoing_an_account_declines_what_waits_about_it(database: Database) -> None:
    record(database, [A_DECISION], NOW, waiting=[Waiting(decision("d-2", action=Action.HOLD), "a hold")])
    assert how_many_wait(database) == 1

    undone = undo(database, Scope(decision="d-1"), by="ada", why="wrong", now_ms=NOW + 1)

    assert undone.declined == ("d-2",)
    assert how_many_wait(database) == 0
    with database.reading() as connection:
        assert all_held(connection) == ()


def test_a_verdict_written_before_it_named_persons_is_still_read() -> None:
    old = json.loads(verdict_text(A_VERDICT))
    del old["by_person"], old["withheld"]

    assert verdict_of(json.dumps(old)) == dataclasses.replace(A_VERDICT, by_person=(), withheld=())
