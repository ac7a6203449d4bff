"""Laws that every reader of a log format keeps."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from ingest.reading import KEY, event, events, read_files, read_records
from ingest.samples import SAMPLES
from stillwatch.ingest.door import Door
from stillwatch.ingest.readers import READERS, recognise
from stillwatch.model.event import EVENT_SCHEMA, RAW_SCHEMA
from stillwatch.parsers.common import FORMAT_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.ingest.raw import RawBatch
    from stillwatch.ingest.readers.base import Reader

each = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
KINDS = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "\x00",
    "2026-11-20T13:46:19Z",
    [],
    [1, "x", None, {}],
    {},
    {"a": {"b": 1}},
)
FIXTURES = {
    "anthropic_messages.json": "anthropic",
    "envoy_ai_gateway_access_log.json": "envoy",
    "helicone_request.json": "helicone",
    "kong_ai_http_log.json": "kong",
    "langfuse_observations_v2.json": "langfuse",
    "litellm_standard_logging_payload.json": "litellm",
    "openai_chat_completions.json": "openai-chat",
    "openai_responses.json": "openai-responses",
    "otel_genai_span.json": "otel",
}


def shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    if isinstance(value, list):
        return [shuffled(inner, rng) for inner in value]
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.dumps(shuffled(json.loads(value), rng))
    return value


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from places(inner, (*path, key))


def without(record: Any, path: tuple[Any, ...]) -> Any:
    made = copy.deepcopy(record)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return made


def replaced(record: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(record)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return made


def sound(batch: RawBatch) -> None:
    """Counts add up, refusals are named, what is accepted is well-formed and goes through the door."""
    assert batch.read == batch.columns.num_rows + len(batch.rejects)
    assert batch.columns.schema == RAW_SCHEMA
    batch.columns.validate(full=True)
    assert all(reject.field and reject.reason and reject.line for reject in batch.rejects)
    keyed = Door(KEY).enter(batch, READERS[0].provenance(), "log")
    assert keyed.columns.schema == EVENT_SCHEMA
    keyed.columns.validate(full=True)


def test_the_command_line_offers_every_reader() -> None:
    assert sorted(FORMAT_WORDS) == sorted(["auto", *(reader.name for reader in READERS)])


@each
def test_the_order_of_keys_is_irrelevant(reader: Reader) -> None:
    expected = event(reader, SAMPLES[reader.name])

    for seed in range(20):
        assert event(reader, shuffled(SAMPLES[reader.name], random.Random(seed))) == expected


@each
def test_same_records_same_batch(reader: Reader) -> None:
    first, again = (read_records(reader, *SAMPLES.values()) for _ in range(2))

    assert first.columns.equals(again.columns)
    assert (first.rejects, first.blanked) == (again.rejects, again.blanked)


@each
def test_a_record_reads_the_same_among_others_as_alone(reader: Reader) -> None:
    record = json.dumps(SAMPLES[reader.name]).encode()
    among = read_records(reader, b"{", record, b"[]", b'{"a":"\\ud800' + b"x" * 3000 + b'"}', record, b"")

    assert [row for row in events(among) if row == event(reader, record)] == [event(reader, record)] * 2
    sound(among)


@each
def test_without_any_one_place_the_record_reads_with_fewer_fields_or_is_refused_by_name(reader: Reader) -> None:
    sample = SAMPLES[reader.name]
    whole = event(reader, sample)
    batch = read_records(reader, *(without(sample, path) for path in places(sample)))

    sound(batch)
    assert {reject.field for reject in batch.rejects} <= {"ts_ms", reader.only[0]}
    # A place that is gone never makes a field appear, save those that another place answers for.
    assert all(set(row) <= set(whole) for row in events(batch))


@each
def test_any_kind_of_value_at_any_place_is_read_or_refused(reader: Reader) -> None:
    sample = SAMPLES[reader.name]
    records = [replaced(sample, path, value) for path in places(sample) for value in KINDS]

    batch = read_records(reader, *records)

    sound(batch)
    assert {reject.field for reject in batch.rejects} <= {*RAW_SCHEMA.names, reader.only[0]}


@each
def test_records_of_other_formats_are_read_with_nulls_or_refused_by_name(reader: Reader) -> None:
    for name, sample in SAMPLES.items():
        batch = read_records(reader, sample)
        sound(batch)
        if name != reader.name and batch.columns.num_rows:
            assert len(events(batch)[0]) < len(event(next(r for r in READERS if r.name == name), sample))


@each
def test_a_reader_recognises_its_own_records_whatever_else_is_there(reader: Reader) -> None:
    assert recognise([SAMPLES[reader.name]] * 3 + [{"x": 1}], "log") is reader
    for kind in KINDS:
        for key in ("attributes", "request", "response", "ai", "metadata"):
            reader.recognise({key: kind})
            reader.recognise({**SAMPLES[reader.name], key: kind})


@pytest.mark.parametrize("name", FIXTURES)
def test_the_recorded_examples_are_known_and_accepted(name: str, shared_data: Path) -> None:
    read = read_files([shared_data / "log_formats" / name])

    assert read.counts[0].provenance.reader == FIXTURES[name]
    untimed = (("ts_ms", 1),) if FIXTURES[name] == "anthropic" else ()
    assert (read.counts[0].read, read.counts[0].accepted, read.counts[0].blanked) == (1, 1, untimed)
    record = json.loads((shared_data / "log_formats" / name).read_text())
    reader = next(r for r in READERS if r.name == FIXTURES[name])
    for seed in range(5):
        assert event(reader, shuffled(record, random.Random(seed))) == event(reader, record)
