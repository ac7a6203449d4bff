"""Worlds made by ``stillwatch simulate``, judged by terms: what fell on each of their accounts."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.config import DEFAULT
from stillwatch.enforcement.fairness import strictest
from stillwatch.evaluate.treated import World, together, treat
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.agreements import read_agreements
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.ingest.read import Reading, read_source
from stillwatch.ingest.sources import OpenSource, expand
from stillwatch.model.decision import Action, moment
from stillwatch.model.errors import InputError
from stillwatch.model.fairness import Fell
from stillwatch.store import past
from stillwatch.store.database import Database
from stillwatch.store.waiting import all_held
from stillwatch.verbs.judging import sound_terms
from stillwatch.verbs.labels import column

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from stillwatch.model.fairness import Kind
    from stillwatch.model.terms import Terms

KEY: Final = PseudonymKey(1, b"nobody's secret: simulated world")
"""Key of simulated worlds: always the same, so that the same world gives the same report."""
ALONE: Final = "alone"
APPROVED: Final = "approved"
"""The machine alone; with somebody who approves everything."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What fell on the accounts of all worlds."""

    fell: Mapping[str, Sequence[Fell]]
    """``ALONE`` and ``APPROVED`` -> what fell on each account."""
    notes: tuple[str, ...]
    """What has to be said beside it."""


def treated(asked: argparse.Namespace) -> Treated:
    """Replay every world that was named."""
    terms = sound_terms(asked.terms)
    fell: dict[str, list[Fell]] = {ALONE: [], APPROVED: []}
    waiting = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(asked.worlds):
            print(f"stillwatch: {name} ({number + 1} of {len(asked.worlds)})", file=sys.stderr)
            stores = (Path(folder) / f"{number}a.db", Path(folder) / f"{number}b.db")
            truth = _one(Path(name), asked.agreements, terms, stores)
            for kind, store in zip((ALONE, APPROVED), stores, strict=True):
                fell[kind] += truth.fell(store, f"{number} ")
            waiting += truth.waiting(stores[0])
    notes = [
        f"terms {terms.name}, every clause taken as live; a look and a search for campaigns a day of the log",
        f"alone, decisions about {waiting} accounts, extracting ones included, wait for a person at the end",
    ]
    if not asked.agreements:
        notes.append("no agreements were on file: researchers, resellers, red teams are judged like anybody else")
    return Treated(fell, tuple(notes))


def _one(folder: Path, agreements: str | None, terms: Terms, stores: tuple[Path, Path]) -> _Truth:
    for part in ("logs", "accounts.csv", "truth.csv"):
        if not (folder / part).exists():
            raise InputError(f"{folder}: no {part}; name a folder that `stillwatch simulate` wrote")
    door = Door(KEY)
    reading = Reading(config=DEFAULT, door=door)
    batches = []
    with ThreadPoolExecutor(1) as pool:
        for source in expand([str(folder / "logs")]):
            opened = OpenSource(source)
            try:
                batches += [piece.batch for piece in read_source(opened, reading, pool, 1, lambda _: None)]
            finally:
                opened.close()
    accounts = read_accounts(folder / "accounts.csv", door)
    agreed = read_agreements(Path(agreements), door) if agreements else {}
    world = World(together(batches), accounts, agreed)
    sizes = treat(
        world,
        terms,
        KEY.sketch_keys(),
        DEFAULT,
        stores,
        lambda now_ms: print(f"stillwatch:   until {moment(now_ms)}", file=sys.stderr),
    )
    plans = dict(zip(accounts.account.tolist(), accounts.plan, strict=True))
    return _Truth(folder / "truth.csv", door, sizes, plans)


class _Truth:
    """What the truth of one world says, beside what was decided."""

    def __init__(self, path: Path, door: Door, sizes: Mapping[int, str], plans: Mapping[int, str]) -> None:
        self._sizes, self._plans = sizes, plans
        self._persona = column(path, "persona", door)
        self._extracting = column(path, "extracting", door)
        self._operator = column(path, "operator", door)

    def fell(self, store: Path, world: str) -> list[Fell]:
        """Say what fell on every account that sent a request; ``world`` keeps operators of several apart."""
        database = Database(store, create=False)
        try:
            with database.reading() as connection:
                taken = strictest(past.latest(connection))
        finally:
            database.close()
        found = []
        for account, size in sorted(self._sizes.items()):
            action, undone = taken.get(account, (Action.OBSERVE, False))
            persona = self._persona.get(account, "")
            groups: dict[Kind, str] = {"persona": persona, "plan": self._plans.get(account, ""), "size": size}
            extracting = self._extracting.get(account, "").lower() == "true"
            operator = self._operator.get(account, "")
            found.append(Fell(action, undone, groups, world + operator if operator else "", extracting))
        return found

    def waiting(self, store: Path) -> int:
        """Count the accounts that something waits about."""
        database = Database(store, create=False)
        try:
            with database.reading() as connection:
                return len({one.waiting.decision.account for one in all_held(connection)})
        finally:
            database.close()
