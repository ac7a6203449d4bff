from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

import pytest

from stillwatch.model.errors import KeyFileError, NotNow, StoreError, StoreTorn
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.store.database import Database
from stillwatch.store.exchange.holder import HolderBase
from stillwatch.store.exchange.keys import KeyFolder

PUBLIC = Voprf().public_key


@pytest.fixture
def base(tmp_path):
    opened = HolderBase(tmp_path / "holder.db")
    yield opened
    opened.close()


def folder_of(base, random=secrets.token_bytes):
    return KeyFolder(base.path.parent / "keys", base, PUBLIC, random)


def files(folder):
    return sorted(one.name for one in folder.path.iterdir())


def kept(folder, wanted, ended=(), now_ms=5):
    return folder.keep(wanted, lambda epoch: epoch in ended, now_ms)


def test_keys_are_made_once_and_only_their_owner_reads_them(base):
    folder = folder_of(base)
    kept(folder, [1, 2])
    seed = folder.seed(1)
    kept(folder, [1, 2])
    assert folder.seed(1) == seed != folder.seed(2)
    assert [one.public for one in folder.records()] == [PUBLIC(folder.seed(1)), PUBLIC(folder.seed(2))]
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in folder.path.iterdir()} == {0o600}


def test_an_ended_key_is_overwritten_unlinked_recorded_and_never_made_again(base):
    folder = folder_of(base)
    kept(folder, [1, 2])
    seed = folder.seed(1)
    held = (folder.path / "epoch-000001.key").open("rb")
    assert kept(folder, [2, 3], ended=[1], now_ms=9) == (1,)
    # What was written over the secret is seen through a handle from before.
    with held:
        assert held.read() not in (b"", seed)
    assert files(folder) == ["epoch-000002.key", "epoch-000003.key"]
    assert [one.destroyed_ms for one in folder.records()] == [9, -1, -1]
    with pytest.raises(NotNow, match="destroyed"):
        folder.seed(1)
    # The clock went back: the epoch is wanted again and stays without a key.
    assert kept(folder, [1, 2]) == ()
    with pytest.raises(NotNow):
        folder.seed(1)
    assert kept(folder, [2, 3], ended=[1], now_ms=9) == ()


class Stopped(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("at", range(1, 8))
def test_a_destruction_stopped_anywhere_is_finished_later(base, monkeypatch, at):
    folder = folder_of(base)
    kept(folder, [1])
    seed = folder.seed(1)
    steps = iter(range(1, 100))

    def stopping(function):
        def run(*args, **named):
            if next(steps) == at:
                raise Stopped
            return function(*args, **named)

        return run

    with monkeypatch.context() as patch, pytest.raises(Stopped):  # noqa: PT012
        patch.setattr(Path, "replace", stopping(Path.replace))
        patch.setattr(Path, "unlink", stopping(Path.unlink))
        patch.setattr(KeyFolder, "_sync", stopping(KeyFolder._sync))
        patch.setattr(folder, "_random", stopping(secrets.token_bytes))
        patch.setattr(base, "writing", stopping(base.writing))
        kept(folder, [], ended=[1])
        raise Stopped
    # Whatever stands there, no other secret answers for the epoch.
    with contextlib.suppress(KeyFileError, NotNow):
        assert folder.seed(1) == seed
    kept(folder, [], ended=[1])
    assert files(folder) == []
    assert folder.records()[0].destroyed_ms >= 0


def test_a_key_whose_record_was_not_written_is_taken_up(base, monkeypatch):
    folder = folder_of(base)
    with monkeypatch.context() as patch, pytest.raises(Stopped):  # noqa: PT012
        patch.setattr(folder, "_public", lambda _: (_ for _ in ()).throw(Stopped()))
        kept(folder, [1])
    written = (folder.path / "epoch-000001.key").read_bytes()
    kept(folder, [1])
    assert folder.seed(1) == written


def test_another_key_than_the_published_one_never_answers(base):
    folder = folder_of(base)
    kept(folder, [1])
    file = folder.path / "epoch-000001.key"
    file.write_bytes(b"x" * 32)
    with pytest.raises(KeyFileError, match="not the key that was published"):
        folder.seed(1)
    file.write_bytes(b"x")
    with pytest.raises(KeyFileError, match="damaged"):
        folder.seed(1)
    file.unlink()
    with pytest.raises(KeyFileError, match="cannot be read"):
        folder.seed(1)
    kept(folder, [1])
    assert not file.exists()


def test_what_others_may_read_is_refused(base):
    folder = folder_of(base)
    kept(folder, [1])
    (folder.path / "epoch-000001.key").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        folder.seed(1)
    folder.path.chmod(0o755)
    with pytest.raises(KeyFileError, match="chmod 700"):
        folder_of(base)


def test_records_of_keys_are_only_added_to(base):
    folder = folder_of(base)
    kept(folder, [1])
    kept(folder, [], ended=[1])
    for statement in (
        "DELETE FROM keys",
        "UPDATE keys SET destroyed_ms = -1",
        "UPDATE keys SET public = zeroblob(32)",
        "INSERT OR REPLACE INTO keys VALUES (1, zeroblob(32), 0, -1)",
    ):
        with pytest.raises(StoreError), base.writing() as connection:
            connection.execute(statement)


def test_no_database_is_taken_for_another(base, tmp_path):
    Database(tmp_path / "decisions.db").close()
    with pytest.raises(StoreTorn):
        HolderBase(tmp_path / "decisions.db")
    with pytest.raises(StoreTorn):
        Database(base.path)


def test_no_secret_is_in_the_database(base):
    folder = folder_of(base)
    kept(folder, [1])
    seed = folder.seed(1)
    found = b"".join(one.read_bytes() for one in base.path.parent.glob("holder.db*"))
    assert PUBLIC(seed) in found
    assert seed not in found
