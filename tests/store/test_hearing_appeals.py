from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from serve.appeals.lodged import KEYS, NOW, WRITTEN, decided, told
from stillwatch.model.decision import Action
from stillwatch.model.errors import InputError, StoreTorn
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.store import appeals, past
from stillwatch.store.appeals import forget_texts, lodge, open_appeals, text_of
from stillwatch.store.calibration import calibration_set
from stillwatch.store.callbacks import delivered, due, failed, wait_ms
from stillwatch.store.decisions import record
from stillwatch.store.hearing import overturn, uphold
from stillwatch.store.sealed import AppealKeys
from stillwatch.store.standing import standing
from stillwatch.store.tokens import admits, issue, token_for
from stillwatch.store.undo import Scope, undo
from stillwatch.store.verify import verify
from store.stored import HOUR, decision

if TYPE_CHECKING:
    from stillwatch.store.database import Database


def test_overturning_lifts_every_linked_action_and_tells_it(database: Database) -> None:
    decided(database)
    told(database)
    appeal = lodge(database, KEYS, "d-2", WRITTEN, NOW)

    undone = overturn(database, appeal.id, by="ada", why="a class", now_ms=NOW + 1)

    assert {one.decision.id for one in undone.lifted} == {"d-2", "d-3"}
    with database.reading() as connection:
        assert standing(connection, 9, NOW + 1).action == Action.OBSERVE
        assert {(one.decision, one.outcome) for one in calibration_set(connection)} == {
            ("d-2", "overturned"),
            ("d-3", "overturned"),
        }
    said = [json.loads(one.body) for one in due(database, NOW + 1)]
    assert sorted((one["kind"], one["decision"]) for one in said) == [
        ("appeal.answered", "d-2"),
        ("decision.undone", "d-2"),
        ("decision.undone", "d-3"),
    ]
    assert next(one for one in said if one["kind"] == "appeal.answered") | {"case": ""} == {
        "kind": "appeal.answered",
        "appeal": appeal.id,
        "decision": "d-2",
        "case": "",
        "outcome": "overturned",
        "at_ms": NOW + 1,
    }
    assert verify(database).troubles == ()


def test_overturning_for_one_account_leaves_its_campaign(database: Database) -> None:
    decided(database)
    appeal = lodge(database, KEYS, "d-2", WRITTEN, NOW)

    undone = overturn(database, appeal.id, by="ada", why="not one of them", now_ms=NOW, only_account=True)

    assert {one.decision.id for one in undone.lifted} == {"d-2"}


def test_upholding_changes_nothing_that_is_in_force(database: Database) -> None:
    decided(database)
    appeal = lodge(database, KEYS, "d-1", WRITTEN, NOW)

    uphold(database, appeal.id, by="ada", why="the facts stand", now_ms=NOW)

    with database.reading() as connection:
        assert standing(connection, 7, NOW).action == Action.THROTTLE
        assert [(one.decision, one.outcome) for one in calibration_set(connection)] == [("d-1", "upheld")]
    with pytest.raises(InputError, match="answered it before"):
        overturn(database, appeal.id, by="ben", why="no", now_ms=NOW)
    assert verify(database).troubles == ()


@pytest.mark.parametrize("by", ["", "policy"])
def test_only_a_person_answers(database: Database, by: str) -> None:
    decided(database)
    appeal = lodge(database, KEYS, "d-1", WRITTEN, NOW)

    for answer in (uphold, overturn):
        with pytest.raises(InputError):
            answer(database, appeal.id, by=by, why="x", now_ms=NOW)


def test_undoing_answers_the_open_appeals_too(database: Database) -> None:
    decided(database)
    lodge(database, KEYS, "d-1", WRITTEN, NOW)

    undo(database, Scope(account=7), by="ada", why="wrong", now_ms=NOW)

    with database.reading() as connection:
        assert open_appeals(connection) == ()
    assert [json.loads(one.body)["kind"] for one in due(database, NOW) if '"d-1"' in one.body] == [
        "appeal.answered",
        "decision.undone",
    ]


@pytest.mark.parametrize("id_", ["d-404", "d-shadow", "d-observe"])
def test_there_must_be_something_to_contest(database: Database, id_: str) -> None:
    decided(database)

    with pytest.raises(InputError, match="nothing in force"):
        lodge(database, KEYS, id_, "x", NOW)


def test_so_many_appeals_and_no_more(database: Database) -> None:
    decided(database)
    for _ in range(appeals.PER_DECISION):
        uphold(database, lodge(database, KEYS, "d-1", "x", NOW).id, by="ada", why="no", now_ms=NOW)

    with pytest.raises(InputError, match="3 times"):
        lodge(database, KEYS, "d-1", "x", NOW)


def test_a_text_that_nobody_answered_goes_and_the_appeal_stays(database: Database) -> None:
    decided(database)
    appeal = lodge(database, KEYS, "d-1", WRITTEN, NOW)

    assert forget_texts(database, NOW + appeals.KEPT_MS - 1) == 0
    assert forget_texts(database, NOW + appeals.KEPT_MS) == 1
    with database.reading() as connection:
        assert text_of(connection, KEYS, appeal) == ""
        assert len(open_appeals(connection)) == 1
    assert verify(database).troubles == ()


