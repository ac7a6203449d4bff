"""Files of prompts to a filter: every kind of file, and what is said of broken ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.corpus_build import LIMIT, build_corpus, prompt_files, texts_of
from stillwatch.model.errors import FormatError, InputError
from stillwatch.sketches.corpus import in_corpus, read_corpus, write_corpus
from stillwatch.sketches.text import read_text, scratch
from stillwatch.sketches.words import packed

if TYPE_CHECKING:
    from pathlib import Path

ONE = "Which trees grow well beside a river in a cold valley where it snows?"
TWO = "Write a short story about a lighthouse keeper who repairs old clocks."
THREE = "Größe über Straße: wie schreibt man das in der Schweiz, und warum dort so?"
OTHER = "Sort this list of names by the second letter and then by their length."


def build(paths: list[Path], out: Path) -> tuple[int, int]:
    bits, texts, shingles = build_corpus(paths)
    with out.open("wb") as sink:
        write_corpus(sink, bits, texts, shingles)
    return texts, shingles


def parquet(path: Path, **columns: list[str | None]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def knows(filter_file: Path, text: str) -> bool:
    """Ask the way a scan does."""
    bits, room, buffer = read_corpus(filter_file), scratch(LIMIT), np.frombuffer(text.encode(), np.uint8)
    *_, n = read_text(buffer, 0, buffer.shape[0], LIMIT, np.uint64(0), packed(), room)
    return bool(in_corpus(room.words, n, bits))


def test_prompts_of_every_kind_of_file_in_a_folder_are_known(tmp_path: Path) -> None:
    inner = tmp_path / "sets" / "inner"
    inner.mkdir(parents=True)
    parquet(inner / "a.parquet", prompt=[ONE, None, ""])
    lines(inner / "b.jsonl", {"question": TWO}, {"id": 3})
    (inner.parent / "c.txt").write_text(f"{THREE}\n\n", encoding="utf-8")
    (inner.parent / "notes.md").write_text(OTHER, encoding="utf-8")

    texts, shingles = build([inner.parent], tmp_path / "out.npz")

    assert texts == 3
    assert shingles >= 3
    assert [knows(tmp_path / "out.npz", text) for text in (ONE, TWO, THREE, OTHER)] == [True, True, True, False]


def test_the_first_known_name_counts(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", answer=[OTHER], text=[TWO], prompt=[ONE])
    record = lines(tmp_path / "b.jsonl", {"instruction": THREE, "text": TWO, "prompt": None})

    assert list(texts_of(path)) == [ONE.encode()]
    assert list(texts_of(record)) == [TWO.encode()]


def test_a_long_prompt_is_known_by_its_head_and_tail_as_a_scan_cuts_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    long = " ".join("".join(chr(97 + c) for c in rng.integers(0, 26, 7)) for _ in range(3000))
    lines(tmp_path / "a.jsonl", {"text": long})

    texts, shingles = build([tmp_path / "a.jsonl"], tmp_path / "out.npz")

    assert texts == 1
    assert shingles < 2 * LIMIT / 7
    assert knows(tmp_path / "out.npz", long)
    assert knows(tmp_path / "out.npz", long[:LIMIT] + " something else " + long[-LIMIT:])
    assert not knows(tmp_path / "out.npz", long[LIMIT + 10 : -LIMIT - 10])


def test_the_same_files_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    a, b = lines(tmp_path / "a.jsonl", {"text": ONE}), lines(tmp_path / "b.jsonl", {"text": TWO})
    build([a, b], tmp_path / "one")
    build([b, a, b], tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_progress_counts_prompts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two three\n" * 11_000, encoding="utf-8")
    told: list[int] = []

    build_corpus([tmp_path / "a.txt"], told.append)

    assert told == [5_000, 10_000]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", completion=[ONE])

    with pytest.raises(FormatError, match=r"a\.parquet: no column called prompt, text, question, instruction"):
        list(texts_of(path))


def test_lines_without_a_known_key_are_no_silent_empty_filter(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"completion": ONE})

    with pytest.raises(FormatError, match=r"a\.jsonl: no line has a key called prompt"):
        build_corpus([path])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("broken", ['{"text": "a', "[1, 2]", '"text"', "null", "[" * 100_000, "\x00"])
def test_a_broken_line_is_named_with_its_file(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": ONE}) + "\n\n" + broken + "\n", encoding="utf-8")

    with pytest.raises(FormatError, match=r"a\.jsonl: line 3 is no JSON"):
        list(texts_of(path))


def test_a_half_of_a_character_pair_does_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "lone \\ud800 half"}\n', encoding="utf-8")

    assert list(texts_of(path)) == [b"lone ? half"]


@pytest.mark.parametrize("body", [b"", b"PAR1 and no more", b"text"])
def test_a_damaged_parquet_file_is_named(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(body)

    with pytest.raises(FormatError, match=r"a\.parquet: not readable"):
        list(texts_of(tmp_path / "a.parquet"))


def test_a_column_that_holds_no_text_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [[1, 2]]}), tmp_path / "a.parquet")

    with pytest.raises(FormatError, match=r"a\.parquet: not readable"):
        list(texts_of(tmp_path / "a.parquet"))


def test_folders_are_read_by_name_once_and_folders_named_like_files_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "looks.txt").mkdir()
    for name in ("b.txt", "a.jsonl", "c.csv"):
        (tmp_path / name).write_text("{}", encoding="utf-8")

    assert [path.name for path in prompt_files([tmp_path, tmp_path / "b.txt"])] == ["a.jsonl", "b.txt"]


def test_a_path_that_is_not_there_or_holds_no_prompts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        prompt_files([tmp_path / "nowhere"])
    with pytest.raises(InputError, match=r"no prompts there; files end in \.parquet"):
        prompt_files([tmp_path])
