"""An exchange on this machine, to try things out: hub, custodian and members on loopback, and a clock that moves on.

Everything is what members and operators run; only time is not waited for.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import uvicorn

from stillwatch.model.membership import EVERY_PURPOSE, Member, Role, State, Tlp
from stillwatch.serve.custodian.admission import BearerWho
from stillwatch.serve.custodian.app import Custodian
from stillwatch.serve.custodian.evaluating import Bounds, Evaluating, Holder
from stillwatch.serve.custodian.workers import Workers
from stillwatch.serve.hub.oblivious import holder_file
from stillwatch.serve.hub.served import ServedHub, log_key, origin_of
from stillwatch.serve.hub.settings import HubSettings
from stillwatch.serve.member.membership import join
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.sharing.transparency.note import SIGNED, Verifier
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import add_collection, set_group
from stillwatch.store.exchange.holder import HolderBase, admit, members_of, settle_calendar
from stillwatch.store.exchange.keys import KeyFolder
from stillwatch.store.exchange.members import invite
from stillwatch.store.member.file import MemberFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stillwatch.serve.member.membership import Membership
    from stillwatch.sharing.oblivious.epochs import Calendar

GROUP: Final = "labs"
COLLECTION: Final = "Campaigns"
_HOST: Final = "127.0.0.1"
_START_S: Final = 60.0


@dataclass
class MovedClock:
    """The machine's clock, moved on where nobody wants to wait."""

    ahead_us: int = 0
    """How far (us)."""

    def __call__(self) -> int:
        """Read it (us since 1970)."""
        return time.time_ns() // 1_000 + self.ahead_us

    def forward_to(self, at_ms: int) -> None:
        """Move it on to a moment (ms since 1970), never back."""
        self.ahead_us += max(0, at_ms * 1_000 - self())


@dataclass(frozen=True, slots=True)
class Part:
    """One member that takes part."""

    file: MemberFile
    """Its file."""
    membership: Membership
    """Who it is."""


class _Served:
    """One server in a thread."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind((_HOST, 0))
        self.base = f"http://{_HOST}:{self._socket.getsockname()[1]}"

    def start(self, app: object) -> None:
        config = uvicorn.Config(app, log_level="error", access_log=False, ws="none", server_header=False)  # type: ignore[arg-type]
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[self._socket])), daemon=True
        )
        self._thread.start()
        end = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise RuntimeError(f"{self.base}: the server did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(_START_S)


@dataclass
class Rehearsal:
    """One exchange.

    Parameters
    ----------
    folder
        Where hub, custodian and members keep their files.
    names
        Members.
    calendar
        When epochs are.
    clock
        Everybody's clock.
    """

    folder: Path
    names: Sequence[str]
    calendar: Calendar
    clock: MovedClock = field(default_factory=MovedClock)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        store = self.folder / "hub.db"
        hub_at, custodian_at = _Served(), _Served()
        invitations = self._settled(store)
        holding = self._custodian()
        self.hub = ServedHub(store, HubSettings(hub_at.base, rate_per_s=1_000, burst=10_000), self.clock)
        """The hub."""
        self._servers = (hub_at, custodian_at)
        hub_at.start(self.hub.app)
        custodian_at.start(holding)
        self.hub.tending.round()
        self.parts: Mapping[str, Part] = {
            name: self._joined(name, invitations[name], hub_at.base, custodian_at.base) for name in self.names
        }
        """Members by name."""

    def _settled(self, store: Path) -> Mapping[str, str]:
        """Make the hub's file with members, a group of all and a collection; gives invitations."""
        file, made, now_us = HubFile(store), {}, self.clock()
        try:
            with file.writing() as connection:
                numbers = []
                for name in self.names:
                    made[name] = secrets.token_urlsafe(32)
                    roles = Role.READER | Role.CONTRIBUTOR
                    asked = Member(0, str(uuid.uuid4()), name, State.INVITED, roles, Tlp.AMBER, EVERY_PURPOSE)
                    numbers.append(invite(connection, asked, made[name].encode(), now_us).number)
                group = set_group(connection, str(uuid.uuid4()), GROUP, numbers, now_us)
                add_collection(connection, str(uuid.uuid4()), COLLECTION, "What members found.", group)
                self._log_key = log_key(connection)
        finally:
            file.close()
        base = HolderBase(holder_file(store))
        settle_calendar(base, self.calendar.start_ms, self.calendar.length_ms, self.calendar.overlap_ms)
        base.close()
        return made

    def _custodian(self) -> Custodian:
        def now_ms() -> int:
            return self.clock() // 1_000

        base = HolderBase(self.folder / "custodian.db")
        settle_calendar(base, self.calendar.start_ms, self.calendar.length_ms, self.calendar.overlap_ms)
        keys = KeyFolder(self.folder / "custodian-keys", base, Voprf().public_key, secrets.token_bytes)
        holder = Holder("custodian", base, keys, self.calendar)
        holder.keep(now_ms())
        self._custodian_base, workers = base, Workers(1)
        evaluating = Evaluating(holder, BearerWho(lambda: members_of(base)), Bounds(), workers, now_ms)
        return Custodian(holder, evaluating, workers, now_ms)

    def _joined(self, name: str, invitation: str, hub: str, custodian: str) -> Part:
        secret = secrets.token_urlsafe(32)
        admit(self._custodian_base, name.lower().replace(" ", "-"), secret, self.clock() // 1_000)
        origin = origin_of(hub)
        verifier = str(Verifier(origin, SIGNED, self._log_key.public_key().public_bytes_raw()))
        file = MemberFile(self.folder / f"{name.lower().replace(' ', '-')}.db")
        return Part(file, join(file, hub, invitation, (custodian, secret), verifier, self.clock))

    def epoch_over(self, number: int) -> None:
        """Move the clock behind the close of an epoch, and let the hub compare."""
        self.clock.forward_to(self.calendar.epoch(number).closes_ms + 1)
        self.hub.tending.round()

    def close(self) -> None:
        """Stop everything."""
        for one in self._servers:
            one.stop()
        for part in self.parts.values():
            part.file.close()
        self.hub.close()
        self._custodian_base.close()
