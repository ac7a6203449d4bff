# ruff: noqa: E501  tables of bodies, one a line
"""Records: the same of a whole answer, of events however they are cut, and of compressed bytes."""

from __future__ import annotations

import gzip
import json
import zlib
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.gateway.mock_model import SIGNATURE, answer_of, data, events_of
from serve.gateway.wire import BODY, post
from stillwatch.config import DEFAULT
from stillwatch.enforcement.barriers.base import Call
from stillwatch.ingest.body import BodyReader
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.ingest.read import Reading
from stillwatch.model.decision import IN_GOOD_STANDING
from stillwatch.model.event import RAW_SCHEMA
from stillwatch.serve.gateway.proxy.sse import Events, Malformed, Rewriter
from stillwatch.serve.gateway.record import answered
from stillwatch.serve.gateway.record.answered import Tap
from stillwatch.serve.gateway.record.asked import read_asked
from stillwatch.serve.gateway.record.frames import event_of, shut_event

PATHS = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "completion": "/v1/completions",
}
SAID = "Still waters run deep — für alle."


def tapped(shape, chunks, *, streamed, encoding="", most=16_384):
    tap = Tap(shape, streamed=streamed, encoding=encoding, most_text=most, most_event=1 << 20)
    for chunk in chunks:
        tap.feed(chunk)
    return tap.record(), tap


@pytest.mark.parametrize("shape", PATHS)
def test_whole_answers_say_what_they_are(shape):
    record, tap = tapped(shape, [json.dumps(answer_of(PATHS[shape], {"model": "m"})).encode()], streamed=False)

    assert not tap.unread
    assert record["completion"] == SAID
    assert record["completion_chars"] == len(SAID.encode())
    assert record["finish_reason"] in {"stop", "end_turn", "completed", "length"}
    assert (record["tokens_in"], record["tokens_out"]) == ((13, 8) if shape == "messages" else (11, 8))
    assert record.get("artefacts_born", []) == ([SIGNATURE] if shape in {"messages", "responses"} else [])


@pytest.mark.parametrize("shape", ["chat", "messages", "responses"])
@given(cuts=st.lists(st.integers(1, 400), max_size=30))
def test_events_say_the_same_however_they_are_cut(shape, cuts):
    stream = b"".join(events_of(PATHS[shape], {"model": "m"}))
    chunks, at = [], 0
    for size in [*cuts, len(stream)]:
        chunks.append(stream[at : at + size])
        at += size

    once, _ = tapped(shape, [stream], streamed=True)
    record, tap = tapped(shape, chunks, streamed=True)

    assert record == once
    assert not tap.unread
    assert record["completion"] == SAID
    assert record["tokens_out"] == 8


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_compressed_answers_are_read(pack):
    body = json.dumps(answer_of(PATHS["chat"], {})).encode()
    packed = pack(body)
    record, tap = tapped(
        "chat", [packed[:20], packed[20:]], streamed=False, encoding="gzip" if pack is gzip.compress else "deflate"
    )

    assert record["completion"] == SAID
    assert not tap.unread


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", bytes)])
def test_packed_requests_pass_as_they_are_and_are_read(coding, pack, model, gateway):
    packed = pack(BODY)
    assert post(gateway.port, packed, head=f"content-encoding: {coding}\r\n")[0] == 200

    bomb = pack(b" " * (5 << 20))
    assert post(gateway.port, bomb, key="sk-9", head=f"content-encoding: {coding}\r\n")[0] == 200

    assert model.sent[0].body == packed
    assert model.sent[1].body == bomb
    assert gateway.parts.counts.of["unread"][()] == (2 if coding == "br" else 1)
    assert model.sent[1].header("content-length") == [str(len(bomb))]
    assert model.sent[1].header("transfer-encoding") == []
    assert model.sent[1].header("content-type") == ["application/json"]
    assert gateway.sink.records[0].get("prompt") == (None if coding == "br" else "Water?")


def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(b"a" * (64 << 20))
    record, tap = tapped("chat", [bomb], streamed=False, encoding="gzip")

    assert tap.unread
    assert record == {}


