"""What a hub does by itself: signs its log, makes and destroys keys in time, closes epochs; all of it is in the log."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Final

from stillwatch.config import DEFAULT
from stillwatch.model.errors import StillwatchError
from stillwatch.serve.hub.closing import KEPT_EPOCHS, RULE, close_due
from stillwatch.serve.hub.combining import combine_due
from stillwatch.serve.hub.log import publish, record
from stillwatch.store.exchange.keys import records_of
from stillwatch.store.exchange.matching import outcome
from stillwatch.store.exchange.offered import joined_as

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from stillwatch.serve.hub.oblivious import Oblivious
    from stillwatch.store.exchange.file import HubFile
    from stillwatch.store.exchange.tag_base import TagBase

EVERY_S: Final = 1.0
"""Pause between two rounds (s)."""
_LOG: Final = logging.getLogger(__name__)


def key_entry(connection: sqlite3.Connection, epoch: int) -> int | None:
    """Give the number of the entry of the log that shows the public key of an epoch, None where there is none yet."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (f"logged key {epoch}",)).fetchone()
    return int(row[0]) if row else None


class Tending:
    """One round after the other, until cancelled.

    Parameters
    ----------
    file
        The hub's file.
    origin, key
        The log's name and key.
    oblivious
        Keys and tags; None where this hub matches nothing.
    clock_us
        Now (us since 1970).
    """

    def __init__(
        self,
        file: HubFile,
        origin: str,
        key: Ed25519PrivateKey,
        oblivious: Oblivious | None,
        clock_us: Callable[[], int],
    ) -> None:
        self._file, self._origin, self._key = file, origin, key
        self._oblivious, self._clock = oblivious, clock_us

    def round(self) -> None:
        """Do what is due now."""
        if self._oblivious is not None:
            self._keep(self._oblivious)
        with self._file.writing() as connection:
            publish(connection, self._origin, self._key, self._clock())

    def _keep(self, oblivious: Oblivious) -> None:
        now_ms = self._clock() // 1_000
        for epoch in oblivious.holder.keep(now_ms):
            _LOG.warning("the key of epoch %d is destroyed", epoch)
        close_due(oblivious.tags, oblivious.calendar, RULE, now_ms)
        combine_due(oblivious.tags, oblivious.calendar, DEFAULT, now_ms)
        current = oblivious.calendar.current(now_ms)
        last = range(max(current.number - KEPT_EPOCHS, 1), current.number) if current else ()
        with self._file.writing() as connection:
            # Read back, not handed on: who was stopped between closing and logging logs it now.
            for epoch in last:
                self._log_end(connection, oblivious.tags, epoch)
            for key in records_of(oblivious.base):
                body: dict[str, object] = {
                    "epoch": key.epoch,
                    "holder": oblivious.holder.name,
                    "public_key": key.public.hex(),
                }
                self._once(connection, f"key {key.epoch}", "epoch-key", body)
                if key.destroyed_ms >= 0:
                    self._once(
                        connection, f"destroyed {key.epoch}", "epoch-key", {**body, "destroyed_ms": key.destroyed_ms}
                    )

    def _log_end(self, connection: sqlite3.Connection, tags: TagBase, epoch: int) -> None:
        one, joined = outcome(tags, epoch), joined_as(tags, epoch)
        if one:
            body = {"epoch": epoch, "submissions": one.digest.hex(), "matched": one.matched, "at_ms": one.at_ms}
            self._once(connection, f"closed {epoch}", "epoch-close", body)
        if joined:
            told = {"epoch": epoch, "offers": joined.digest.hex(), "joint": joined.campaigns, "at_ms": joined.at_ms}
            self._once(connection, f"joined {epoch}", "epoch-close", told)

    def _once(self, connection: sqlite3.Connection, name: str, kind: str, body: dict[str, object]) -> None:
        """Log what happened, in the transaction that remembers it: neither twice nor never."""
        if connection.execute("SELECT 1 FROM settings WHERE name = ?", (f"logged {name}",)).fetchone():
            return
        at = record(connection, [(kind, body)], self._clock(), secrets.token_bytes)
        connection.execute("INSERT INTO settings VALUES (?, ?)", (f"logged {name}", str(at).encode()))

    async def forever(self) -> None:
        """Tend until cancelled; what goes wrong is logged and tried again."""
        if self._oblivious is not None:
            await asyncio.to_thread(self._oblivious.workers.warm)
        while True:
            try:
                await asyncio.to_thread(self.round)
            except StillwatchError as error:
                _LOG.error("%s", error)
            except Exception:  # noqa: BLE001 - a fault of ours must not end keys and epochs
                _LOG.exception("a round of the hub failed; it is tried again")
            await asyncio.sleep(EVERY_S)
