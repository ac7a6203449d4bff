"""Parquet sources: native columns of many types, recordings, and files that are neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.reading import Read, read_files
from ingest.samples import NATIVE
from stillwatch.ingest.parquet import fit
from stillwatch.model.errors import ForbiddenField, FormatError
from stillwatch.model.event import FORBIDDEN, RAW_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

TS = 1_795_433_819_245
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def read(tmp_path: Path):
    def write(columns: dict[str, Any], **how: Any) -> Read:
        pq.write_table(pa.table(columns), tmp_path / "log.parquet", **how)
        return read_files([tmp_path / "log.parquet"])

    return write


def test_the_raw_schema_reads_as_it_is(read) -> None:
    row = NATIVE | {name: NATIVE[name].encode() for name in ("prompt", "system", "completion")}
    got = read({f.name: pa.array([row[f.name], None if f.name != "ts_ms" else TS], f.type) for f in RAW_SCHEMA})

    assert (got.counts[0].read, got.rejects, got.counts[0].provenance.reader) == (2, [], "native-parquet")
    assert got.column("prompt") == [b"What is 17*23?", None]
    assert got.column("tokens_in") == [10, None]


def test_an_answer_says_its_length_where_the_file_does_not(read) -> None:
    answers = pa.array(["é" * 2000, "four", "", None])
    counts = pa.array([None, 9, None, None], pa.int32())

    alone = read({"ts_ms": [TS] * 4, "completion": answers})
    beside = read({"ts_ms": [TS] * 4, "completion": answers, "completion_chars": counts})

    assert alone.column("completion_chars") == [4000, 4, 0, None]
    assert beside.column("completion_chars") == [4000, 9, 0, None]
    assert alone.column("completion")[:2] == ["é".encode() * 2000, b"four"]


def test_columns_of_other_types_are_taken_where_they_fit(read) -> None:
    got = read(
        {
            "ts_ms": pa.array([TS * 1000, TS * 1000 + 1], pa.timestamp("us", "UTC")),
            "event_id": pa.array([1, 2], pa.int32()),
            "account_id": pa.array(["acme", "acme"]).dictionary_encode(),
            "tokens_in": pa.array([3.0, 4.0]),
            "tokens_out": pa.array([5, 6], pa.uint64()),
            "status": pa.array([200, 429], pa.int64()),
            "temperature": pa.array([0, 1], pa.int8()),
            "prompt": pa.array(["a", "b"], pa.large_string()),
            "stream": pa.array([1, 0], pa.int8()),
            "artefacts_born": pa.array([["x", None, ""], None], pa.list_(pa.large_string())),
        }
    )

    assert got.rejects == []
    assert (got.column("ts_ms"), got.column("tokens_in"), got.column("tokens_out")) == ([TS, TS], [3, 4], [5, 6])
    assert (got.column("status"), got.column("temperature"), got.column("stream")) == (
        [200, 429],
        [0.0, 1.0],
        [True, False],
    )
    assert (got.column("prompt"), [len(a or ()) for a in got.column("artefacts_born")]) == ([b"a", b"b"], [1, 0])
    assert len(set(got.column("account_id"))) == 1


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("tokens_in", pa.array([5.0, NAN])),
        ("tokens_in", pa.array([5.0, INF])),
        ("tokens_in", pa.array([5.0, 1.5])),
        ("tokens_in", pa.array([5, -1])),
        ("tokens_in", pa.array([5, 2**31])),
        ("tokens_out", pa.array([5, 2**64 - 1], pa.uint64())),
        ("tokens_cached_in", pa.array([5.0, -1e300])),
        ("ts_ms", pa.array([TS, TS // 1000])),
        ("ts_ms", pa.array([TS, 7_258_118_400_000])),
        ("ts_ms", pa.array([TS, -1])),
        ("ts_ms", pa.array([TS, 2**63], pa.uint64())),
        ("ts_ms", pa.array([float(TS), NAN])),
        ("ts_ms", pa.array([TS, None])),
        ("account_id", pa.array([b"ok", b"\xff"], pa.binary()).view(pa.string())),
    ],
)
def test_nonsense_in_an_essential_field_refuses_the_row(read, field: str, column: pa.Array) -> None:
    got = read({"ts_ms": [TS, TS], field: column})

    assert [(r.line, r.field) for r in got.rejects] == [(2, field)]
    assert got.rejects[0].file.endswith("log.parquet")
    assert (got.counts[0].read, got.counts[0].accepted) == (2, 1)


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("temperature", pa.array([0.5, NAN])),
        ("temperature", pa.array([0.5, -1.0])),
        ("latency_ms", pa.array([0.5, INF])),
        ("cost_usd", pa.array([0.5, 1e300])),
        ("n_choices", pa.array([1, 40_000])),
        ("status", pa.array([200, -1])),
        ("seed", pa.array([1, 2**64 - 1], pa.uint64())),
        ("model_served", pa.array([b"ok", b"\xff"], pa.binary()).view(pa.string())),
    ],
)
def test_nonsense_elsewhere_leaves_the_field_empty_and_is_counted(read, field: str, column: pa.Array) -> None:
    got = read({"ts_ms": [TS, TS], field: column})

    assert (got.rejects, got.counts[0].blanked) == ([], ((field, 1),))
    assert [value is None for value in got.column(field)] == [False, True]


def test_empty_texts_are_no_identity(read) -> None:
    got = read(
        {"ts_ms": [TS, TS, TS], "event_id": ["", "", "e"], "session_id": ["", None, "s"], "account_id": ["", "a", "a"]}
    )

    assert len(set(got.column("event_id"))) == 3
    assert [value is None for value in got.column("session_id")] == [True, True, False]
    assert [value is None for value in got.column("account_id")] == [True, False, False]


@pytest.mark.parametrize("name", ["email", "Email", "USER_EMAIL", *FORBIDDEN])
def test_personal_data_is_refused_by_name(read, name: str) -> None:
    with pytest.raises(
        ForbiddenField, match=f"column {name} is direct personal data .class P4.; drop it first"
    ) as caught:
        read({"ts_ms": [TS], name: ["somebody@example.com"]})
    assert "somebody" not in str(caught.value)


@pytest.mark.parametrize("column", [pa.array([[1]]), pa.array([{"a": 1}]), pa.array([b"\xff"])])
def test_a_column_that_cannot_hold_its_field_is_named(read, column: pa.Array) -> None:
    with pytest.raises(FormatError, match=r"column tokens_in is .*, int32 is wanted"):
        read({"ts_ms": [TS], "tokens_in": column})


def test_what_is_no_log_is_named(read, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"neither native columns .* nor recorded HTTP exchanges .*; columns: a, b"):
        read({"a": [1], "b": [2]})
    with pytest.raises(FormatError, match="holds no record"):
        read({"ts_ms": pa.array([], pa.int64())})
    (tmp_path / "torn.parquet").write_bytes((tmp_path / "log.parquet").read_bytes()[:-5])
    with pytest.raises(FormatError, match=r"torn.parquet: this is no readable Parquet file"):
        read_files([tmp_path / "torn.parquet"])


def test_a_file_damaged_inside_ends_there(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    table = pa.table(
        {"ts_ms": [TS + n for n in range(200_000)], "event_id": [f"{n * 7919 % 200_000}" for n in range(200_000)]}
    )
    pq.write_table(table, path, row_group_size=20_000, compression="zstd", write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = b"\x00" * 2000
    path.write_bytes(bytes(data))

    got = read_files([path])

    assert "the Parquet file is damaged" in got.counts[0].incomplete
    assert 0 < got.counts[0].accepted < 200_000


def test_row_groups_of_any_size_keep_order_and_number(tmp_path: Path) -> None:
    n = 150_000
    table = pa.table(
        {"ts_ms": [TS + i for i in range(n)], "tokens_in": [-1 if i in (5, 70_000, n - 1) else 1 for i in range(n)]}
    )
    for size in (1_000, 65_536, n):
        pq.write_table(table, tmp_path / "log.parquet", row_group_size=size)
        got = read_files([tmp_path / "log.parquet"])
        assert [r.line for r in got.rejects] == [6, 70_001, n]
        assert got.column("ts_ms") == [TS + i for i in range(n) if i not in (5, 70_000, n - 1)]


RECORDING: dict[str, Any] = {
    "cassette": ["suite/a", "suite/a", "suite/b", "suite/b"],
    "idx": [0, 1, 0, 1],
    "method": ["POST", "GET", "POST", "POST"],
    "path": ["/v1/chat/completions", "/v1/models", "/v1/messages", "/v1/messages/batches"],
    "ts": [1795433819.245, None, 1795433820.0, 1795433821.0],
    "status": [200, 200, 529, 200],
    "model": ["gpt-4o", None, "claude-x", "claude-x"],
    "prompt": ["hello", None, "hi", "x"],
    "params": [
        '{"max_tokens":5,"temperature":0.5,"n":2,"stream":true}',
        None,
        "{broken",
        '{"n":true,"max_tokens":"x"}',
    ],
}


def test_recorded_exchanges(read) -> None:
    got = read(RECORDING)

    assert got.counts[0].provenance.reader == "http-recording"
    assert [(r.line, r.field, r.reason) for r in got.rejects] == [
        (2, "path", "is no inference call"),
        (4, "path", "is no inference call"),
    ]
    assert (got.column("ts_ms"), got.column("status")) == ([TS, 1_795_433_820_000], [200, 529])
    assert (got.column("max_tokens"), got.column("n_choices"), got.column("stream")) == (
        [5, None],
        [2, None],
        [True, None],
    )
    assert len(set(got.column("account_id"))) == 2


@pytest.mark.parametrize("name", [n for n in RECORDING if n not in ("method", "path", "ts")])
def test_a_recording_without_a_column_reads_all_the_same(read, name: str) -> None:
    assert read({k: v for k, v in RECORDING.items() if k != name}).counts[0].accepted == 2


@pytest.mark.parametrize(
    "params",
    [
        "[1]",
        "7",
        "null",
        '{"n":1e400}',
        '{"n":99999999999}',
        '{"seed":123456789012345678901234567890}',
        '{"stream":1}',
        '{"temperature":NaN}',
        "[" * 9999,
    ],
)
def test_odd_parameters_of_a_recording_never_lose_the_call(read, params: str) -> None:
    assert read(RECORDING | {"params": [params] * 4}).counts[0].accepted == 2


def test_the_shared_recordings_are_read(shared_data: Path) -> None:
    for name, accepted in (("curator", 247), ("openllmetry", 1046)):
        got = read_files([shared_data / "dev" / "http" / f"{name}.parquet"])
        assert got.counts[0].accepted == accepted
        assert {r.field for r in got.rejects} <= {"path", "ts_ms"}


@pytest.mark.parametrize("field", RAW_SCHEMA.names)
def test_any_column_type_is_read_or_refused_as_arrow_refuses(field: str) -> None:
    kinds = [
        pa.null(),
        pa.bool_(),
        pa.int8(),
        pa.uint64(),
        pa.float16(),
        pa.float64(),
        pa.string(),
        pa.large_binary(),
        pa.date32(),
        pa.timestamp("ns"),
        pa.decimal128(5, 2),
        pa.list_(pa.string()),
        pa.struct([("a", pa.int8())]),
    ]
    for kind in kinds:
        try:
            column, wrong = fit(pa.nulls(3, kind), field, RAW_SCHEMA.field(field).type)
        except pa.ArrowException:
            continue
        assert (column.type, column.null_count, wrong.any()) == (RAW_SCHEMA.field(field).type, 3, False)


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("/v1/chat/completions", True),
        ("/v1/chat/completions#stream", True),
        ("/openai/deployments/x/chat/completions?api-version=1", True),
        ("/v1/messages", True),
        ("/v1/messages/count_tokens", False),
        ("/v1/messages/batches", False),
        ("/v1/responses/resp_1", False),
        ("/v0/viewer/sessions/s/responses/1", False),
        ("/v2/chat", True),
        ("/api/chat", True),
        ("/v1beta/models/gemini-2.5:generateContent", True),
        ("/v1beta/models/gemini-2.5:countTokens", False),
        ("/model/a.b/invoke-with-response-stream", True),
        ("/v1/threads/t/messages", False),
        ("/v1/threads/t/runs", True),
        ("/v1/threads/t/runs/r", False),
        ("/v1/files", False),
        ("", False),
    ],
)
def test_which_paths_ask_a_model(read, path: str, asks: bool) -> None:
    got = read({"method": ["POST", "POST"], "path": ["/v1/messages", path], "ts": [1795433819.0, 1795433819.0]})

    assert got.counts[0].accepted == 1 + asks
