"""Worlds on disk: whole files, the same bytes, any compression."""

from __future__ import annotations

import csv
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_worlds import START_MS, sample

from stillwatch.model.errors import InputError, StoreError
from stillwatch.model.event import RAW_SCHEMA
from stillwatch.simulate import WorldSpec, build_world, write_events, write_world

SHORT = WorldSpec(interactive=5, fast_distiller=1, days=1)


def table(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def lines(path):
    if path.name.endswith(".zst"):
        with pa.input_stream(str(path), compression="zstd") as stream:
            text = stream.read()
    else:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.decode().splitlines()]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_native_lines_come_back_as_they_were(tmp_path, suffix):
    (path,) = write_world(sample(), tmp_path, suffix=suffix, files="one")
    written = lines(path)
    events = sample().events

    assert [row["event_id"] for row in written] == events["event_id"].to_pylist()
    assert [row["prompt"].encode() for row in written] == events["prompt"].to_pylist()
    assert [row.get("artefacts_carried") for row in written] == events["artefacts_carried"].to_pylist()
    assert set().union(*written) <= set(RAW_SCHEMA.names)


def test_native_parquet_is_the_raw_schema(tmp_path):
    write_events(sample().events, tmp_path / "e.parquet")

    assert pq.read_table(tmp_path / "e.parquet").equals(sample().events)


def test_a_world_is_split_by_day_with_its_account_file_and_truth(tmp_path):
    paths = write_world(sample(), tmp_path, "litellm")

    assert [path.name for path in paths] == ["2026-11-23.jsonl.zst", "2026-11-24.jsonl.zst"]
    assert sum(len(lines(path)) for path in paths) == sample().events.num_rows
    accounts = table(tmp_path / "accounts.csv")
    truth = table(tmp_path / "truth.csv")
    assert [row["account_id"] for row in accounts] == [row["account_id"] for row in truth]
    assert {row["reseller"] for row in accounts} == {"true", "false"}
    assert all(row["signup"].endswith("Z") for row in accounts)
    assert not list(tmp_path.rglob("*.part"))


def test_the_same_world_is_the_same_bytes(tmp_path):
    one_world, other = (build_world(SHORT, seed=5, start_ms=START_MS) for _ in range(2))
    for suffix in (".jsonl.gz", ".jsonl.zst", ".parquet"):
        (one,) = write_world(one_world, tmp_path / "one", suffix=suffix, files="one")
        (two,) = write_world(other, tmp_path / "two", suffix=suffix, files="one")
        assert one.read_bytes() == two.read_bytes()


def test_an_empty_world_writes_no_log(tmp_path):
    world = build_world(WorldSpec(), seed=1, start_ms=START_MS)

    assert write_world(world, tmp_path) == []
    assert (tmp_path / "accounts.csv").exists()


def test_a_format_may_be_named_as_the_reader_is(tmp_path):
    for log_format in ("openai-chat", "openai_chat"):
        write_events(sample().events[:5], tmp_path / f"{log_format}.jsonl", log_format)

    assert (tmp_path / "openai-chat.jsonl").read_bytes() == (tmp_path / "openai_chat.jsonl").read_bytes()


@pytest.mark.parametrize(("name", "log_format"), [("e.txt", "native"), ("e.jsonl", "csv"), ("e.parquet", "kong")])
def test_what_cannot_be_written_is_refused_by_name(tmp_path, name, log_format):
    with pytest.raises(InputError):
        write_events(sample().events, tmp_path / name, log_format)
    assert not list(tmp_path.iterdir())


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match="csv"):
        write_world(sample(), tmp_path, suffix=".csv")


def test_a_folder_that_cannot_be_made_is_our_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="could not be written"):
        write_events(sample().events, tmp_path / "file" / "e.jsonl")
