from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from evaluate.tiny_sources import NAMES, ROWS, rows, write_source
from stillwatch.evaluate.sources import answer_tokens, read_source, read_sources
from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.evaluate.sources import Source


def changed(name: str, **columns: object) -> list[dict]:
    return [row | columns for row in rows(name)]


def test_a_folder_is_read_by_name(sources: tuple[Source, ...]) -> None:
    assert tuple(source.name for source in sources) == NAMES
    assert [source.cls for source in sources] == [*"AAAABBCCC"]
    assert {source.subtype for source in sources if source.cls == "A"} == {"instructions", "code"}


def test_rows_keep_their_order_and_their_values(sources: tuple[Source, ...]) -> None:
    for source in sources:
        made = rows(source.name)
        assert [text.decode() for text in source.prompt.to_pylist()] == [row["prompt"] for row in made]
        assert source.turn.tolist() == [row["turn"] + 1 for row in made]
        assert source.lang == tuple(row["lang"] for row in made)
        assert (source.system.null_count == ROWS) == (source.cls != "C")


def test_a_unit_is_a_source_a_conversation_or_a_task(sources: tuple[Source, ...]) -> None:
    for source in sources:
        sizes = [unit.shape[0] for unit in source.units]
        assert sizes == ([40, 40, 40] if source.cls == "B" else [ROWS])
        assert sorted(np.concatenate(source.units).tolist()) == list(range(ROWS))


def test_people_without_a_conversation_come_in_runs_and_with_an_account_each_for_himself(tmp_path: Path) -> None:
    loose = read_source(write_source(tmp_path, "loose", changed("b1", conv_id=None)))
    mixed = changed("b1", conv_id=None)
    for k, row in enumerate(mixed):
        row["account_id"] = f"p{k % 3}"
    people = read_source(write_source(tmp_path, "people", mixed))

    assert [unit.tolist() for unit in loose.units] == [list(range(60)), list(range(60, 120))]
    assert [unit.tolist() for unit in people.units] == [list(range(k, 120, 3)) for k in range(3)]


def test_machines_are_told_apart_by_account_or_task(tmp_path: Path) -> None:
    mixed = changed("c1")
    for k, row in enumerate(mixed):
        row["extra"] = f'{{"task": "t{k % 2}", "other": {k}}}'
    tasks = read_source(write_source(tmp_path, "tasks", mixed))

    assert [unit.shape[0] for unit in tasks.units] == [60, 60]
    assert len(read_source(write_source(tmp_path, "none", changed("c1", extra=None))).units) == 1
    assert len(read_source(write_source(tmp_path, "list", changed("c1", extra="[1]"))).units) == 1


def test_tokens_are_a_quarter_of_narrow_and_most_of_wide_characters() -> None:
    text = pa.array(["word " * 20, "水着" * 50, None, "abc"])

    found = answer_tokens(text, np.array([1000.0, 1000.0, np.nan, 0.0]))

    assert found.tolist() == [250, 900, -1, -1]
    assert answer_tokens(pa.array(["a"]), np.array([1.0])).tolist() == [1]


def test_collections_of_prompts_are_nobodys_requests(tmp_path: Path) -> None:
    write_source(tmp_path, "a", rows("a1"))
    write_source(tmp_path, "library", changed("b1", subtype="prompt_library"))

    assert [source.name for source in read_sources(tmp_path)] == ["a1"]


def test_a_missing_column_a_class_that_is_none_and_damage_are_named(tmp_path: Path) -> None:
    short = rows("a1")
    for row in short:
        del row["turn"]
    write_source(tmp_path, "short", short)
    write_source(tmp_path, "strange", changed("a1", cls="D"))
    write_source(tmp_path, "broken", changed("c1", extra="{"))
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")

    for name, why in (
        ("short", "no prompt source.*turn"),
        ("strange", "'D' is none of A, B and C"),
        ("broken", "extra is no JSON"),
        ("torn", "no prompt source"),
    ):
        with pytest.raises(FormatError, match=rf"{name}\.parquet: .*{why}"):
            read_source(tmp_path / f"{name}.parquet")


def test_a_folder_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the folder of prompt sources"):
        read_sources(tmp_path)
