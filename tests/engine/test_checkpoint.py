"""A checkpoint folder: after a crash at any step the old one or the new one is there, whole."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.engines import SMALL, engine, fold_all, held
from sketches.events import KEYS, events
from stillwatch.engine import LocalEngine, checkpoint
from stillwatch.model.errors import CheckpointError, StoreError
from stillwatch.sketches.corpus import NO_CORPUS, room_for
from stillwatch.sketches.state import Keys
from stillwatch.sketches.tables import with_corpus

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.config import Config

ROWS = events(3, 120, accounts=12)
TINY = replace(SMALL, buckets=2)
OLD, NEW = ROWS[:60], ROWS
OPENING = ((os, "open"), (Path, "open"))
CHANGING = ((os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir"), (shutil, "rmtree"))


class KilledError(BaseException):
    """The end of the program: nothing after it runs."""


def written(folder: Path, rows: list[dict[str, Any]], config: Config = TINY) -> list[tuple[str, bytes]]:
    with engine(config) as made:
        fold_all(made, rows)
        made.checkpoint(folder)
        return held(made)


def restored(folder: Path, keys: Keys = KEYS, config: Config = TINY) -> LocalEngine:
    made = LocalEngine.restore(folder, keys, config)
    made._pool.shutdown()
    return made


def kill_at(monkeypatch: pytest.MonkeyPatch, step: int, *, before: bool) -> list[str]:
    """Let every call that touches the disk count as a step, and end the program at one of them."""
    done: list[str] = []

    def watched(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*args: Any, **kwargs: Any) -> Any:
            done.append(name)
            if before and len(done) == step:
                raise KilledError
            result = call(*args, **kwargs)
            if not before and len(done) == step:
                raise KilledError
            return result

        return stepping

    # After an opening there is nothing to see that is not seen before the step that follows it.
    for owner, name in (*OPENING, *CHANGING) if before else CHANGING:
        monkeypatch.setattr(owner, name, watched(name, getattr(owner, name)))
    return done


def test_a_restored_engine_holds_the_same_and_goes_on_alike(tmp_path: Path) -> None:
    with engine() as made:
        fold_all(made, OLD)
        made.checkpoint(tmp_path / "state")
        back = restored(tmp_path / "state", config=SMALL)
        back._pool = made._pool
        assert held(back) == held(made)
        fold_all(made, NEW)
        fold_all(back, NEW)
        assert held(back) == held(made)
        assert len(back) == 12


def test_events_seen_before_the_restart_count_no_second_time(tmp_path: Path) -> None:
    written(tmp_path, NEW)
    back = LocalEngine.restore(tmp_path, KEYS, TINY)
    before = held(back)
    fold_all(back, NEW)
    back._pool.shutdown()
    assert held(back) == before


def test_the_newest_checkpoint_counts_and_the_older_is_gone(tmp_path: Path) -> None:
    first = written(tmp_path, OLD)
    assert held(restored(tmp_path)) == first
    second = written(tmp_path, NEW)
    assert held(restored(tmp_path)) == second != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "stillwatch-generation-000002"]


def test_the_same_events_give_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path / name, NEW)
    a, b = (sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("a", "b"))
    assert [path.name for path in a] == [path.name for path in b]
    assert [path.read_bytes() for path in a] == [path.read_bytes() for path in b]
    assert len(a) == 2 * TINY.buckets + 3


def test_only_its_owner_may_look_into_it(tmp_path: Path) -> None:
    written(tmp_path / "state", OLD)
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def count_steps(folder: Path, *, before: bool) -> int:
    with pytest.MonkeyPatch.context() as patch:
        done = kill_at(patch, 0, before=before)
        written(folder, OLD)
    return len(done)


def what_is_there(folder: Path, old: LocalEngine, new: LocalEngine) -> str:
    if not (folder / "manifest.json").exists():
        with pytest.raises(CheckpointError, match="no checkpoint"):
            restored(folder)
        return "none"
    found = held(restored(folder))
    assert found in (held(old), held(new))
    return "new" if found == held(new) else "old"


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_a_crash_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, *, first: bool, before: bool) -> None:
    if not first:
        written(tmp_path / "count", OLD)
    steps = count_steps(tmp_path / "count", before=before)
    with engine(TINY) as old, engine(TINY) as new:
        fold_all(old, OLD)
        fold_all(new, NEW)
        seen = set()
        for step in range(1, steps + 1):
            folder = tmp_path / str(step)
            if not first:
                old.checkpoint(folder)
            with pytest.MonkeyPatch.context() as patch:
                kill_at(patch, step, before=before)
                with pytest.raises(KilledError):
                    new.checkpoint(folder)
            seen.add(what_is_there(folder, old, new))
            new.checkpoint(folder)
            assert held(restored(folder)) == held(new)
            left = [path.name for path in folder.iterdir()]
            assert len(left) == 2, left
        assert seen == {"none" if first else "old", "new"}


@pytest.mark.parametrize("name", ["bucket-00000.state", "bucket-00001.recent", "artefacts", "prints", "manifest.json"])
def test_any_damage_to_any_file_is_noticed(tmp_path: Path, name: str) -> None:
    written(tmp_path, OLD)
    (path,) = tmp_path.rglob(name)
    whole = path.read_bytes()
    step = max(1, len(whole) // 60)
    torn = [whole[:size] for size in range(0, len(whole), step)] + [whole + b"\n"]
    torn += [whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :] for at in range(0, len(whole), step)]
    for content in torn:
        path.write_bytes(content)
        with pytest.raises(CheckpointError):
            restored(tmp_path)
    path.unlink()
    with pytest.raises(CheckpointError):
        restored(tmp_path)
    path.write_bytes(whole)
    restored(tmp_path)


def test_files_of_another_generation_are_not_mixed_in(tmp_path: Path) -> None:
    for name, rows in (("a", OLD), ("b", NEW)):
        written(tmp_path / name, rows)
    place = "stillwatch-generation-000001/bucket-00000.state"
    shutil.copy(tmp_path / "b" / place, tmp_path / "a" / place)
    with pytest.raises(CheckpointError, match=r"bucket-00000.state is not what was written"):
        restored(tmp_path / "a")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"buckets": 3}, "buckets 2, this run has 3"),
        ({"text_limit_bytes": 64}, "text_limit_bytes 2048, this run has 64"),
        ({"dedupe_window": 5000}, "dedupe_window 4096, this run has 5000"),
        ({"artefact_pairs": 9}, "artefact_pairs 500, this run has 9"),
        ({"print_pairs": 9}, "print_pairs 500, this run has 9"),
    ],
)
def test_other_settings_are_refused_by_name(tmp_path: Path, changed: dict[str, int], said: str) -> None:
    written(tmp_path, OLD)
    with pytest.raises(CheckpointError, match=said):
        restored(tmp_path, config=replace(TINY, **changed))
    restored(tmp_path, config=replace(TINY, threads=1, prior_bits=-3.0))


def test_another_key_is_refused(tmp_path: Path) -> None:
    written(tmp_path, OLD)
    with pytest.raises(CheckpointError, match="another key file"):
        restored(tmp_path, Keys(1, 2))


def test_other_tables_of_the_text_pass_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, OLD)
    shipped = with_corpus(NO_CORPUS)
    for name, other in (
        ("words", shipped._replace(words=shipped.words[1:])),
        ("phrases", shipped._replace(phrases=shipped.phrases._replace(keys=shipped.phrases.keys[1:]))),
        ("corpus", shipped._replace(corpus=room_for(100))),
    ):
        monkeypatch.setattr("stillwatch.engine.local.with_corpus", lambda _, other=other: other)
        with pytest.raises(CheckpointError, match=name):
            restored(tmp_path)


def test_another_format_is_refused_and_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, OLD)
    monkeypatch.setattr(checkpoint, "FORMAT_VERSION", 2)
    for attempt in (restored, lambda folder: written(folder, NEW)):
        with pytest.raises(CheckpointError, match="format 1, this version reads 2"):
            attempt(tmp_path)


def test_a_manifest_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
    with pytest.raises(CheckpointError, match="manifest is damaged"):
        written(tmp_path, OLD)
    assert json.loads((tmp_path / "manifest.json").read_text()) == {"name": "a web app"}


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    (tmp_path / "writing").mkdir()
    written(tmp_path, OLD)
    written(tmp_path, NEW)
    assert (tmp_path / "notes").read_text() == "mine"
    assert (tmp_path / "writing").is_dir()


def test_a_full_disk_is_our_stores_error_and_the_old_one_still_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(tmp_path, OLD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device; the one before still counts"):
        written(tmp_path, NEW)
    assert held(restored(tmp_path)) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "stillwatch-generation-000001"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        written(tmp_path / "file" / "state", OLD)
    with pytest.raises(CheckpointError, match="nowhere"):
        restored(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="cannot be read"):
        restored(tmp_path / "file")
