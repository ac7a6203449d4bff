"""A hub with all its parts, as it is served: objects, log, oblivious matching, joint detection, and what tends them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillwatch.serve.hub.account_routes import RECORD, AccountRoutes
from stillwatch.serve.hub.app import Hub
from stillwatch.serve.hub.description import OPENAPI, DescriptionRoute
from stillwatch.serve.hub.judging import mounts
from stillwatch.serve.hub.key_routes import KEYS, KeyRoutes
from stillwatch.serve.hub.log import record
from stillwatch.serve.hub.log_routes import LogRoutes
from stillwatch.serve.hub.oblivious import Oblivious, holder_file
from stillwatch.serve.hub.statistics import STATISTICS, StatisticsRoutes
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.serve.hub.tending import Tending
from stillwatch.serve.hub.unmask_routes import UNMASK, UnmaskRoutes
from stillwatch.sharing.stix.check import problems
from stillwatch.sharing.stix.plain import plain
from stillwatch.store.exchange.detectors import checking, registered
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import setting
from stillwatch.store.exchange.subjects import nobody

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stillwatch.model.exchange import Record
    from stillwatch.serve.hub.settings import HubSettings
    from stillwatch.sharing.transparency.note import Verifier
    from stillwatch.store.exchange.held import Flood

LOG: Final = "/log/"


def log_key(connection: sqlite3.Connection) -> Ed25519PrivateKey:
    """Give the key of the log; it lies in the hub's file, and whoever reads that can sign in its name."""
    return Ed25519PrivateKey.from_private_bytes(setting(connection, "log key", secrets.token_bytes(32)))


def origin_of(base: str) -> str:
    """Name the log after the hub's public address.

    Examples
    --------
    >>> origin_of("https://hub.example:8480/")
    'hub.example:8480/log'
    """
    return base.split("://", 1)[-1].rstrip("/") + "/log"


class ServedHub:
    """One hub.

    Parameters
    ----------
    path
        Its file; the others lie beside it.
    settings
        What the operator set.
    clock
        Now (us since 1970).
    witnesses
        Whose signatures of the log are taken.
    flood
        From how many objects a day what a member sends is held.
    """

    def __init__(
        self,
        path: Path,
        settings: HubSettings,
        clock: Callable[[], int],
        witnesses: Sequence[Verifier] = (),
        flood: Flood | None = None,
    ) -> None:
        self._clock = clock
        self.file = HubFile(path, create=False)
        with self.file.writing() as connection:
            key, signing = setting(connection, "next key", secrets.token_bytes(32)), log_key(connection)
        submitting = Submitting(check=problems, plain=plain, appended=self._logged, flood=flood)
        self.app = Hub(settings, self.file, key, clock, submitting, self._logged)
        """The ASGI application."""
        self.app.mounts[LOG] = LogRoutes(self.file, witnesses, lambda: clock() // 1_000_000)
        self.oblivious = Oblivious(path, lambda: clock() // 1_000) if holder_file(path).exists() else None
        """Keys and tags; None where this hub matches nothing."""
        if self.oblivious is not None:
            self.app.mounts |= self.oblivious.mounts(self.app.acting, self._known)
        concerns = self.oblivious.concerns if self.oblivious is not None else nobody
        self.app.mounts |= mounts(self.app, self.file, submitting.taking, concerns)
        self.app.mounts |= {
            KEYS: KeyRoutes(self.app, self._logged),
            UNMASK: UnmaskRoutes(self.app, self._logged, self._others),
            RECORD: AccountRoutes(self.app, self.oblivious.tags if self.oblivious is not None else None),
            STATISTICS: StatisticsRoutes(self.app),
            OPENAPI: DescriptionRoute(),
        }
        self.tending = Tending(self.file, origin_of(settings.base), signing, self.oblivious, clock)
        """What it does by itself."""

    def _logged(self, connection: sqlite3.Connection, records: Sequence[Record]) -> int:
        return record(connection, [(one.kind, one.body) for one in records], self._clock(), secrets.token_bytes)

    def _known(self, sha256: str) -> bool:
        with self.file.reading() as connection:
            return not checking(connection) or registered(connection, sha256)

    def _others(self, subject: str, member: str) -> frozenset[str] | None:
        """Give the others in a joint campaign; None to who is not in it."""
        if self.oblivious is None or not self.oblivious.concerns(None, member, subject):
            return None
        return self.oblivious.others(subject, member)

    def close(self) -> None:
        """Stop threads and workers, close the files."""
        self.app.close()
        if self.oblivious is not None:
            self.oblivious.close()
        self.file.close()
