"""Each reader's fields, against values worked out by hand from the format reference."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from ingest.expected import EXPECTED
from ingest.reading import NOW_MS, event, events, read_records
from ingest.samples import (
    ANTHROPIC,
    HELICONE,
    KONG,
    LANGFUSE,
    LITELLM,
    NATIVE,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    OTEL,
    SAMPLES,
)
from stillwatch.ingest.addresses import trusted_networks
from stillwatch.ingest.readers import READERS, reader_named, recognise
from stillwatch.model.errors import FormatError
from stillwatch.model.event import FORBIDDEN

if TYPE_CHECKING:
    from stillwatch.ingest.readers.base import Reader

each = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)


def changed(record: dict[str, Any], *path: str, to: Any) -> dict[str, Any]:
    """Give a copy in which one place holds something else; ``...`` takes it away."""
    made = copy.deepcopy(record)
    inner = made
    for step in path[:-1]:
        inner = inner.setdefault(step, {})
    if to is ...:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = to
    return made


@each
def test_every_field_of_the_sample(reader: Reader) -> None:
    assert event(reader, SAMPLES[reader.name]) == EXPECTED[reader.name]


@each
def test_auto_knows_the_sample(reader: Reader) -> None:
    assert recognise([SAMPLES[reader.name]], "log") is reader
    assert reader_named(reader.name) is reader


def test_an_unknown_record_names_the_formats_and_the_keys_it_has() -> None:
    with pytest.raises(FormatError, match=r"none of the known formats \(native, .*keys: colour, size.*--format.*--map"):
        recognise([{"colour": 1}, {"size": 2}], "log")


def test_keys_of_an_unknown_record_cannot_command_the_terminal() -> None:
    with pytest.raises(FormatError) as caught:
        recognise([{"\x1b[2J": 1, "\ud800": 2, "k" * 500: 3}], "log")

    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()
    assert "k" * 41 not in str(caught.value)


def test_litellm_user_sits_in_the_model_parameters() -> None:
    assert event(reader_named("litellm"), changed(LITELLM, "end_user", to="u-9"))["end_user_id"] == "u-9"


@pytest.mark.parametrize(
    ("word", "code", "status"),
    [("failure", "429", 429), ("failure", "", 500), ("failure", "None", 500), ("success", "", 200)],
)
def test_litellm_status_is_a_word_and_a_code_in_text(word: str, code: str, status: int) -> None:
    record = changed(changed(LITELLM, "status", to=word), "error_information", "error_code", to=code)

    assert event(reader_named("litellm"), record)["status"] == status


def test_litellm_account_falls_back_to_organisation_and_key() -> None:
    without_team = changed(LITELLM, "metadata", "user_api_key_team_id", to=None)

    assert event(reader_named("litellm"), without_team)["account_id"] == "org-1"
    assert (
        event(reader_named("litellm"), changed(without_team, "metadata", "user_api_key_org_id", to=""))["account_id"]
        == "9f86"
    )


def test_kong_before_3_9_writes_singular_token_keys() -> None:
    old = changed(KONG, "ai", "proxy", "usage", to={"prompt_token": 28, "completion_token": 20})

    read = event(reader_named("kong"), old)

    assert (read["tokens_in"], read["tokens_out"]) == (28, 20)


def test_otel_old_names_are_read_too() -> None:
    old = {
        "span_id": "s",
        "startTimeUnixNano": "1795400000000000000",
        "attributes": {
            "gen_ai.system": "openai",
            "gen_ai.prompt": '[{"role":"user","content":"hello"}]',
            "gen_ai.completion": "hi",
            "gen_ai.usage.prompt_tokens": 3,
            "gen_ai.usage.completion_tokens": 4,
        },
    }

    read = event(reader_named("otel"), old)

    assert (read["event_id"], read["ts_ms"], read["prompt"], read["tokens_in"], read["tokens_out"]) == (
        "s",
        1795400000000,
        b"hello",
        3,
        4,
    )
    assert read["completion_chars"] == 2


def test_langfuse_parameters_may_be_an_object_and_other_observations_are_refused() -> None:
    langfuse = reader_named("langfuse")
    assert event(langfuse, changed(LANGFUSE, "input", to=[{"role": "user", "content": "x"}]))["prompt"] == b"x"
    assert event(langfuse, changed(LANGFUSE, "model_parameters", to={"temperature": 2, "n": 3}))["n_choices"] == 3
    assert "temperature" not in event(langfuse, changed(LANGFUSE, "model_parameters", to="{broken"))

    batch = read_records(langfuse, changed(LANGFUSE, "type", to="SPAN"), changed(LANGFUSE, "type", to=...), LANGFUSE)

    assert [(r.line, r.field, r.reason) for r in batch.rejects] == [
        (1, "type", "is not GENERATION: no model call"),
        (2, "type", "is not GENERATION: no model call"),
    ]


def test_anthropic_without_envelope_gets_the_time_of_reading() -> None:
    anthropic = reader_named("anthropic")
    bare = changed(ANTHROPIC, "received_at", to=...)

    assert event(anthropic, bare)["ts_ms"] == NOW_MS
    assert read_records(anthropic, bare, ingest_ms=None).rejects[0].field == "ts_ms"


def test_anthropic_token_sums_do_not_wrap_round() -> None:
    usage = {"input_tokens": 2**31 - 1, "cache_read_input_tokens": 2**31 - 1, "cache_creation_input_tokens": 5}

    assert event(reader_named("anthropic"), changed(ANTHROPIC, "response", "usage", to=usage))["tokens_in"] == 2**31 - 1
    assert "tokens_in" not in event(
        reader_named("anthropic"), changed(ANTHROPIC, "response", "usage", to={"cache_read_input_tokens": 5})
    )


def test_responses_in_an_envelope_reads_the_request_first() -> None:
    record = {
        "account_id": "acme",
        "received_at": 1795400001.5,
        "request": {"model": "gpt-asked", "input": "17*23?", "stream": True},
        "response": OPENAI_RESPONSES,
    }

    read = event(reader_named("openai-responses"), record)

    assert (read["model_requested"], read["model_served"]) == ("gpt-asked", "gpt-x")
    assert (read["prompt"], read["n_turns"], read["ts_ms"], read["stream"]) == (b"17*23?", 1, 1795400001500, True)
    assert read["binding_mismatch"] == ["organization"]


def test_mismatch_counts_as_the_reason_alone() -> None:
    responses = reader_named("openai-responses")
    decoys = [
        {"id": "organization_1", "model_version": "x", "type": "prefix_y", "note": "reason", "why": "end_user_mismatch"}
    ]
    assert event(responses, changed(OPENAI_RESPONSES, "input_transformations", to=decoys))["binding_mismatch"] == []
    assert "binding_mismatch" not in event(reader_named("litellm"), LITELLM)

    for written, expected in (("model", ["model"]), ("model_mismatch", ["model"]), ("modelled", []), ("a model", [])):
        record = changed(OPENAI_RESPONSES, "input_transformations", to=[{"reason": written}])
        assert event(responses, record)["binding_mismatch"] == expected


def test_envoy_believes_the_list_only_behind_trusted_proxies() -> None:
    envoy, record = reader_named("envoy"), SAMPLES["envoy"]

    assert event(envoy, record)["client_ip"] == "10.0.0.9:64484"
    assert event(envoy, record, trusted=trusted_networks(["10.0.0.0/8"]))["client_ip"] == "203.0.113.7"
    assert event(envoy, record, trusted=trusted_networks(["192.0.2.0/24"]))["client_ip"] == "10.0.0.9"
    assert "client_ip" not in event(
        envoy, changed(record, "x-forwarded-for", to="what"), trusted=trusted_networks(["10.0.0.0/8"])
    )


def test_a_place_of_ones_own_comes_first() -> None:
    read = event(
        reader_named("helicone"),
        changed(HELICONE, "tenant", "name", to="t-1"),
        places={"account_id": ("tenant", "name")},
    )
    fallen_back = event(reader_named("helicone"), HELICONE, places={"account_id": ("tenant", "name")})

    assert (read["account_id"], fallen_back["account_id"]) == ("t-1", "acme")


@pytest.mark.parametrize("name", FORBIDDEN)
def test_personal_data_in_native_records_is_refused_by_name(name: str) -> None:
    batch = read_records(
        reader_named("native"), {**NATIVE, name: "somebody"}, {**NATIVE, name: None}, {**NATIVE, name: ""}
    )

    assert [(r.line, r.field, "class P4" in r.reason) for r in batch.rejects] == [(1, name, True)]
    assert "somebody" not in batch.rejects[0].reason


@pytest.mark.parametrize(
    ("field", "nonsense"),
    [
        ("ts_ms", "yesterday"),
        ("ts_ms", 5),
        ("ts_ms", 1795433819),
        ("ts_ms", 10**15),
        ("ts_ms", -1),
        ("tokens_in", -1),
        ("tokens_in", 1.5),
        ("tokens_out", "NaN"),
        ("tokens_out", 2**31),
        ("tokens_reasoning", [1, 2]),
        ("tokens_cached_in", {}),
        ("tokens_in", True),
        ("event_id", {"a": 1}),
        ("account_id", ["x"]),
        ("account_id", False),
    ],
)
def test_nonsense_in_an_essential_field_refuses_the_record_by_field(field: str, nonsense: Any) -> None:
    batch = read_records(reader_named("native"), NATIVE, {**NATIVE, field: nonsense})

    assert [(r.file, r.line, r.field) for r in batch.rejects] == [("log", 2, field)]
    assert batch.rejects[0].reason.startswith("is not ")
    assert (batch.read, batch.columns.num_rows) == (2, 1)


@pytest.mark.parametrize(
    ("field", "nonsense"),
    [
        ("temperature", "hot"),
        ("temperature", -1),
        ("temperature", 1e300),
        ("top_p", []),
        ("seed", 1.5),
        ("seed", 10**30),
        ("n_choices", 10**6),
        ("n_choices", [1]),
        ("stream", "yes"),
        ("stream", 1),
        ("model_served", {}),
        ("model_requested", True),
        ("latency_ms", -5),
        ("status", "x"),
        ("cost_usd", "1e999"),
        ("n_tools", -2),
        ("logprobs_requested", "many"),
        ("prompt", ["not a text"]),
        ("session_id", {"a": "b"}),
    ],
)
def test_nonsense_elsewhere_leaves_the_field_empty_and_is_counted(field: str, nonsense: Any) -> None:
    batch = read_records(
        reader_named("native"), NATIVE, {**NATIVE, field: nonsense}, {**NATIVE, field: nonsense, "tokens_in": -1}
    )

    assert field not in events(batch)[1]
    assert batch.blanked == {field: 1}, "the value of a refused record is not counted"


def test_nonsense_in_a_document_inside_a_string_is_counted_too() -> None:
    batch = read_records(
        reader_named("langfuse"), changed(LANGFUSE, "model_parameters", to='{"temperature":"hot","n":1}')
    )

    assert (batch.blanked, events(batch)[0]["n_choices"]) == ({"temperature": 1}, 1)


def test_what_stands_empty_is_missing() -> None:
    record = {
        "ts_ms": 1795433819245,
        "event_id": "",
        "account_id": "",
        "tokens_in": "",
        "model_served": "",
        "temperature": "",
        "artefacts_carried": ["", None, 5],
        "binding_mismatch": [],
        "prompt": "",
    }

    lists = {"artefacts_carried": [], "binding_mismatch": []}
    assert event(reader_named("native"), record) == {"ts_ms": 1795433819245, **lists}


def test_chat_reader_takes_a_list_as_its_length_only_where_a_count_is_meant() -> None:
    record = changed(OPENAI_CHAT, "request", "seed", to=[1, 2, 3])
    record = changed(record, "request", "logit_bias", to={"1": [{"deep": "]"}, "}"], "2": {}})

    read = event(reader_named("openai-chat"), record)

    assert "seed" not in read
    assert (read["logit_bias_n"], read["n_tools"]) == (2, 1)
    assert event(reader_named("otel"), changed(OTEL, "attributes", "gen_ai.tool.definitions", to=[]))["n_tools"] == 0