@pytest.mark.parametrize(
    ("chunks", "streamed", "encoding"),
    [([b"{"], False, ""), ([b"x"], False, "br"), ([b"nozip"], False, "gzip"), ([b"data: {\n\n"], True, ""),
     ([b"data: " + b"a" * (2 << 20)], True, "")],
)  # fmt: skip
def test_what_cannot_be_read_is_unread_and_no_fault(chunks, streamed, encoding):
    record, tap = tapped("chat", chunks, streamed=streamed, encoding=encoding)

    assert tap.unread
    assert record == {}


ENVELOPES = (
    '{"id":"1","choices":[{"index":0,"delta":{"content":%s},"finish_reason":null}]}',
    '{"id": "1", "x": "aa", "choices": [{"index": 0, "delta": {"role": "assistant", "content": %s}}]}',
    '{"id":"1","choices":[{"delta":{"content":%s,"x":"aa"}}],"obfuscation":"aa"}',
    '{"id":"1","choices":[{"delta":{"content":"\\u0061a"}}],"x":%s}',
)


@given(
    st.lists(st.tuples(st.sampled_from(ENVELOPES), st.text(max_size=6) | st.sampled_from(["aa", '"', "\\", "}"]), st.booleans()),
             max_size=25),
    st.integers(1, 2_000),
)  # fmt: skip
def test_texts_are_the_same_whatever_stands_around_them(events, cut):
    """Surroundings are learnt from the last event; no text is taken for another and none is missed."""
    stream, wanted = data({"id": "1", "choices": []}), ""
    for envelope, text, plain in events:
        stream += b"data: " + (envelope % json.dumps(text, ensure_ascii=not plain)).encode("utf-8", "replace") + b"\n\n"
        wanted += "aa" if "u0061" in envelope else text.encode("utf-8", "replace").decode()

    # Read at once: as much as was cut, so that every way of reading gets its share.
    with mock.patch.object(answered, "_TOGETHER", cut):
        record, tap = tapped("chat", [stream[i : i + 50] for i in range(0, len(stream), 50)], streamed=True)

    assert not tap.unread
    assert record.get("completion", "") == wanted
    assert record.get("completion_chars", 0) == len(wanted.encode())


@given(
    st.lists(st.text("ab ü", min_size=1, max_size=4) | st.sampled_from(['"', "\\", "}", "\n", "data: "]), max_size=60),
    st.sampled_from(ENVELOPES[:3]),
    st.integers(100, 3_000),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_texts_of_events_of_one_form_are_the_same_however_many_are_read_at_once(texts, envelope, together, end):
    events = [b"data: " + (envelope % json.dumps(text, ensure_ascii=False)).encode() for text in texts]
    stream = b"".join(one + end + end for one in [b'data: {"id":"1"}', *events, b"data: [DONE]"])

    with mock.patch.object(answered, "_TOGETHER", together):
        record, tap = tapped("chat", [stream[i : i + 90] for i in range(0, len(stream), 90)], streamed=True)

    assert not tap.unread
    assert record.get("completion", "") == "".join(texts)


def test_a_long_answer_is_counted_whole_and_held_in_part():
    text = "ü" * 1_000
    record, _ = tapped(
        "chat", [data({"id": "1", "choices": [{"delta": {"content": text}}]})] * 5, streamed=True, most=700
    )

    assert record["completion_chars"] == 5 * len(text.encode())
    assert len(record["completion"]) <= 700


READER = BodyReader(Reading(config=DEFAULT, door=Door(PseudonymKey(1, bytes(32))), log_format="native"))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([-1, 32_768, 1 << 31, 1 << 63, 1e39]) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["role", "content", "type", "text", "choices", "delta", "message", "usage", "output", "id",
                         "messages", "input", "system", "tools", "n", "logprobs", "response", "metadata", "reasoning",
                         "prompt_tokens", "input_tokens", "finish_reason", "stop_reason", "user", "seed", "temperature", "max_tokens", "previous_response_id", "signature", "input_transformations"]),
        inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(JUNK, st.sampled_from([*PATHS, "embeddings"]), st.booleans())
