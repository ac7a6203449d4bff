"""Secret keys of a key holder: one small file an epoch, mode 0600, destroyed when the epoch has ended.

The database remembers every public key, when its key was made and when it was destroyed; a destroyed one is never made
again, even where the clock goes back.

Blind spot: a file is overwritten before it is unlinked, but file systems that copy on write, solid-state disks and
backups may keep older blocks. Keep the folder on an encrypted volume and out of every backup.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import KeyFileError, NotNow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from stillwatch.store.exchange.holder import HolderBase

BYTES: Final = 32
"""Length of a key file (bytes)."""
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of an epoch's key."""

    epoch: int
    """Epoch."""
    public: bytes
    """Public key (32 bytes)."""
    made_ms: int
    """When it was made (ms since 1970)."""
    destroyed_ms: int
    """When it was destroyed (ms since 1970), -1 where it is there."""


def records_of(base: HolderBase) -> tuple[KeyRecord, ...]:
    """Give what a holder's database knows of every key, by epoch."""
    with base.reading() as connection:
        rows = connection.execute("SELECT epoch, public, made_ms, destroyed_ms FROM keys ORDER BY epoch")
        return tuple(KeyRecord(*row) for row in rows)


class KeyFolder:
    """Keys of one holder.

    Parameters
    ----------
    path
        The folder; made with mode 0700 if missing.
    base
        Where public keys and what became of them are recorded.
    public
        Derives the public key of a seed.
    random
        Gives so many random bytes.

    Raises
    ------
    KeyFileError
        The folder cannot be used, or others may read it.
    """

    def __init__(
        self, path: Path, base: HolderBase, public: Callable[[bytes], bytes], random: Callable[[int], bytes]
    ) -> None:
        self.path, self._base, self._public, self._random = path, base, public, random
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = path.stat().st_mode
        except OSError as error:
            raise KeyFileError(f"{path}: the folder of keys cannot be made: {error.strerror}") from error
        if mode & _OTHERS:
            raise KeyFileError(f"{path}: others may read the folder of keys; run: chmod 700 {path}")

    def records(self) -> tuple[KeyRecord, ...]:
        """Give what is known of every key, by epoch."""
        return records_of(self._base)

    def seed(self, epoch: int) -> bytes:
        """Read the secret of an epoch.

        Raises
        ------
        NotNow
            It is destroyed, or was never made.
        KeyFileError
            The file is lost, damaged, of another key, or others may read it.
        """
        record = {one.epoch: one for one in self.records()}.get(epoch)
        if record is None or record.destroyed_ms >= 0:
            raise NotNow(f"epoch {epoch} has no key" if record is None else f"the key of epoch {epoch} is destroyed")
        found = self._read(epoch)
        if not hmac.compare_digest(self._public(found), record.public):
            raise KeyFileError(f"{self._file(epoch)}: this is not the key that was published for epoch {epoch}")
        return found

    def keep(self, wanted: Iterable[int], ended: Callable[[int], bool], now_ms: int) -> tuple[int, ...]:
        """Make the keys that are wanted and missing, destroy those whose epoch has ended.

        Parameters
        ----------
        wanted
            Epochs whose keys answer, and the next one.
        ended
            Whether an epoch has ended.
        now_ms
            Now (ms since 1970).

        Returns
        -------
        tuple of int
            Epochs whose keys were destroyed.

        Notes
        -----
        May be stopped anywhere and be called again: what was half done is finished.
        """
        known = {one.epoch: one for one in self.records()}
        for epoch in wanted:
            if epoch not in known:
                self._make(epoch, now_ms)
        due = [one.epoch for one in known.values() if one.destroyed_ms < 0 and ended(one.epoch)]
        for epoch in due:
            self.destroy(epoch, now_ms)
        return tuple(due)

    def destroy(self, epoch: int, now_ms: int) -> None:
        """Overwrite and unlink a key, then record that it is gone."""
        file, gone = self._file(epoch), self._file(epoch).with_suffix(".gone")
        try:
            # Renamed first: a half-overwritten file must never be taken for a key.
            if file.exists():
                file.replace(gone)
                self._sync()
            if gone.exists():
                with gone.open("r+b", buffering=0) as opened:
                    opened.write(self._random(BYTES))
                    os.fsync(opened.fileno())
                gone.unlink()
                self._sync()
        except OSError as error:
            raise KeyFileError(f"{file}: the key could not be destroyed: {error.strerror}") from error
        with self._base.writing() as connection:
            connection.execute("UPDATE keys SET destroyed_ms = ? WHERE epoch = ? AND destroyed_ms < 0", (now_ms, epoch))

    def _make(self, epoch: int, now_ms: int) -> None:
        file = self._file(epoch)
        # A file without a record is a key that nobody has been told of yet: a crash came between.
        if not file.exists():
            new = file.with_suffix(".new")
            try:
                new.unlink(missing_ok=True)
                with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                    opened.write(self._random(BYTES))
                    opened.flush()
                    os.fsync(opened.fileno())
                new.replace(file)
                self._sync()
            except OSError as error:
                raise KeyFileError(f"{file}: the key cannot be written: {error.strerror}") from error
        public = self._public(self._read(epoch))
        with self._base.writing() as connection:
            connection.execute("INSERT INTO keys (epoch, public, made_ms) VALUES (?, ?, ?)", (epoch, public, now_ms))

    def _read(self, epoch: int) -> bytes:
        file = self._file(epoch)
        try:
            mode, found = file.stat().st_mode, file.read_bytes()
        except OSError as error:
            raise KeyFileError(f"{file}: the key of epoch {epoch} cannot be read: {error.strerror}") from error
        if mode & _OTHERS:
            raise KeyFileError(f"{file}: others may read the key (mode {mode & 0o777:o}); run: chmod 600 {file}")
        if len(found) != BYTES:
            raise KeyFileError(f"{file}: the key of epoch {epoch} is damaged")
        return found

    def _file(self, epoch: int) -> Path:
        return self.path / f"epoch-{epoch:06d}.key"

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
