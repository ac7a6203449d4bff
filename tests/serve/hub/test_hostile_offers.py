"""Whatever a member puts into an offer, the others are told what they can read, and none of its words."""

from __future__ import annotations

import ast
import inspect
import json
import warnings
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.member.parts import candidate, trait
from stillwatch.config import DEFAULT
from stillwatch.coordination import extraction
from stillwatch.coordination.extraction import LINES
from stillwatch.coordination.groups import LAYERS
from stillwatch.model.campaign import Line
from stillwatch.model.errors import InputError
from stillwatch.offers import FIELDS, bounded
from stillwatch.serve.hub.combining import combined, form
from stillwatch.serve.member.receiving import _Answer
from stillwatch.sharing.joint.wire import packed, unpacked
from stillwatch.store.exchange.offered import Held

TAG = b"t" * 16
LIKE = form()
HONEST = replace(candidate("x", trait(1)).offer, tags=(replace(trait(1), value=TAG),))
"""What two others say."""


def held(member: str, body: bytes, handle: bytes) -> Held:
    return Held(member, {handle: body}, {handle: frozenset([TAG])})


def told(liar: bytes) -> dict[str, Any]:
    """Join a liar's offer with two honest ones; gives what everybody in it is told."""
    parts = [held(str(at), packed(replace(HONEST, name=name * 16), bytes(16)), bytes.fromhex(name * 16))
             for at, name in enumerate(("aa", "bb"))]  # fmt: skip
    [found] = combined((*parts, held("liar", liar, b"\xcc" * 16)), DEFAULT)
    assert len(found.parts) == 3
    body = json.loads(found.body)
    answer = {
        "campaigns": [{"name": found.name, "members_at_least": 3, "handles": ["aa" * 16], "standing": [], **body}]
    }
    msgspec.json.decode(json.dumps(answer), type=_Answer)
    return dict(body)


@st.composite
def sketches(draw: st.DrawFn) -> dict[str, Any]:
    made = {}
    for name, like in LIKE.items():
        low, high = np.iinfo(like.dtype).min, np.iinfo(like.dtype).max
        one = st.sampled_from([low, high, 0, 1, 65, 1 << 26]).map(lambda n, high=high: min(n, high))
        drawn = draw(st.lists(one | st.integers(int(low), int(high)), min_size=1, max_size=6))
        wild = np.resize(np.array(drawn, like.dtype), like.shape)
        made[name] = HONEST.sketch[name] if draw(st.booleans()) else wild
    return made


@given(sketches(), st.integers(1, 1 << 24))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_sketch_stops_the_joining_or_what_others_are_told(sketch: dict[str, Any], accounts: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = told(packed(replace(HONEST, name="cc" * 16, sketch=sketch, accounts=accounts), bytes(16)))
    assert 0 <= body["first_seen_ms"] < 1 << 53
    assert 0 <= body["extraction"] <= 1


def test_an_honest_sketch_is_left_as_it_is() -> None:
    kept = bounded(HONEST.sketch)
    assert all(np.array_equal(kept[name], HONEST.sketch[name]) for name in FIELDS)
    assert {name: cells.dtype for name, cells in kept.items()} == {name: cells.dtype for name, cells in LIKE.items()}


def test_no_word_of_a_member_reaches_another_and_no_line_speaks_of_what_it_does_not() -> None:
    layers = {"money": 3.0, "meet me": 9.0}
    lines = (
        Line("price is 9", "harvest", 9.0, ""),
        Line("contract", "harvest", 16.0, ""),
        Line("dealt out", "harvest", 3.0, ""),
    )
    said = replace(HONEST, name="cc" * 16, tags=(replace(HONEST.tags[0], layers=layers),), lines=lines)
    body = told(packed(said, bytes(16)))
    assert body["layers"].keys() <= set(LAYERS)
    assert {line["name"] for line in body["lines"]} <= LINES.keys()
    assert "contract" not in {line["name"] for line in body["lines"]}


def test_every_line_that_is_written_is_known() -> None:
    tree = ast.parse(inspect.getsource(extraction))
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) == "_line"]
    assert {ast.literal_eval(one.args[0]) for one in calls} == LINES.keys()


@pytest.mark.parametrize("place", ["group", "salt", "kind", "sketch"])
def test_bytes_that_are_no_text_are_no_offer(place: str) -> None:
    body = packed(replace(HONEST, name="cc" * 16), bytes(16))
    at = body.index(place.encode()) + (len(place) + 3 if place != "sketch" else len(place) + 4)
    with pytest.raises(InputError, match="no offer"):
        unpacked(body[:at] + b"\xff" + body[at + 1 :], LIKE)
