from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from verbs.small_logs import Shell

KNOWN = "Which trees grow well beside a river in a cold valley, and which of them bear fruit?"
NEW = "Sort this list of names by the second letter and then by the length of each of them."


def log(path: Path) -> Path:
    """Two accounts: one asks what stands in a public set, half of the time; the other never does."""
    records = [
        {
            "event_id": f"{account}{k}",
            "ts_ms": 1_793_577_600_000 + 60_000 * k,
            "account_id": account,
            "prompt": KNOWN if account == "ann" and k % 2 else f"{NEW} {chr(97 + k)}",
            "tokens_out": 20 + k,
            "n_turns": 1,
        }
        for account in ("ann", "bob")
        for k in range(24)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_filter_is_built_and_a_scan_finds_its_prompts(shell: Shell, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"prompt": [KNOWN, "another public prompt of some length, known to all"]}), tmp_path / "a.parquet"
    )
    out = tmp_path / "public.npz"

    code, said, _ = shell.run("corpus", tmp_path / "a.parquet", "--out", out, "--json")

    page = json.loads(said)
    assert code == 0
    assert page == {"prompts": 2, "shingles": page["shingles"], "bytes": out.stat().st_size, "written": str(out)}
    logs = log(tmp_path / "log.jsonl")
    _, without, _ = shell.run("scan", logs, "--format", "native", "--key", shell.folder / "key", "--json")
    _, held, _ = shell.run("scan", logs, "--format", "native", "--key", shell.folder / "key", "--corpus", out, "--json")
    able = {
        name: next(one for one in json.loads(text)["detectors"] if one["detector"] == "corpus_overlap")["accounts"]
        for name, text in (("without", without), ("held", held))
    }
    assert able == {"without": 0, "held": 2}
    assert '"corpus_share": 0.5' in held


def test_in_words_it_says_what_was_written(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{KNOWN}\n{NEW}\n", encoding="utf-8")

    code, said, _ = shell.run("corpus", tmp_path / "a.txt", "--out", tmp_path / "out.npz")

    assert code == 0
    assert said.startswith(f"wrote {tmp_path / 'out.npz'}: 2 prompts, ")


@pytest.mark.parametrize("body", [None, b"no archive", b""])
def test_a_filter_that_is_none_says_what_to_do(body: bytes | None, shell: Shell, tmp_path: Path) -> None:
    if body is not None:
        (tmp_path / "public.npz").write_bytes(body)

    code, out, said = shell.over_logs("scan", "--corpus", tmp_path / "public.npz")

    assert (code, out) == (2, "")
    assert "public.npz" in said
    assert "stillwatch corpus" in said


def test_broken_and_missing_inputs_are_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{\n", encoding="utf-8")

    for words, why in ((("a.jsonl",), "line 1 is no JSON"), (("nowhere",), "no such file or folder")):
        code, _, said = shell.run("corpus", *(tmp_path / word for word in words), "--out", tmp_path / "out.npz")
        assert code == 2
        assert why in said
        assert not (tmp_path / "out.npz").exists()


def test_a_place_that_cannot_be_written_is_said(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(KNOWN, encoding="utf-8")

    code, _, said = shell.run("corpus", tmp_path / "a.txt", "--out", tmp_path / "nowhere" / "out.npz")

    assert code == 2
    assert "nowhere" in said
