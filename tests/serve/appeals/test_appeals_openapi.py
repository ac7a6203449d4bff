"""The REST surface keeps to its description, whatever schemathesis sends, with the right token, a wrong one, none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection

from serve.appeals.lodged import KEYS, NOW, TOKEN, decided
from stillwatch.serve.appeals.app import appeals_app
from stillwatch.serve.appeals.desk import Desk
from stillwatch.serve.appeals.openapi import description
from stillwatch.store.database import Database
from stillwatch.store.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

SCHEMA = schemathesis.openapi.from_dict(description())
POST = description()["paths"]["/v1/decisions/{decision}/appeals"]["post"]
SENT = Draft202012Validator(POST["requestBody"]["content"]["application/json"]["schema"])
HELD_BY = {"right": f"Bearer {TOKEN}", "wrong": "Bearer " + "A" * 43, "none": ""}


class Hours:
    """A clock that is an hour further at each look, so that no limit on how often holds requests back."""

    def __init__(self) -> None:
        self.now_ms = NOW

    def __call__(self) -> int:
        self.now_ms += 3_600_000
        return self.now_ms


@pytest.fixture(scope="module")
def surface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ASGIApp]:
    database = Database(tmp_path_factory.mktemp("rest") / "s.db")
    decided(database)
    yield appeals_app(Desk(database, KEYS, Hours()))
    with database.reading() as connection:
        lodged = connection.execute("SELECT count(*) FROM appeals").fetchone()[0]
    assert lodged >= 1, "the right token reached the place where appeals are taken in"
    assert verify(database).troubles == ()
    database.close()


@pytest.mark.parametrize("held", HELD_BY)
@SCHEMA.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_as_described(case: schemathesis.Case, held: str, surface: ASGIApp) -> None:
    if held == "right":
        case.path_parameters = {"decision": "d-1"}
    headers = {"authorization": HELD_BY[held]} if HELD_BY[held] else {}

    answer = case.call(app=surface, headers=headers, base_url="http://lab.example")

    # These checks cannot see that decision and token are ours; what they would find is asserted below.
    unseen = [ignored_auth, negative_data_rejection] if held == "right" else [ignored_auth]
    case.validate_response(answer, headers=headers, excluded_checks=unseen)
    if held != "right":
        assert answer.status_code in {401, 404, 405}
    if answer.status_code == 201:
        assert SENT.is_valid(case.body)
    assert "640 prompts" not in answer.text or held == "right"
