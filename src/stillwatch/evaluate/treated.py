"""Replay a world day by day through the very path of a watch, and see on whom decisions fall.

::

    fold the day -> look -> campaigns -> dossiers -> judge -> act -> (a person answers) -> next day

Two things are asked of the same days. *alone*: what the machine does while nobody answers. *approved*: what could
happen at worst, where somebody says yes to everything that waits and no limit holds back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.campaigns import find_campaigns
from stillwatch.coordination.identity import History
from stillwatch.dossiers import Known, belonging, dossiers
from stillwatch.enforcement.rules import DEFAULT, Limits, Rules
from stillwatch.engine.local import LocalEngine
from stillwatch.judging import TermsJudge, size_name
from stillwatch.looking import look
from stillwatch.model.errors import InputError
from stillwatch.model.event import EventBatch
from stillwatch.since import Since
from stillwatch.store.answering import approve
from stillwatch.store.database import Database
from stillwatch.store.waiting import all_held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stillwatch.config import Config
    from stillwatch.enforcement.situation import Fresh
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.model.dossier import Agreement, Dossier
    from stillwatch.model.scan import Looked
    from stillwatch.model.terms import Terms
    from stillwatch.sketches.state import Keys

DAY_MS: Final = 86_400_000
BOLD: Final = Rules(limits=Limits(1 << 40, 1 << 40, 1.0, 1.0, 1 << 40, float("inf"), 0.0, 1 << 40))
"""Rules whose guards hold nothing back."""
_FOREVER: Final = 1 << 62
_NOBODY: Final = "somebody-who-says-yes"


@dataclass(frozen=True, slots=True)
class World:
    """What is replayed."""

    events: EventBatch
    """All events."""
    accounts: AccountFile
    """The account file."""
    agreements: Mapping[int, tuple[Agreement, ...]]
    """Account or organisation -> what was agreed."""


def lively(terms: Terms) -> Terms:
    """Take every clause as live and in force at any time: what would happen if these terms were meant."""
    return replace(
        terms, clauses=tuple(replace(one, mode="live", from_ms=0, until_ms=_FOREVER) for one in terms.clauses)
    )


def treat(
    world: World,
    terms: Terms,
    keys: Keys,
    config: Config,
    stores: tuple[Path, Path],
    told: Callable[[int], None] = lambda _: None,
    *,
    every_ms: int = DAY_MS,
) -> Mapping[int, str]:
    """Replay a world and leave what was decided in two stores.

    Parameters
    ----------
    world
        Events, accounts, agreements.
    terms
        The terms; every clause is taken as live and in force.
    keys
        Keys of the sketches.
    config
        Prior, threshold, caps.
    stores
        Files to be made: of the machine alone, and of the machine with somebody who approves everything.
    told
        Called at the end of each step with its moment (ms since 1970).
    every_ms
        Time from one look to the next (ms).

    Returns
    -------
    dict
        Account -> class of size, of all accounts with a request.

    Raises
    ------
    InputError
        There are no events.

    Notes
    -----
    One look at everybody and one search for campaigns a step. Blind spots: no customer reacts to what is done about
    him, so steps climb as far as they can; a live watch looks at changed accounts every few seconds as well.
    """
    sound = lively(terms)
    alone, yes = Database(stores[0]), Database(stores[1])
    days = _Days(world, keys, config)
    judges = (TermsJudge(sound, alone, DEFAULT), TermsJudge(sound, yes, BOLD))
    try:
        for looked, known, now_ms in days.steps(every_ms):
            extracting = [account for account, one in known.campaigns.items() if one.extracting]
            reported = np.isin(looked.profile.account, np.array(extracting, np.int64))
            for judge, since in zip(judges, days.since, strict=True):
                judge.counted(looked, known, now_ms)
                rows = np.flatnonzero(judge.admits(looked, reported, now_ms))
                seen = dossiers(rows.tolist(), looked, known, now_ms)
                judge.judge(seen, now_ms, days.fresh(since, seen, known))
            _say_yes(yes, now_ms)
            for judge, since in zip(judges, days.since, strict=True):
                since.follow(judge.followed(now_ms))
            told(now_ms)
    finally:
        alone.close()
        yes.close()
    return days.sizes


def _say_yes(database: Database, now_ms: int) -> None:
    with database.reading() as connection:
        waiting = [one.waiting.decision.id for one in all_held(connection)]
    if waiting:
        approve(database, waiting, by=_NOBODY, why="the worst case is asked for", now_ms=now_ms)


class _Days:
    """The days of a world, folded one after the other."""

    def __init__(self, world: World, keys: Keys, config: Config) -> None:
        if not len(world.events):
            raise InputError("the world holds no events")
        self._world, self._config = world, config
        self._engine = LocalEngine(keys, config)
        self.since = (Since(keys, config), Since(keys, config))
        """What came after the steps of the machine alone, and of the machine with somebody who approves everything."""
        self.sizes: dict[int, str] = {}

    def fresh(self, since: Since, seen: Sequence[Dossier], known: Known) -> Fresh:
        """Measure what came since the last step of those who had one."""
        accounts = (one.account for one in seen)
        return since.fresh(accounts, known.campaigns, self._engine, self._world.accounts, self._config)

    def steps(self, every_ms: int) -> Iterator[tuple[Looked, Known, int]]:
        """Give each step: what was seen of everybody, what is known beside it, when."""
        accounts, history = self._world.accounts, History()
        known = np.flatnonzero(accounts.organisation)
        organisation = dict(zip(accounts.account[known].tolist(), accounts.organisation[known].tolist(), strict=True))
        try:
            for batch, now_ms in self._cut(every_ms):
                kept = self._engine.fold(batch).kept
                for one in self.since:
                    one.fold(batch, kept)
                looked = look(self._engine, self._config, accounts)
                found, history = find_campaigns(
                    self._engine, accounts, looked.ranking, self._config, history=history, now_ms=now_ms
                )
                self._measure(looked)
                yield looked, Known(belonging(found), self._world.agreements, organisation), now_ms
        finally:
            self._engine.close()
            for one in self.since:
                one.close()

    def _measure(self, looked: Looked) -> None:
        profile = looked.profile
        days = np.maximum((profile.column("last_ms") - profile.column("first_ms")) / DAY_MS, 1.0)
        rates = (profile.column("events") / days).tolist()
        self.sizes = {account: size_name(rate) for account, rate in zip(profile.account.tolist(), rates, strict=True)}

    def _cut(self, every_ms: int) -> Iterator[tuple[EventBatch, int]]:
        columns = self._world.events.columns
        times = columns.column("ts_ms")
        start, end = pc.min(times).as_py() // every_ms * every_ms, pc.max(times).as_py()
        while start <= end:
            within = pc.and_(pc.greater_equal(times, start), pc.less(times, start + every_ms))
            batch = columns.filter(within)
            start += every_ms
            if len(batch):
                yield EventBatch(batch, self._world.events.provenance), start


def together(batches: list[EventBatch]) -> EventBatch:
    """Join batches into one."""
    table = pa.Table.from_batches([one.columns for one in batches]).combine_chunks()
    return EventBatch(table.to_batches()[0], batches[0].provenance)
