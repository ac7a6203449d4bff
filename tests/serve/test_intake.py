"""Events over HTTP: what is taken, what is refused and how it is told."""

from __future__ import annotations

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from serve.asgi_call import call
from serve.watching import START_MS, drained, intake_of, lines, record, state_of, watch_of
from stillwatch.model.errors import FormatError
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.otlp import lines_of_json, lines_of_protobuf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.serve.watch.intake import Intake
    from stillwatch.serve.watch.watch import Watch


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = watch_of(tmp_path)
    yield made
    made.close()


@pytest.fixture
def intake(tmp_path: Path, watch: Watch, pool: ThreadPoolExecutor) -> Intake:
    return intake_of(tmp_path, watch, pool, Measures())


def span(k: int) -> dict[str, Any]:
    return {
        "traceId": f"{k:032x}",
        "spanId": f"{k:016x}",
        "startTimeUnixNano": str((START_MS + k) * 1_000_000),
        "endTimeUnixNano": str((START_MS + k + 40) * 1_000_000),
        "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "31"}},
            {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "77"}},
            {"key": "user.id", "value": {"stringValue": f"u-{k % 3}"}},
        ],
        "events": [
            {
                "name": "gen_ai.client.inference.operation.details",
                "attributes": [
                    {
                        "key": "gen_ai.input.messages",
                        "value": {"stringValue": json.dumps([{"role": "user", "content": f"what is {k}"}])},
                    }
                ],
            }
        ],
    }


def export(spans: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "s"}, "spans": spans}]}]}


def test_lines_arrays_and_packed_bodies_are_the_same_events(watch: Watch, intake: Intake) -> None:
    assert call(intake, "POST", "/v1/events", lines(0, 30)).json == {"accepted": 30, "rejected": 0, "rejects": []}
    drained(watch)
    first = state_of(watch)
    array = json.dumps([record(k) for k in range(30)]).encode()
    packed = pa.compress(lines(0, 30), codec="zstd", asbytes=True)
    assert call(intake, "POST", "/v1/events", array).json["accepted"] == 30
    assert call(intake, "POST", "/v1/events", gzip.compress(array), {"content-encoding": "gzip"}).json["accepted"] == 30
    assert call(intake, "POST", "/v1/events", packed, {"content-encoding": "zstd"}).status == 200
    assert drained(watch) == 90
    assert state_of(watch) == first


