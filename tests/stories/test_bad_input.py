"""Bad input, as a person meets it: a clear message, the right exit code, nothing lost and nothing given away."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stories.bad_logs import TS, good, lines, row

if TYPE_CHECKING:
    from stories.bad_logs import Scanner

CLEAN, FINDINGS, BAD_INPUT, PARTIAL = 0, 1, 2, 3


def test_a_good_log(scanner: Scanner) -> None:
    told = scanner(scanner.write("log.jsonl", good()))

    assert (told.code, told.read()) == (CLEAN, (5, 5, 0))


@pytest.mark.parametrize(
    ("bad", "field", "reason"),
    [
        (b'{"ts_ms": 1795433819245, "account_id": "\xff\xfe"}', "account_id", "is not UTF-8 (byte 41 of the record)"),
        (
            b'{"ts_ms": 1795433819245, "tokens_in": NaN}',
            "tokens_in",
            "holds NaN or Infinity, which JSON has no number for (byte 39 of the record)",
        ),
        (
            b'{"ts_ms": 1795433819245, "x": -Infinity}',
            "record",
            "holds NaN or Infinity, which JSON has no number for (byte 32 of the record)",
        ),
        (
            b'{"ts_ms": 1795433819245, "prompt": "a\x00b"}',
            "prompt",
            "has a control character inside a string (byte 38 of the record)",
        ),
        (b'{"ts_ms": 1795433819245, "prompt": "a', "prompt", "ends in the middle of a value (byte 38 of the record)"),
        (b'{"ts_ms": ' + b"[" * 5000, "record", "is nested too deeply (byte 110 of the record)"),
        (b'{"ts_ms": 1795433819245} {}', "record", "has something after its value (byte 26 of the record)"),
        (b"\x00" * 20, "record", "is not a JSON object (byte 1 of the record)"),
        (b"[1,2]", "record", "is not a JSON object (byte 1 of the record)"),
        (lines([row(1, tokens_in=-5)]).strip(), "tokens_in", "is not a whole number from 0 to 2147483647"),
        (lines([row(1, tokens_out="NaN")]).strip(), "tokens_out", "is not a whole number from 0 to 2147483647"),
        (lines([row(1, ts_ms=0)]).strip(), "ts_ms", "is not a plausible time"),
        (lines([row(1, ts_ms=7_258_118_400_000)]).strip(), "ts_ms", "is not a plausible time"),
        (lines([row(1, ts_ms="2026-02-30T00:00:00Z")]).strip(), "ts_ms", "is not a plausible time"),
        (lines([row(1, ts_ms=...)]).strip(), "ts_ms", "is missing; events without a time cannot be ordered"),
        (
            lines([row(1, email="somebody@example.com")]).strip(),
            "email",
            "is direct personal data (class P4); drop it before sharing logs",
        ),
    ],
)
def test_one_bad_record_among_good_ones_is_named_and_the_rest_is_read(
    scanner: Scanner, bad: bytes, field: str, reason: str
) -> None:
    path = scanner.write("log.jsonl", lines([row(0), row(2), bad, row(3)]))

    told = scanner(path)

    assert (told.code, told.read()) == (PARTIAL, (4, 3, 1))
    assert told.result["rejects"] == [{"file": path, "line": 3, "field": field, "reason": reason}]
    assert "somebody" not in told.out


def test_a_rejected_record_is_named_in_the_terminal_too(scanner: Scanner) -> None:
    told = scanner(scanner.write("log.jsonl", lines([row(0), row(1, tokens_in=-5)])), json_=False)

    assert told.code == PARTIAL
    assert "log.jsonl, line 2: tokens_in is not a whole number from 0 to 2147483647" in " ".join(told.out.split())


def test_a_clock_that_jumps_back_is_read(scanner: Scanner) -> None:
    rows = [row(n, ts_ms=TS + 60_000 * n - (3_600_000 if n > 50 else 0)) for n in range(100)]

    told = scanner(scanner.write("log.jsonl", lines(rows)))

    assert told.code in (CLEAN, FINDINGS)
    assert told.read() == (100, 100, 0)


def test_duplicate_event_ids_count_once(scanner: Scanner) -> None:
    first = scanner.write("a.jsonl", lines([row(1), row(1), row(2)]))
    second = scanner.write("b.jsonl", lines([row(2), row(3)]))

    told = scanner(first, second)

    assert (told.read(), told.result["read"]["duplicates"]) == ((5, 5, 0), 2)


def test_the_same_file_twice_is_one_file(scanner: Scanner) -> None:
    path = scanner.write("a.jsonl", lines([row(1, event_id=...), row(2, event_id=...)]))

    assert scanner(path, path, str(scanner.folder / "*.jsonl")).read() == (2, 2, 0)


@pytest.mark.parametrize("first", [True, False])
def test_a_prompt_of_ten_megabytes_is_read(scanner: Scanner, first: bool) -> None:
    long = row(9, prompt="word " * 2_000_000)
    path = scanner.write("log.jsonl", lines([long, row(1)] if first else [row(1), long]))

    told = scanner(path)

    assert (told.code, told.read()) == (CLEAN, (2, 2, 0))


@pytest.mark.parametrize(
    "data",
    [
        good().replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + good(),
        good().replace(b"\n", b"\n\n  \n\t\r\n"),
        good()[:-1],
        json.dumps([row(n) for n in range(5)], indent=2).encode(),
        gzip.compress(good(), mtime=0),
        pa.compress(good(), "zstd", asbytes=True),
    ],
    ids=["crlf", "mark", "blank lines", "no last newline", "one document", "gzip", "zstd"],
)
def test_ways_to_write_the_same_log(scanner: Scanner, data: bytes) -> None:
    assert scanner(scanner.write("log.json", data)).read() == (5, 5, 0)


def noise(count: int) -> bytes:
    rng = np.random.default_rng(3)
    return lines(row(n, session_id=f"{rng.integers(2**60)}") for n in range(count))


@pytest.mark.parametrize(
    ("pack", "kind"), [(gzip.compress, "gzip"), (lambda d: pa.compress(d, "zstd", asbytes=True), "zstd")]
)
def test_a_truncated_archive_is_read_as_far_as_it_goes_and_said(scanner: Scanner, pack: Any, kind: str) -> None:
    packed = pack(noise(20_000))
    path = scanner.write("log", packed[: len(packed) * 2 // 3])

    told = scanner(path)

    assert told.code == PARTIAL
    read, accepted, rejected = told.read()
    assert accepted > 10_000
    assert rejected in (0, 1)
    assert told.result["sources"][0]["incomplete"].startswith(f"the {kind} archive is truncated or damaged")
    assert all(reject["line"] == read for reject in told.result["rejects"]), "only the line that was cut in two"


def test_a_reader_fed_the_wrong_format_refuses_by_name(scanner: Scanner) -> None:
    path = scanner.write("log.jsonl", good())

    told = scanner(path, "--format", "kong")

    assert (told.code, told.read()) == (PARTIAL, (5, 0, 5))
    assert {r["field"] for r in told.result["rejects"]} == {"ts_ms"}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.jsonl", b"", "empty.jsonl: the source is empty"),
        ("blank.jsonl", b"\n \n", "blank.jsonl: the source is empty"),
        (
            "text.log",
            b"hello\nworld\n",
            "no JSON object in its first 12 bytes; is it a request log? (it looks like text",
        ),
        ("other.jsonl", b'{"colour": "red"}\n', "none of the known formats (native,"),
        ("torn.parquet", b"PAR1" + b"\x00" * 100, "this is no readable Parquet file"),
        ("notes.txt/x", b"x", "notes.txt: the folder holds no log file"),
        ("cut.gz", gzip.compress(good(), mtime=0)[:9], "the gzip archive is truncated or damaged"),
    ],
)
def test_nothing_to_read_is_bad_input(scanner: Scanner, name: str, data: bytes, message: str) -> None:
    path = scanner.write(name, data).removesuffix("/x")

    told = scanner(path)

    assert (told.code, told.out) == (BAD_INPUT, "")
    assert told.err.startswith(f"stillwatch: {scanner.folder}")
    assert message in told.err
    assert told.err.count("\n") == 1


def test_a_missing_file_is_named_and_nothing_is_made(scanner: Scanner) -> None:
    told = scanner(str(scanner.folder / "none.jsonl"), "--out", str(scanner.folder / "report"))

    assert told.code == BAD_INPUT
    assert "none.jsonl: no such file" in told.err
    assert list(scanner.folder.iterdir()) == [scanner.key]


@pytest.mark.parametrize("bad", [b"", b"text\n", b'{"colour": "red"}\n', b"\x1f\x8b\x08", b"PAR1 torn"])
def test_a_bad_source_beside_a_good_one_leaves_the_good_one_reported(scanner: Scanner, bad: bytes) -> None:
    paths = scanner.write("a.jsonl", good()), scanner.write("b.jsonl", bad), scanner.write("c.jsonl", lines([row(77)]))

    told = scanner(*paths)

    assert (told.code, told.read()) == (PARTIAL, (6, 6, 0))
    assert [bool(s["incomplete"]) for s in told.result["sources"]] == [False, True, False]
    assert "b.jsonl" in told.result["sources"][1]["path"]


def test_personal_data_in_columns_is_refused_by_name(scanner: Scanner) -> None:
    path = scanner.folder / "log.parquet"
    pq.write_table(pa.table({"ts_ms": [TS], "Email": ["somebody@example.com"]}), path)

    told = scanner(str(path))

    assert (told.code, told.out) == (BAD_INPUT, "")
    assert "column Email is direct personal data (class P4); drop it first" in told.err
    assert "somebody" not in told.err


def test_an_account_file_with_personal_data_is_refused(scanner: Scanner) -> None:
    accounts = scanner.write("accounts.csv", b"account_id,phone\nx,+491234567\n")

    told = scanner(scanner.write("log.jsonl", good()), "--accounts", accounts)

    assert told.code == BAD_INPUT
    assert "column phone is direct personal data" in told.err
    assert "+49" not in told.err


def test_nonsense_in_optional_fields_is_left_out_and_counted(scanner: Scanner) -> None:
    rows = [
        row(0),
        row(1, temperature="hot", seed=[1]),
        row(2, temperature=-1),
        row(3, temperature=1e300, tokens_in=-1),
    ]

    told = scanner(scanner.write("log.jsonl", lines(rows)))

    assert told.read() == (4, 3, 1)
    assert told.result["sources"][0]["blanked"] == {"seed": 1, "temperature": 2}


def test_many_accounts_with_one_event_each(scanner: Scanner) -> None:
    rows = (row(n, account_id=f"acct-{n}") for n in range(20_000))

    told = scanner(scanner.write("log.jsonl", lines(rows)))

    assert (told.code, told.read()) == (CLEAN, (20_000, 20_000, 0))
    assert "acct-1" not in told.out


def test_empty_standard_input_is_bad_input(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b""))))

    told = scanner("-")

    assert (told.code, told.out, told.err) == (BAD_INPUT, "", "stillwatch: -: the source is empty\n")


@pytest.mark.parametrize("where", ["file/report", "file"])
def test_a_folder_that_cannot_be_made_is_said_before_anything_is_read(scanner: Scanner, where: str) -> None:
    scanner.write("file", b"x")

    told = scanner(scanner.write("log.jsonl", good()), "--out", str(scanner.folder / where))

    assert (told.code, told.out) == (BAD_INPUT, "")
    assert f"{where}: cannot write there: " in told.err
    assert told.err.rstrip().endswith("choose another folder with --out")


def test_a_key_others_may_read_is_refused(scanner: Scanner) -> None:
    scanner.key.chmod(0o644)

    told = scanner(scanner.write("log.jsonl", good()))

    assert (told.code, told.out) == (BAD_INPUT, "")
    assert told.err.endswith(f"others may read the key file (mode 644); run: chmod 600 {scanner.key}\n")


def test_a_new_key_is_made_with_its_mode_and_named(scanner: Scanner) -> None:
    scanner.key.unlink()

    told = scanner(scanner.write("log.jsonl", good()))

    assert told.code == CLEAN
    assert stat.S_IMODE(scanner.key.stat().st_mode) == 0o600
    assert f"made a new pseudonym key, {scanner.key} (mode 0600)" in told.err


def test_a_name_that_is_not_utf8_is_read_and_shown(scanner: Scanner) -> None:
    path = scanner.write(os.fsdecode(b"log-\xff.jsonl"), good())

    told = scanner(path, "--out", str(scanner.folder / "report"))

    assert (told.code, told.read()) == (CLEAN, (5, 5, 0))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--threads", "-1"], "--threads -1: write a number from 0"),
        (["--keep-exemplars", "-1"], "--keep-exemplars -1: write a number from 0"),
        (["--map", "artefacts_born=x"], "--map artefacts_born=x: write FIELD=PATH"),
        (["--map", "account_id"], "--map account_id: write FIELD=PATH"),
        (["--trusted-proxy", "ten"], "--trusted-proxy: 'ten'"),
        (["--epoch", "9"], "no epoch 9; there are [1]"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(scanner: Scanner, option: list[str], message: str) -> None:
    told = scanner(scanner.write("log.jsonl", good()), *option)

    assert (told.code, told.out) == (BAD_INPUT, "")
    assert message in told.err
