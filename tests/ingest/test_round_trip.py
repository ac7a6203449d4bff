"""Worlds written in every log format read back as the same events, as far as the format can say."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ingest.reading import KEY, NOW_MS, read_files
from stillwatch.ingest.door import Door
from stillwatch.ingest.raw import RawBatch
from stillwatch.ingest.readers import READERS
from stillwatch.ingest.words import canonical
from stillwatch.model.event import CODES, RAW_SCHEMA
from stillwatch.simulate import World, WorldSpec, build_world, write_world
from stillwatch.simulate.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = {"prompt", "system", "n_turns"}
CALL = {"ts_ms", "tokens_in", "tokens_out", "model_served", "status"}
CALLER = {"client_ip", "client_net", "user_agent", "client_lib"}
ASKED = {"max_tokens", "temperature", "seed", "reasoning_effort", "logprobs_requested"}
REPLAY = {"artefacts_carried", "artefacts_born"}
USAGE = {"tokens_reasoning", "tokens_cached_in"}
OWNER = {"account_id", "credential_id", "org_id"}
"""Groups of fields; below, what each format carries of an event as it was."""
CARRIED: dict[str, set[str]] = {
    "native": {*RAW_SCHEMA.names} - {"asn", "ja4", "top_p"},
    "litellm": {
        *CALL,
        *CALLER,
        *ASKED,
        *CONTENT,
        *REPLAY,
        *USAGE,
        *OWNER,
        "event_id",
        "operation",
        "n_choices",
        "stream",
        "end_user_id",
        "n_tools",
        "response_format",
    },
    "openai-chat": {
        *CALL,
        *CALLER,
        *ASKED,
        *CONTENT,
        *USAGE,
        *OWNER,
        "n_choices",
        "stream",
        "store",
        "end_user_id",
        "n_tools",
    },
    "openai-responses": {
        *CALL,
        *CALLER,
        *USAGE,
        *OWNER,
        "system",
        "reasoning_effort",
        "end_user_id",
        "n_tools",
        "artefacts_born",
        "store",
    },
    "anthropic": {
        *CALL,
        *CALLER,
        *CONTENT,
        *REPLAY,
        *USAGE,
        *OWNER,
        "temperature",
        "n_tools",
        "refusal_category",
        "end_user_id",
    },
    "otel": {
        *CALL,
        *CALLER,
        *USAGE,
        "account_id",
        "n_choices",
        "max_tokens",
        "temperature",
        "seed",
        "stream",
        "session_id",
    },
    "envoy": {*(CALL - {"model_served"}), *CALLER, "operation"},
    "kong": {*CALL, *CALLER, "account_id", "operation"},
    "langfuse": {*(CALL - {"status"}), *ASKED, *CONTENT, *USAGE, "account_id", "event_id", "session_id"},
    "helicone": {
        *CALL,
        *ASKED,
        *CONTENT,
        *USAGE,
        "account_id",
        "event_id",
        "session_id",
        "operation",
        "stream",
        "end_user_id",
    },
}
UNASKED = {"tokens_reasoning", "tokens_cached_in", "n_tools", "stream", "store", "n_choices"}
"""Fields in which a format may leave out a 0, a 1 or a no."""


@functools.cache
def world() -> World:
    spec = WorldSpec(interactive=3, developer=2, evaluation=1, fast_distiller=1, slow_distiller=1, days=1)
    return build_world(spec, seed=3, start_ms=1_795_392_000_000)


@functools.cache
def expected() -> dict[str, list[Any]]:
    """The world's own events, through the door."""
    table = world().events.combine_chunks()
    columns = [
        table[f.name].combine_chunks() if f.name in table.column_names else pa.nulls(len(table), f.type)
        for f in RAW_SCHEMA
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=RAW_SCHEMA)
    raw = RawBatch(batch, pc.add(pa.array(range(len(table))), 1).to_numpy(), len(table), [], {})
    return Door(KEY).enter(raw, READERS[0].provenance(), "log").columns.to_pydict()


def same(name: str, found: Any, wanted: Any) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        return abs(found - wanted) <= 1e-3 * max(1.0, abs(wanted))
    if name in UNASKED and not found and wanted in (0, 1, False, None):
        return True
    if name in ("artefacts_carried", "artefacts_born"):
        return set(found or ()) == set(wanted or ())
    return bool(found == wanted)


def test_every_reader_has_a_row_here() -> None:
    assert {name.replace("_", "-") for name in FORMATS} == set(CARRIED) == {reader.name for reader in READERS}


@pytest.mark.parametrize("log_format", FORMATS)
def test_events_come_back_from_every_format(tmp_path: Path, log_format: str) -> None:
    files = write_world(world(), tmp_path, log_format, ".jsonl.gz")
    name = log_format.replace("_", "-")

    read = read_files(files)

    assert {count.provenance.reader for count in read.counts} == {name}
    assert (read.rejects, sum(count.accepted for count in read.counts)) == ([], world().events.num_rows)
    assert not any(count.blanked for count in read.counts)
    answered = [status == 200 for status in expected()["status"]]
    for field in sorted(CARRIED[name]):
        wanted, found = expected()[field], read.column(field)
        wrong = [
            (row, found[row], wanted[row])
            for row in range(len(wanted))
            # A call that failed has no answer, and so no usage, in exchanges.
            if answered[row] and not same(field, found[row], wanted[row])
        ]
        assert not wrong, (field, len(wrong), wrong[:3])


def test_parquet_and_json_lines_hold_the_same(tmp_path: Path) -> None:
    lines = read_files(write_world(world(), tmp_path / "lines", "native", ".jsonl.zst"))
    parquet = read_files(write_world(world(), tmp_path / "parquet", "native", ".parquet"))

    for name in expected():
        assert all(same(name, a, b) for a, b in zip(lines.column(name), parquet.column(name), strict=True)), name
        assert all(same(name, a, b) for a, b in zip(parquet.column(name), expected()[name], strict=True)), name


def test_the_words_of_every_format_have_codes() -> None:
    assert NOW_MS
    for field, words in CODES.items():
        assert [canonical(field, word.upper()) for word in words] == list(range(len(words)))
        assert canonical(field, None) is None
