"""The key file: its owner's alone, whole or absent, never shown."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from stillwatch.ingest.keys import create_key, read_key, rotate_key
from stillwatch.model.errors import KeyFileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "stillwatch.key"


def test_a_new_key_is_readable_by_its_owner_alone_and_comes_back(path: Path) -> None:
    old = os.umask(0)
    try:
        key = create_key(path)
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == key
    assert key.secret.hex() not in repr(key) + str(key) + key.fingerprint()


def test_an_existing_key_is_never_overwritten(path: Path) -> None:
    key = create_key(path)

    with pytest.raises(KeyFileError, match="exists already; rotate it with `stillwatch key rotate`"):
        create_key(path)
    assert read_key(path) == key


def test_rotation_adds_an_epoch_and_keeps_the_old(path: Path) -> None:
    first, second = create_key(path), rotate_key(path)

    assert (first.epoch, second.epoch) == (1, 2)
    assert (read_key(path), read_key(path, 1)) == (second, first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with pytest.raises(KeyFileError, match=r"no epoch 7; there are \[1, 2\]"):
        read_key(path, 7)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_a_key_others_may_touch_is_refused(path: Path, mode: int) -> None:
    create_key(path)
    path.chmod(mode)

    with pytest.raises(KeyFileError, match=f"others may read the key file .mode {mode:o}.; run: chmod 600"):
        read_key(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"epochs":{}}',
        b'{"epochs":[]}',
        b'{"epochs":{"1":7}}',
        b'{"epochs":{"1":"zz"}}',
        b'{"epochs":{"one":"00"}}',
        b'{"epochs":{"1":"00"}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_key_is_refused_without_showing_it(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(KeyFileError, match=r"is no stillwatch key file|holds no complete key"):
        read_key(path)


def test_a_key_that_is_not_there(path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read: No such file"):
        read_key(path)


def test_half_a_key_is_never_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(KeyFileError, match="cannot be written: No space left"):
        create_key(path)
    assert list(path.parent.iterdir()) == []


def test_a_failed_rotation_leaves_the_old_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = create_key(path)
    written = path.read_text()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))

    with pytest.raises(KeyFileError):
        rotate_key(path)
    assert path.read_text() == written
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert json.loads(written)["epochs"]["1"] == key.secret.hex()


def test_a_key_under_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(KeyFileError, match="cannot be written"):
        create_key(tmp_path / "file" / "stillwatch.key")
    assert (tmp_path / "file").read_text() == "x"


def test_uses_of_one_secret_are_unrelated(path: Path) -> None:
    key = create_key(path)

    assert len({key.derive(label) for label in ("a", "b", "")}) == 3
    assert key.derive("a") == read_key(path).derive("a")
