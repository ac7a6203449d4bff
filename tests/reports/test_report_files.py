"""Files are whole or absent, and a failure says what to do."""

import errno
import os

import pytest

from stillwatch.model.errors import StoreError
from stillwatch.reports.files import write_atomically


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


def test_bytes_and_functions_are_written(tmp_path):
    write_atomically(tmp_path / "one", b"first")
    write_atomically(tmp_path / "one", lambda file: file.write(b"second") and None)
    assert (tmp_path / "one").read_bytes() == b"second"
    assert leftovers(tmp_path) == ["one"]


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "one", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permissions"),
        (errno.EIO, "Input/output"),
    ],
)
def test_failure_in_the_middle_keeps_the_old_file(tmp_path, code, advice):
    path = tmp_path / "report.html"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"half")
        file.flush()
        raise OSError(code, os.strerror(code))

    with pytest.raises(StoreError, match=advice) as caught:
        write_atomically(path, write)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == ["report.html"]


def test_full_disk_found_by_sync(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="free some room"):
        write_atomically(tmp_path / "one", b"bytes")
    assert leftovers(tmp_path) == []


def test_read_only_folder(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreError, match="may not be written"):
        write_atomically(tmp_path / "one", b"bytes")


def test_missing_folder_and_folder_in_the_way(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        write_atomically(tmp_path / "none" / "one", b"")
    (tmp_path / "taken").mkdir()
    with pytest.raises(StoreError, match="in the way"):
        write_atomically(tmp_path / "taken", b"")
    assert leftovers(tmp_path) == ["taken"]


def test_interrupt_leaves_nothing(tmp_path):
    def write(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "one", write)
    assert leftovers(tmp_path) == []