def test_junk_makes_one_event_that_the_watch_takes_in(tree, shape, streamed):
    try:
        body = json.dumps(tree, allow_nan=False).encode()
    except ValueError:
        return
    asked = read_asked(shape, body)
    answered, _ = tapped(shape, [b"data: " + body + b"\n\n"] if streamed else [body], streamed=streamed)

    assert set(asked) | set(answered) <= set(RAW_SCHEMA.names)
    # Whatever a stranger sends, and whatever a model answers, the watch takes the call in: nobody hides by odd values.
    who = {"ts_ms": 1_790_000_000_000, "account_id": "team-1"}
    frame = shut_event("sw-1", {**who, **asked, **answered, "event_id": "sw-1"})
    read = READER.read(event_of(frame) + b"\n", "native")
    assert read.rejects == ()
    assert len(read.batch) == 1


def test_requests_say_what_they_ask_for():
    body = {
        "model": "m", "instructions": "Be brief.", "top_logprobs": 4, "max_output_tokens": 9, "store": False,
        "reasoning": {"effort": "high"}, "text": {"format": {"type": "json_schema"}}, "tools": [{}, {}],
        "previous_response_id": "resp_0",
        "input": [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                  {"type": "reasoning", "encrypted_content": "c2ln"}, {"type": "function_call_output", "output": "x"}],
    }  # fmt: skip

    assert read_asked("responses", json.dumps(body).encode()) == {
        "operation": "responses", "model_requested": "m", "stream": False, "store": False, "max_tokens": 9,
        "logprobs_requested": 4, "reasoning_effort": "high", "response_format": "json_schema", "n_tools": 2,
        "parent_event_id": "resp_0", "prompt": "Hi", "system": "Be brief.\nBe kind.", "n_messages": 4, "n_turns": 1,
        "artefacts_carried": ["c2ln"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "body", "prompt"),
    [
        ("responses", {"input": "Hi"}, "Hi"),
        ("completion", {"prompt": ["a", "b"]}, "a\nb"),
        ("embeddings", {"input": ["a", "b"]}, "a\nb"),
        ("embeddings", {"input": [1, 2]}, ""),
        ("chat", {"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "x"}]}, "one"),
        ("messages", {"messages": [{"role": "user", "content": "one"}, {"role": "user", "content": [
            {"type": "tool_result", "content": "no prompt"}]}]}, "one"),
    ],
)  # fmt: skip
def test_the_prompt_is_the_text_of_the_last_user_turn(shape, body, prompt):
    assert read_asked(shape, json.dumps(body).encode()).get("prompt") == prompt


@given(st.binary(max_size=200), st.lists(st.integers(1, 9), max_size=40))
def test_a_stream_that_no_barrier_changes_comes_out_as_it_went_in(tail, cuts):
    stream = b': c\n\ndata: {"a": 1}\n\nevent: x\nid: 4\ndata: {"b":\ndata: 2}\n\n' + b"data: [DONE]\n\n"
    rewriter, out, at = Rewriter((), Call("chat", IN_GOOD_STANDING), 1 << 20), b"", 0
    for size in [*cuts, len(stream)]:
        out += rewriter.feed(stream[at : at + size])
        at += size

    assert out + rewriter.end() == stream
    try:
        Rewriter((), Call("chat", IN_GOOD_STANDING), 1 << 20).feed(tail)
    except Malformed:
        return


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@given(cuts=st.lists(st.integers(1, 7), max_size=30))
def test_events_are_the_same_with_every_kind_of_line_end(end, cuts):
    stream = end.join(
        [b"\xef\xbb\xbfevent: a", b"data: {}", b"", b"data:x", b"data", b"data: y", b"", b": c", b"", b""]
    )
    events, blocks, at = Events(1_000), [], 0
    for size in [*cuts, len(stream)]:
        blocks += events.feed(stream[at : at + size])
        at += size
    blocks += events.end()

    assert [(block.name, block.text) for block in blocks] == [(b"a", b"{}"), (b"", b"x\n\ny"), (b"", b"")]
