"""A hub with everything that members and the public are owed: a log, tags, all routes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from serve.hub.hubs import START, World, world
from stillwatch.serve.hub.account_routes import RECORD, AccountRoutes
from stillwatch.serve.hub.description import OPENAPI, DescriptionRoute
from stillwatch.serve.hub.judging import mounts
from stillwatch.serve.hub.key_routes import KEYS, KeyRoutes
from stillwatch.serve.hub.log import record
from stillwatch.serve.hub.log_routes import LogRoutes
from stillwatch.serve.hub.oblivious import members_of
from stillwatch.serve.hub.offer_routes import COMMITMENTS, JOINT, OFFERS, WITHDRAW, OfferRoutes
from stillwatch.serve.hub.statistics import STATISTICS, StatisticsRoutes
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.serve.hub.tag_routes import MATCHES, TAGS, TagRoutes
from stillwatch.serve.hub.unmask_routes import UNMASK, UnmaskRoutes
from stillwatch.sharing.oblivious.epochs import Calendar
from stillwatch.sharing.stix.plain import plain
from stillwatch.store.exchange.tag_base import TagBase

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from stillwatch.model.exchange import Record
    from stillwatch.store.exchange.held import Flood

DAY_MS = 86_400_000
CALENDAR = Calendar(START // 1_000 - DAY_MS, 7 * DAY_MS, DAY_MS)


@dataclass
class Rights:
    world: World
    tags: TagBase
    told: list[Record] = field(default_factory=list)

    def close(self) -> None:
        self.world.hub.close()
        self.world.file.close()
        self.tags.close()

    def concerns(self, connection: object, member: str, subject: str) -> bool:
        del connection
        return bool(members_of(self.tags, subject, member))

    def logged(self, connection: sqlite3.Connection, records: Sequence[Record]) -> int:
        self.told += records
        return record(connection, [(one.kind, one.body) for one in records], self.world.clock(), secrets.token_bytes)


def rights(
    folder: Path, names: Sequence[str] = ("ada", "bob", "cyd"), flood: Flood | None = None, **more: Any
) -> Rights:
    made: list[Rights] = []

    def logged(connection: sqlite3.Connection, records: Sequence[Record]) -> int:
        return made[0].logged(connection, records)

    submitting = Submitting(plain=plain, appended=logged, flood=flood)
    hub = world(folder, submitting=submitting, **more)
    tags = TagBase(folder / "hub.db.tags")
    made.append(Rights(hub, tags))
    for name in names[2:]:
        hub.add_member(name)
    hub.regroup(*names)
    offers = OfferRoutes(tags, CALENDAR, hub.hub.member_of, lambda: hub.clock() // 1_000)
    routes = TagRoutes(tags, CALENDAR, hub.hub.member_of, lambda: hub.clock() // 1_000)
    hub.hub.mounts |= mounts(hub.hub, hub.file, submitting.taking, made[0].concerns)
    hub.hub.mounts |= {
        **dict.fromkeys((COMMITMENTS, OFFERS, WITHDRAW, JOINT), offers),
        KEYS: KeyRoutes(hub.hub, logged),
        UNMASK: UnmaskRoutes(hub.hub, logged),
        RECORD: AccountRoutes(hub.hub, tags),
        STATISTICS: StatisticsRoutes(hub.hub),
        OPENAPI: DescriptionRoute(),
        TAGS: routes,
        MATCHES: routes,
        "/log/": LogRoutes(hub.file, (), lambda: hub.clock() // 1_000_000),
    }
    return made[0]
