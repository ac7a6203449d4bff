"""What the hub really answers is as it is described, no field less and none more, where there is something to tell."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from serve.asgi_call import call
from serve.hub.hubs import indicator
from serve.hub.rights_world import CALENDAR, Rights, rights
from serve.member.parts import candidate, trait
from stillwatch.config import DEFAULT
from stillwatch.serve.hub.combining import combine_due
from stillwatch.serve.hub.description import PATHS
from stillwatch.sharing.joint.wire import commitment, listed, packed
from stillwatch.sharing.oblivious.submission import packed as packed_tags
from stillwatch.store.exchange.detectors import Detector, add
from stillwatch.store.exchange.matching import Rule, close

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HANDLE, TAG, DETECTOR = b"h" * 16, b"t" * 16, "ab" * 32
OFFER = packed(replace(candidate("x", trait(1)).offer, name=HANDLE.hex(), tags=(replace(trait(1), value=TAG),)), HANDLE)


def strict(schema: Any) -> Any:
    """Allow of every object that has named fields those and no others."""
    made = copy.copy(schema)
    if "properties" in made:
        made |= {"additionalProperties": False, "properties": {k: strict(v) for k, v in made["properties"].items()}}
    if "items" in made:
        made["items"] = strict(made["items"])
    return made


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Rights]:
    made = rights(tmp_path)
    yield made
    made.close()


def ask(exchange: Rights, who: str, method: str, path: str, sent: Any = b"", query: str = "") -> Any:
    """Ask; question and answer are held to the description."""
    [shape] = [one for one in PATHS if re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", one), path)]
    said = PATHS[shape][method.lower()]
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    taken = said.get("requestBody", {}).get("content", {}).get("application/json")
    if taken:
        Draft202012Validator(taken["schema"]).validate(json.loads(body))
    headers = {"Authorization": exchange.world.people[who].bearer}
    answer = call(exchange.world.hub, method, path, body, headers, query=query)
    assert answer.status in (200, 201), answer.body
    schema = said["responses"][str(answer.status)]["content"]["application/json"]["schema"]
    Draft202012Validator(strict(schema)).validate(answer.json)
    return answer.json


def test_a_whole_epoch_is_as_it_is_described(exchange: Rights) -> None:
    for name in ("ada", "bob"):
        sent = packed_tags({HANDLE: [TAG]})
        assert not ask(exchange, name, "POST", "/v1/tags", sent, "epoch=1&kind=email:v1")["again"]
        assert ask(exchange, name, "POST", "/v1/tags", sent, "epoch=1&kind=email:v1")["again"]
        bound = {"detector": DETECTOR, "commitments": {HANDLE.hex(): commitment(1, OFFER).hex()}}
        assert ask(exchange, name, "POST", "/v1/commitments", bound, "epoch=1")["groups"] == 1
    ask(exchange, "cyd", "POST", "/v1/tags", packed_tags({HANDLE: [TAG]}), "epoch=1&kind=email:v1&asks=1")
    many = {bytes([at]) * 16: [b"w" * 16] for at in range(70)}
    ask(exchange, "cyd", "POST", "/v1/tags", packed_tags(many), "epoch=1&kind=email:v1")
    close(exchange.tags, 1, Rule(), CALENDAR.epoch(1).closes_ms)
    assert ask(exchange, "ada", "GET", "/v1/matches", query="epoch=1")["matches"]
    told = ask(exchange, "cyd", "GET", "/v1/matches", query="epoch=1")
    assert told["answers"]
    assert told["too_common"] == {"email:v1": 1}
    for name in ("ada", "bob"):
        assert ask(exchange, name, "POST", "/v1/offers", listed([OFFER]), "epoch=1")["taken"] == 1
    assert ask(exchange, "cyd", "POST", "/v1/withdraw", {"handles": [HANDLE.hex()]}, "epoch=1")["withdrawn"] == 0
    combine_due(exchange.tags, CALENDAR, DEFAULT, CALENDAR.epoch(1).closes_ms)
    [one] = ask(exchange, "ada", "GET", "/v1/joint", query="epoch=1")["campaigns"]
    subject = f"joint:1:{one['name']}"
    assert ask(exchange, "bob", "POST", "/v1/opinions", {"subject": subject, "stance": "seed"})["seed"] == 1


def test_opinions_dockets_and_detectors_are_as_they_are_described(exchange: Rights) -> None:
    with exchange.world.file.writing() as connection:
        add(connection, Detector("stillwatch", DETECTOR, 5))
    assert ask(exchange, "ada", "GET", "/v1/detectors")["detectors"]
    subject = indicator(1)["id"]
    assert exchange.world.post("ada", [indicator(1)]).json["success_count"] == 1
    said = {"subject": subject, "stance": "negative", "explanation": "A class"}
    assert ask(exchange, "bob", "POST", "/v1/opinions", said)["state"] == "DISPUTED"
    docket = ask(exchange, "bob", "POST", "/v1/dockets", {"subject": subject, "outcome": "opened"})["docket"]
    assert ask(exchange, "cyd", "GET", "/v1/dockets", query="since=0")["dockets"][0]["own"] == "due"
    assert ask(exchange, "ada", "POST", f"/v1/dockets/{docket}", {"outcome": "overturned"})["revoked"] == 1
    assert ask(exchange, "cyd", "GET", "/v1/opinions")["opinions"][0]["state"] == "NEGATIVE"