def test_records_that_are_refused_are_named_and_the_others_taken(watch: Watch, intake: Intake) -> None:
    bad = b'{"event_id": "x", "account_id": "a", "ts_ms": -5}\n'
    answer = call(intake, "POST", "/v1/events", lines(0, 3) + bad, query="format=native")
    assert answer.status == 200
    assert answer.json["accepted"] == 3
    assert [one["field"] for one in answer.json["rejects"]] == ["ts_ms"]
    assert call(intake, "POST", "/v1/events", bad, query="format=native").status == 400
    assert drained(watch) == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/v1/events", b"", {}, 405),
        ("DELETE", "/metrics", b"", {}, 405),
        ("GET", "/", b"", {}, 404),
        ("POST", "/v1/events", b"", {}, 400),
        ("POST", "/v1/events", b"no json at all", {}, 400),
        ("POST", "/v1/events", b"{" * 100_000, {}, 400),
        ("POST", "/v1/events", b'{"a": 1}', {}, 400),
        ("POST", "/v1/events", b"x", {"content-encoding": "br"}, 415),
        ("POST", "/v1/events", b"x", {"content-encoding": "gzip"}, 400),
        ("POST", "/v1/events", b"x", {"content-encoding": "zstd"}, 400),
        ("POST", "/v1/traces", b"{}", {"content-type": "text/plain"}, 415),
        ("POST", "/v1/traces", b"{}", {"content-type": "application/json"}, 400),
        ("POST", "/v1/traces", b"[1]", {"content-type": "application/json"}, 400),
        ("POST", "/v1/traces", b"\xff\xff", {"content-type": "application/x-protobuf"}, 400),
    ],
)
def test_what_is_wrong_is_answered_with_what_to_do(
    intake: Intake, method: str, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = call(intake, method, path, body, headers)
    assert answer.status == status
    assert answer.json["error"]["message"]


def test_a_body_that_is_or_unpacks_too_large_is_refused(tmp_path: Path, watch: Watch, pool: ThreadPoolExecutor) -> None:
    intake = intake_of(tmp_path, watch, pool, most_bytes=10_000)
    bomb = gzip.compress(b" " * 5_000_000)
    assert len(bomb) < 10_000
    assert call(intake, "POST", "/v1/events", bomb, {"content-encoding": "gzip"}).status == 413
    assert call(intake, "POST", "/v1/events", b" " * 10_001).status == 413
    assert call(intake, "POST", "/v1/events", b"", {"content-length": "999999"}).status == 413


def test_two_headers_where_one_belongs_are_refused(intake: Intake) -> None:
    twice = [("content-encoding", "gzip"), ("content-encoding", "identity")]
    assert call(intake, "POST", "/v1/events", b"x", twice).status == 400


def test_senders_need_their_secret(tmp_path: Path, watch: Watch, pool: ThreadPoolExecutor) -> None:
    intake = intake_of(tmp_path, watch, pool, secrets={"edge": b"0123456789abcdef"})
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic 0123456789abcdef"}):
        answer = call(intake, "POST", "/v1/events", lines(0, 1), headers)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    right = {"authorization": "Bearer 0123456789abcdef"}
    assert call(intake, "POST", "/v1/events", lines(0, 1), right).status == 200
    assert drained(watch) == 1


def test_how_it_is_doing_is_told_to_who_has_a_secret(tmp_path: Path, watch: Watch, pool: ThreadPoolExecutor) -> None:
    intake = intake_of(tmp_path, watch, pool, secrets={"edge": b"0123456789abcdef"})
    right = {"authorization": "Bearer 0123456789abcdef"}
    assert call(intake, "GET", "/healthz").json == {"folding": True, "details": "with the secret of a sender"}
    assert call(intake, "GET", "/healthz", b"", right).json.keys() > {"folding", "wrong", "away", "accounts"}
    assert call(intake, "GET", "/metrics").status == 401
    assert call(intake, "GET", "/metrics", b"", right).status == 200


def test_a_full_spool_asks_to_send_again_later(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    measures = Measures()
    watch = watch_of(tmp_path)
    watch.spool._most = 1_000
    answer = call(intake_of(tmp_path, watch, pool, measures), "POST", "/v1/events", lines(0, 5))
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert measures.taken()["puts_refused"] == 1
    assert measures.taken()["events_in"] == 0
    watch.close()


def test_spans_in_json_and_protobuf_are_the_same_events(watch: Watch, intake: Intake) -> None:
    given = export(
        [span(k) for k in range(9)] + [{"traceId": "00" * 16, "spanId": "00" * 8, "name": "db", "attributes": []}]
    )
    answer = call(intake, "POST", "/v1/traces", json.dumps(given).encode(), {"content-type": "application/json"})
    assert (answer.status, answer.json) == (200, {})
    assert drained(watch) == 9
    first = state_of(watch)
    binary = json.loads(json.dumps(given))
    for one in binary["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        one |= {name: base64.b64encode(bytes.fromhex(one[name])).decode() for name in ("traceId", "spanId")}
    request = ParseDict(binary, ExportTraceServiceRequest()).SerializeToString()
    answer = call(intake, "POST", "/v1/traces", request, {"content-type": "application/x-protobuf"})
    assert answer.status == 200
    assert not ExportTraceServiceResponse.FromString(answer.body).partial_success.rejected_spans
    assert drained(watch) == 9
    assert state_of(watch) == first
    prompts = [
        json.loads(line)["attributes"]["gen_ai.input.messages"]
        for line in lines_of_json(json.dumps(given).encode())[0].splitlines()
    ]
    assert all("what is" in prompt for prompt in prompts)
    assert lines_of_protobuf(request)[1] == 1


def test_a_span_that_is_refused_is_told_as_partial_success(intake: Intake) -> None:
    wrong = span(1)
    wrong["startTimeUnixNano"] = "5"
    given = json.dumps(export([span(2), wrong])).encode()
    answer = call(intake, "POST", "/v1/traces", given, {"content-type": "application/json"})
    assert answer.json["partialSuccess"]["rejectedSpans"] == "1"


def test_the_callback_of_litellm_is_read(watch: Watch, intake: Intake) -> None:
    payload = {
        "litellm_call_id": "c-1",
        "call_type": "acompletion",
        "startTime": START_MS / 1000,
        "endTime": START_MS / 1000 + 1,
        "model": "m",
        "model_parameters": {},
        "metadata": {"user_api_key_team_id": "team-1", "user_api_key_hash": "ab"},
        "messages": [{"role": "user", "content": "hello"}],
        "prompt_tokens": 4,
        "completion_tokens": 5,
        "status": "success",
    }
    assert call(intake, "POST", "/v1/litellm", json.dumps([payload]).encode()).json["accepted"] == 1
    assert drained(watch) == 1


def test_metrics_name_every_number_with_its_meaning(intake: Intake) -> None:
    call(intake, "POST", "/v1/events", lines(0, 3))
    text = call(intake, "GET", "/metrics").body.decode()
    assert "stillwatch_watch_events_in_total 3\n" in text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert names == {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    assert all(line.split("{")[0].split()[0] in names for line in text.splitlines() if line[0] != "#")


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=9),
            lambda s: (
                st.lists(s, max_size=4)
                | st.dictionaries(
                    st.sampled_from(
                        ["resourceSpans", "scopeSpans", "spans", "attributes", "key", "value", "events", "x"]
                    ),
                    s,
                    max_size=4,
                )
            ),
            max_leaves=25,
        ).map(lambda v: json.dumps(v).encode()),
    )
)
def test_no_body_is_anything_but_read_or_refused(body: bytes) -> None:
    for read in (lines_of_json, lines_of_protobuf):
        try:
            found, others = read(body)
        except FormatError:
            continue
        assert isinstance(found, bytes)
        assert others >= 0
