"""The same JSON Lines file to columns with the own scanner, pyarrow, DuckDB and the standard library.

    python bench/json_readers.py FILE.jsonl.zst

Processor seconds of one run each, one thread where the library lets us choose. The own scanner's time
covers finding, checking and typing every native field with a reason for every refused record.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.json as pajson

from stillwatch.config import DEFAULT
from stillwatch.ingest.columns import read_chunk
from stillwatch.ingest.readers.base import plan
from stillwatch.ingest.readers.native import NATIVE
from stillwatch.ingest.records import cut_lines
from stillwatch.ingest.sources import OpenSource, Source
from stillwatch.model.event import RAW_SCHEMA

SOME = (
    "event_id",
    "ts_ms",
    "account_id",
    "status",
    "tokens_in",
    "tokens_out",
    "temperature",
    "client_ip",
    "user_agent",
)


def own(path: Path) -> int:
    """Read every native field."""
    opened, layout, rows = OpenSource(Source(str(path), path.stat().st_size)), plan(NATIVE), 0
    for chunk in cut_lines(opened, np.empty(0, np.uint8), DEFAULT.chunk_bytes, DEFAULT.max_record_bytes):
        raw = read_chunk(
            chunk, NATIVE, layout, str(path), depth=100, max_record=DEFAULT.max_record_bytes, ingest_ms=None
        )
        rows += raw.columns.num_rows
    return rows


def arrow(path: Path) -> int:
    """Read with pyarrow.json and an explicit schema; one malformed line fails the whole block."""
    schema = pa.schema([RAW_SCHEMA.field(name) for name in SOME] + [pa.field("prompt", pa.string())])
    options = pajson.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    with pa.input_stream(str(path), compression="zstd") as stream:
        return pajson.read_json(stream, pajson.ReadOptions(use_threads=False), options).num_rows


def duck(path: Path) -> int:
    """Read with DuckDB's read_json and explicit columns; malformed lines can only be dropped unnamed."""
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in (*SOME, "prompt"))
    connection = duckdb.connect()
    connection.sql("SET threads = 1")
    query = f"SELECT * FROM read_json('{path}', format='newline_delimited', columns={{{columns}}})"
    return sum(batch.num_rows for batch in connection.sql(query).to_arrow_reader(65_536))


def standard(path: Path) -> int:
    """Parse to Python objects with the standard library, and do nothing with them."""
    with pa.input_stream(str(path), compression="zstd") as stream:
        return sum(json.loads(line) is not None for line in stream.read().splitlines())


if __name__ == "__main__":
    file = Path(sys.argv[1])
    own(file)
    for name, read in (
        ("own scanner", own),
        ("pyarrow.json", arrow),
        ("DuckDB read_json", duck),
        ("json.loads", standard),
    ):
        start = time.process_time()
        count = read(file)
        spent = time.process_time() - start
        print(f"{name:20s} {count:,} records  {spent:6.2f} CPU s  {spent / count * 1e6:5.2f} us a record")
