"""Every format writes records of the shape of its recorded example."""

from __future__ import annotations

import ipaddress
import json
import re
from functools import lru_cache

import pytest
from small_worlds import sample

from stillwatch.simulate.formats import FORMATS
from stillwatch.simulate.formats.row import rows
from stillwatch.simulate.formats.turns import turns

FIXTURES = {
    "litellm": "litellm_standard_logging_payload",
    "openai_chat": "openai_chat_completions",
    "openai_responses": "openai_responses",
    "anthropic": "anthropic_messages",
    "otel": "otel_genai_span",
    "envoy": "envoy_ai_gateway_access_log",
    "kong": "kong_ai_http_log",
    "langfuse": "langfuse_observations_v2",
    "helicone": "helicone_request",
}
# Paths of the recorded example the simulated world has nothing to say about.
UNSAID = {
    "litellm": (
        r"model_map_information.*|hidden_params\..*|cost_breakdown.*|autorouter.*|.*_debug_info|zero_cost_.*|saved_.*"
        r"|standard_built_in.*|request_model_access_groups|error_information\..*|metadata\.(?!user_api_key_hash"
        r"|user_api_key_team_id|user_api_key_org_id|requester_ip|user_agent).*"
    ),
    "openai_chat": r"request\.(metadata|prompt_cache_key).*",
    "openai_responses": r"output\[\]\.status",
    "helicone": r"country_code|request_properties\.app",
    "langfuse": r"cost_details\.input",
}
BROWSERS = {"142.0.0.0", "141.0.0.0"}
CONTENT = {"openai_chat", "openai_responses", "anthropic", "litellm", "langfuse", "helicone", "native"}


def paths(value, prefix=""):
    if isinstance(value, dict):
        found = set()
        for key, inner in value.items():
            found |= paths(inner, f"{prefix}.{key}" if prefix else key)
        return found | ({prefix} if prefix else set())
    if isinstance(value, list):
        return {prefix}.union(*(paths(inner, f"{prefix}[]") for inner in value))
    return {prefix}


def kinds(value, prefix=""):
    """Path -> the JSON kinds of its plain values, null aside."""
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in kinds(inner, f"{prefix}.{key}").items()}
    if isinstance(value, list):
        return {k: v for inner in value for k, v in kinds(inner, f"{prefix}[]").items()}
    return {} if value is None else {prefix: "number" if type(value) in {int, float} else type(value).__name__}


@lru_cache
def records(name):
    return [json.loads(json.dumps(FORMATS[name](row), ensure_ascii=False)) for row in rows(sample().events)]


@pytest.mark.parametrize("name", FORMATS)
def test_every_event_becomes_one_record_of_plain_json(name):
    written = records(name)

    assert len(written) == sample().events.num_rows
    assert all(isinstance(record, dict) for record in written)


@pytest.mark.parametrize("name", FIXTURES)
def test_records_have_the_paths_and_kinds_of_the_recorded_example(name, shared_data):
    example = json.loads((shared_data / "log_formats" / f"{FIXTURES[name]}.json").read_text())
    if name == "openai_responses":
        example = {"response": example}
        unsaid = f"response\\.({UNSAID[name]})"
    else:
        unsaid = UNSAID.get(name, "(?!)")
    written = records(name)
    have = set().union(*(paths(record) for record in written))
    missing = sorted(p for p in paths(example) - have if not re.fullmatch(unsaid, p))

    assert missing == []
    wanted, seen = kinds(example), {}
    for record in written:
        seen.update(kinds(record))
    assert {p: (k, seen[p]) for p, k in wanted.items() if p in seen and seen[p] != k} == {}


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_the_typed_text_is_in_formats_that_carry_content(name):
    for row, record in zip(list(rows(sample().events))[:400:7], records(name)[:400:7], strict=True):
        if row["parent_event_id"] is None:
            text = json.dumps(record, ensure_ascii=False)
            assert json.dumps(row["prompt"], ensure_ascii=False)[1:-1].split("\\n")[0] in text


@pytest.mark.parametrize(("name", "mark"), [("anthropic", "signature"), ("litellm", "signature")])
def test_signatures_travel_in_thinking_blocks(name, mark):
    check_artefacts(name, mark, {"thinking"}, chained=False)


def test_encrypted_reasoning_travels_in_items():
    check_artefacts("openai_responses", "encrypted_content", {"reasoning"}, chained=True)


def check_artefacts(name, mark, types, *, chained):
    carried_somewhere = 0
    for row, record in zip(rows(sample().events), records(name), strict=True):
        if row["status"] != 200 or (chained and row["parent_event_id"]):
            continue
        sent = record["messages"] if name == "litellm" else record["request"]
        found = [block[mark] for block in blocks(sent, types)]
        assert found == (row["artefacts_carried"] or [])
        carried_somewhere += bool(found)
        answered = {block[mark] for block in blocks(record["response"], types)}
        assert answered == set(row["artefacts_born"] or [])
    assert carried_somewhere > 20


def blocks(value, types):
    if isinstance(value, dict):
        if value.get("type") in types and value.keys() & {"encrypted_content", "signature"}:
            return [value]
        return [b for inner in value.values() for b in blocks(inner, types)]
    if isinstance(value, list):
        return [b for inner in value for b in blocks(inner, types)]
    return []


def test_messages_are_as_many_as_the_event_says():
    for row in rows(sample().events):
        messages = turns(row)
        assert len(messages) == row["n_messages"]
        assert sum(message.role == "user" for message in messages) == row["n_turns"]


def test_refusals_and_errors_are_in_the_words_of_the_interface():
    seen = set()
    for row, record in zip(rows(sample().events), records("anthropic"), strict=True):
        body = record["response"]
        if row["status"] != 200:
            assert body["type"] == "error"
            assert record["status_code"] == row["status"]
        elif row["refusal_category"]:
            assert body["stop_details"]["category"] == row["refusal_category"]
            seen.add(body["stop_reason"])
        else:
            usage = body["usage"]
            assert usage["input_tokens"] + usage["cache_read_input_tokens"] == row["tokens_in"]
    assert seen == {"refusal"}


def test_no_record_names_an_address_of_anybody():
    number = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
    for name in FORMATS:
        for record in records(name)[:300]:
            found = set(number.findall(json.dumps(record)))
            for text in found - BROWSERS:
                assert ipaddress.ip_address(text).is_private, (name, text)