def test_a_sealed_text_opens_only_with_its_key_and_in_its_appeal(database: Database) -> None:
    decided(database)
    one, other = lodge(database, KEYS, "d-1", "one", NOW), lodge(database, KEYS, "d-2", "other", NOW)
    wrong = AppealKeys(KEYS.token, lambda _: b"w" * 32, 1)

    with database.reading() as connection, pytest.raises(StoreTorn):
        text_of(connection, wrong, one)
    with database.writing() as connection:
        connection.execute(
            "UPDATE appeals SET sealed = (SELECT sealed FROM appeals WHERE id = ?) WHERE id = ?", (one.id, other.id)
        )
    with database.reading() as connection, pytest.raises(StoreTorn):
        text_of(connection, KEYS, other)
    assert "t" * 8 not in repr(KEYS)


def test_an_answer_is_not_answered_again_in_the_table(database: Database) -> None:
    decided(database)
    appeal = lodge(database, KEYS, "d-1", "x", NOW)
    uphold(database, appeal.id, by="ada", why="no", now_ms=NOW)

    with database.writing() as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE appeals SET outcome = 'overturned'")


def test_a_token_outlives_the_key_it_was_issued_under(database: Database) -> None:
    decided(database)
    token = issue(database, KEYS.token, ["d-1"])["d-1"]

    with database.reading() as connection:
        assert admits(connection, b"n" * 32, "d-1", token)
        assert not admits(connection, b"n" * 32, "d-2", token_for(KEYS.token, "d-2"))
        assert admits(connection, b"n" * 32, "d-2", token_for(b"n" * 32, "d-2"))
        kept = connection.execute("SELECT hash FROM tokens").fetchone()[0]
    assert token.encode() not in kept
    assert len(token) == 43


def test_what_could_not_be_told_is_tried_again_later_and_later(database: Database) -> None:
    decided(database)
    told(database)
    uphold(database, lodge(database, KEYS, "d-1", "x", NOW).id, by="ada", why="no", now_ms=NOW)
    (first,) = due(database, NOW)

    failed(database, first, "answered 503", NOW)

    assert due(database, NOW + 29_999) == ()
    (again,) = due(database, NOW + 30_000)
    assert again.tries == 1
    delivered(database, again.id, NOW + 30_000)
    assert due(database, NOW * 2) == ()
    assert [wait_ms(tries) for tries in (0, 1, 5, 60)] == [30_000, 60_000, 960_000, 21_600_000]


def test_a_notice_is_told_when_its_decision_begins_and_not_past_its_end_nor_once_undone(database: Database) -> None:
    later = decision("d-1", from_ms=NOW + HOUR, until_ms=NOW + 2 * HOUR, notice="Slowed down.")
    record(database, [later, decision("d-2", account=8, from_ms=NOW + HOUR, until_ms=NOW + 2 * HOUR)], NOW)
    record(database, [decision("d-3", shadow=True), decision("d-4", action=Action.OBSERVE)], NOW)

    assert due(database, NOW) == ()
    said = json.loads(due(database, NOW + HOUR)[0].body)
    assert said == {
        "kind": "decision.taken",
        "decision": "d-1",
        "account": pseudonym_text(7),
        "clause": "no-model-copying",
        "action": "throttle",
        "notice": "Slowed down.",
        "from_ms": NOW + HOUR,
        "until_ms": NOW + 2 * HOUR,
    }
    assert len(due(database, NOW + HOUR)) == 2, "nobody is told what is only watched or observed"
    assert due(database, NOW + 2 * HOUR) == ()
    undo(database, Scope(account=7), by="ada", why="wrong", now_ms=NOW)
    kinds = [(json.loads(one.body)["kind"], json.loads(one.body)["decision"]) for one in due(database, NOW + HOUR)]
    assert kinds == [("decision.taken", "d-2"), ("decision.undone", "d-1")]


def test_a_decision_recorded_later_brings_its_clause_once(database: Database) -> None:
    decided(database)
    decided(database)
    record(database, [decision("d-9")], NOW)

    with database.reading() as connection:
        found = past.by_id(connection, "d-9")
        assert found is not None
        assert "competing model" in past.sentence(connection, found.decision)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE calibration SET outcome = 'overturned'",
        "UPDATE calibration SET bits = '{}'",
        "UPDATE calibration SET account = 99",
        "DELETE FROM calibration",
    ],
)
def test_a_changed_line_of_the_calibration_set_is_found(database: Database, sql: str) -> None:
    decided(database)
    uphold(database, lodge(database, KEYS, "d-1", "x", NOW).id, by="ada", why="no", now_ms=NOW)
    assert verify(database).troubles == ()
    with database.writing() as connection:
        for change in ("update", "delete"):
            connection.execute(f"DROP TRIGGER calibration_no_{change}")
        connection.execute(sql)

    assert any("calibration set" in one.what for one in verify(database).troubles)
