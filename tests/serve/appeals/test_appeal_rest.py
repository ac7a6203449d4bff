from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from serve.appeals.lodged import NOW, TOKEN, WRITTEN, Clock, ask
from stillwatch.serve.appeals.openapi import description
from stillwatch.store import past
from stillwatch.store.appeals import open_appeals
from stillwatch.store.ending import end
from stillwatch.store.hearing import overturn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from stillwatch.store.database import Database

HERE = "/v1/decisions/d-1"
SIGNED = {"authorization": f"Bearer {TOKEN}"}
JSON = SIGNED | {"content-type": "application/json"}


def schema(path: str, method: str, status: int) -> Draft202012Validator:
    answer = description()["paths"][path][method]["responses"][str(status)]
    return Draft202012Validator(answer["content"]["application/json"]["schema"])


def test_the_statement_is_as_described(app: ASGIApp) -> None:
    answer = ask(app, "GET", HERE, headers=SIGNED)

    shown = json.loads(answer.body)
    schema("/v1/decisions/{decision}", "get", 200).validate(shown)
    assert (shown["state"], shown["action"], shown["may_contest"]) == ("in force", "throttle", True)
    assert shown["facts"] == ["640 prompts ask for the reasoning behind an answer, 3 are usual."]


def test_an_appeal_is_lodged_and_followed(app: ASGIApp, database: Database) -> None:
    made = ask(app, "POST", HERE + "/appeals", json.dumps({"text": WRITTEN}).encode(), JSON)
    assert made.status == 201
    schema("/v1/decisions/{decision}/appeals", "post", 201).validate(json.loads(made.body))

    with database.reading() as connection:
        (appeal,) = open_appeals(connection)
    overturn(database, appeal.id, by="ada", why="An evaluation.", now_ms=NOW)

    listed = json.loads(ask(app, "GET", HERE + "/appeals", headers=SIGNED).body)
    schema("/v1/decisions/{decision}/appeals", "get", 200).validate(listed)
    assert [(one["outcome"], one["why"]) for one in listed["appeals"]] == [("overturned", "An evaluation.")]
    with database.reading() as connection:
        found = past.by_id(connection, "d-1")
    assert found is not None
    assert found.lifted_ms == NOW


def test_what_a_person_ended_is_over_whatever_the_clock_says(app: ASGIApp, database: Database, clock: Clock) -> None:
    end(database, ["d-1"], by="ada", why="verified", now_ms=NOW)
    clock.now_ms = NOW - 60_000

    assert json.loads(ask(app, "GET", HERE, headers=SIGNED).body)["state"] == "over"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"authorization": "Basic " + TOKEN}, 401),
        ({"authorization": "Bearer " + "A" * 43}, 404),
        ({"authorization": "Bearer \xff"}, 404),
    ],
)
def test_without_the_token_there_is_no_way_in(app: ASGIApp, headers: dict[str, str], status: int) -> None:
    for method, path in (("GET", HERE), ("GET", HERE + "/appeals"), ("POST", HERE + "/appeals")):
        answer = ask(app, method, path, b'{"text": "x"}', headers)

        assert answer.status == status
        assert set(json.loads(answer.body)) == {"error"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"text": 1}', 400),
        (b'{"text": null}', 400),
        (b'{"text": "x", "by": "policy"}', 400),
        (b'{"text": "\\ud800"}', 400),
        (b"[" * 20_000, 400),
        (b'{"text": ""}', 422),
        (b'{"text": "' + b"x" * 4_001 + b'"}', 422),
        (b" " * 40_000, 413),
    ],
)
def test_hostile_bodies_are_answered_clearly(app: ASGIApp, body: bytes, status: int) -> None:
    answer = ask(app, "POST", HERE + "/appeals", body, JSON)

    assert answer.status == status
    schema("/v1/decisions/{decision}/appeals", "post", status).validate(json.loads(answer.body))


def test_another_type_of_body_is_refused(app: ASGIApp) -> None:
    assert ask(app, "POST", HERE + "/appeals", b"text=x", SIGNED | {"content-type": "text/plain"}).status == 415


def test_trouble_of_our_own_repeats_nothing(
    app: ASGIApp, database: Database, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    database.close()

    with pytest.raises(Exception, match="closed"):
        ask(app, "POST", HERE + "/appeals", json.dumps({"text": WRITTEN}).encode(), JSON)

    said = capfd.readouterr()
    assert "Walrus" not in said.out + said.err + caplog.text


def test_the_description_is_served(app: ASGIApp) -> None:
    served = json.loads(ask(app, "GET", "/openapi.json").body)

    assert served == json.loads(json.dumps(description()))
    assert served["openapi"] == "3.1.0"
