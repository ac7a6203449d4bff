"""Where no barrier applies nothing changes: bodies byte for byte, headers value for value, whatever they hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from serve.gateway.wire import request, talk, unchunked

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
OURS = {b"host", b"content-length", b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade",
        b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"expect"}  # fmt: skip
"""Headers of one connection, which RFC 9110 forbids to pass on."""
READ = {b"authorization", b"x-api-key", b"api-key", b"content-encoding", b"x-forwarded-for", b"user-agent",
        b"content-type", b"accept-encoding"}  # fmt: skip
TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&'*+^`|~", min_size=1, max_size=20)
NAMES = TOKEN.map(str.encode).filter(lambda name: name not in OURS | READ)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40).map(
    lambda text: text.strip().encode()
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
SPACE = st.text(" \t\r\n", max_size=3)
NUMBERS = st.sampled_from(
    ["0", "-0", "1.50", "1E+2", "1e400", "123456789012345678901234567890", "0.1000000000000000055"]
)
STRINGS = st.one_of(
    st.text(max_size=12).map(json.dumps),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    st.sampled_from(['"\\u0061"', '"\\/"', '"\\ud800"', '"\\u00e9"']),
)
FIELDS = st.sampled_from(
    ['"messages"', '"model"', '"n"', '"n"', '"logprobs"', '"stream"', '"x_unknown"', '"N"', '"\\u006e"']
)


def composed(inner):
    pairs = st.lists(st.tuples(SPACE, FIELDS | STRINGS, SPACE, inner), max_size=5)
    return st.one_of(
        st.tuples(pairs, SPACE).map(
            lambda got: "{" + ",".join(f"{a}{k}{b}:{v}" for a, k, b, v in got[0]) + got[1] + "}"
        ),
        st.tuples(st.lists(inner, max_size=4), SPACE).map(lambda got: "[" + f"{got[1]},".join(got[0]) + got[1] + "]"),
    )


ODD_JSON = st.recursive(NUMBERS | STRINGS | st.sampled_from(["null", "true", "false"]), composed, max_leaves=15)
BODIES = st.one_of(ODD_JSON.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=300))
PATHS = st.sampled_from(["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/completions"])
CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@CALM
@given(body=BODIES, headers=HEADERS, path=PATHS)
@example(body=b'{"n": 2,"n":\t3 , "x": 1.50}\r\n', headers=[(b"x-a", b"1"), (b"x-a", b"\xc3\xbc"), (b"x-a", b"")],
         path="/v1/chat/completions")  # fmt: skip
def test_requests_reach_the_model_as_they_were_sent(body, headers, path, model, gateways_once):
    model.raw = ([(b"content-type", b"application/json"), (b"content-length", b"2")], b"{}")
    head = b"".join(b"%s: %s\r\n" % pair for pair in headers)
    raw = request(body, path=path, head="PLACE").replace(b"PLACE", head)

    got = talk(gateways_once.port, raw)

    assert got.startswith(b"HTTP/1.1 200")
    sent = model.sent[-1]
    assert sent.body == body
    ours = [(b"authorization", b"Bearer sk-1"), (b"content-type", b"application/json"), *headers]
    assert [pair for pair in sent.headers if pair[0] not in OURS] == ours


@CALM
@given(body=BODIES, headers=HEADERS, path=PATHS, streamed=st.booleans())
def test_answers_reach_the_customer_as_the_model_sent_them(body, headers, path, streamed, model, gateways_once):
    kind = b"text/event-stream" if streamed else b"application/json"
    told = [(b"content-type", kind), *headers]
    model.raw = (told if streamed else [*told, (b"content-length", b"%d" % len(body))], body)

    got = talk(gateways_once.port, request(path=path))

    head, _, content = got.partition(b"\r\n\r\n")
    lines = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
    assert [pair for pair in lines if pair[0] not in OURS | {b"date"}] == told
    assert (unchunked(content) if streamed else content) == body
