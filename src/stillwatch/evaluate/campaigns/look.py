"""One simulated world, read, folded and searched for campaigns like any other log, and lined up with its truth."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.campaigns import find_campaigns
from stillwatch.coordination.coordinate import ALPHA, coordinate
from stillwatch.coordination.outline import outline
from stillwatch.coordination.tested import ALL
from stillwatch.evaluate.campaigns.bonds import bound
from stillwatch.evaluate.campaigns.scores import Truth
from stillwatch.evaluate.campaigns.shares import Grouping
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.ingest.read import Reading
from stillwatch.ingest.sources import expand
from stillwatch.pipeline import Scan
from stillwatch.simulate import build_world, write_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.coordination.tested import Guards
    from stillwatch.engine.local import LocalEngine
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.model.campaign import Campaign, Campaigns
    from stillwatch.model.finding import Ranking
    from stillwatch.simulate import World, WorldSpec

START_MS: Final = 1_793_577_600_000
FIRST_SEED: Final = 2_001
"""Worlds of tests, demonstrations and the evaluation of accounts have other seeds."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is true of the accounts that sent something, by ascending account."""

    account: NDArray[np.int64]
    """(n,) pseudonyms."""
    name: tuple[str, ...]
    """(n,) names in the world."""
    campaign: tuple[str, ...]
    """(n,) campaign, empty for an honest account."""
    kind: tuple[str, ...]
    """(n,) technique of the campaign, or kind of the honest account."""
    operator: NDArray[np.int64]
    """(n,) who runs it, -1 one who runs no other account."""
    bond: NDArray[np.int64]
    """(n,) accounts with one number are really bound, -1 to nobody."""
    silent: int
    """Accounts of the world that sent nothing and so are in no log."""

    @property
    def extracting(self) -> NDArray[np.bool_]:
        """Whether each extracts."""
        return np.array([name != "" for name in self.campaign], np.bool_)

    def rows(self, accounts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the rows of some accounts."""
        return np.searchsorted(self.account, accounts).astype(np.int64)

    def truth(self) -> Truth:
        """Give the truth in the shape that measures take."""
        return Truth(codes(self.campaign), self.operator)


@dataclass(frozen=True, slots=True)
class Looked:
    """One world with what was found in it."""

    seed: int
    """Seed of the world."""
    spec: WorldSpec
    """Who lives in it."""
    world: World
    """Its events, accounts and truth."""
    known: Known
    """The truth, row by row of the sketches."""
    engine: LocalEngine
    """Folded events."""
    accounts: AccountFile
    """The account file, read."""
    campaigns: Campaigns
    """What was found."""

    def grouping(self, *, extracting: bool = False) -> Grouping:
        """Give the entities found as groups; those called extraction alone if asked."""
        labels = np.full(len(self.known.name), -1, np.int64)
        for number, one in enumerate(self.campaigns.found):
            if one.extracting or not extracting:
                labels[self.known.rows(one.members.account)] = number
        return Grouping(labels)

    def inside(self, one: Campaign) -> NDArray[np.int64]:
        """Give the rows of the members of an entity."""
        return self.known.rows(one.members.account)

    def coordinated(self, *, alpha: float = ALPHA, guards: Guards = ALL) -> Coordination:
        """Run coordination again, at another rate or without a guard."""
        seen = outline(self.engine.parts())
        shared = self.engine.artefacts.shared()
        return coordinate(seen, self.accounts.registered(seen.key), shared, alpha=alpha, guards=guards)


def codes(names: tuple[str, ...]) -> NDArray[np.int64]:
    """Give names numbers in order of the alphabet; an empty one is -1.

    Examples
    --------
    >>> codes(("b", "", "a", "b")).tolist()
    [1, -1, 0, 1]
    """
    numbers = {name: number for number, name in enumerate(sorted({name for name in names if name}))}
    return np.array([numbers.get(name, -1) for name in names], np.int64)


def stem(group: str) -> str:
    """Take the number off the name of a group.

    Examples
    --------
    >>> stem("saas-alike-2")
    'saas-alike'
    """
    return group.rsplit("-", 1)[0]


def known(truth: pa.Table, door: Door, seen: NDArray[np.int64]) -> Known:
    """Line the truth up with the accounts of the sketches.

    Parameters
    ----------
    truth
        Truth of a world.
    door
        Where identifiers are keyed.
    seen
        Accounts that sent something.
    """
    rows = truth.to_pylist()
    account = np.array([door.account(row["account_id"]) for row in rows], np.int64)
    order = np.argsort(account, kind="stable")
    order = order[np.isin(account[order], seen)]
    kept = [rows[at] for at in order.tolist()]
    return Known(
        account=account[order],
        name=tuple(row["account_id"] for row in kept),
        campaign=tuple((row["campaign"] or "") if row["extracting"] else "" for row in kept),
        kind=tuple(_kind(row) for row in kept),
        operator=codes(tuple(row["operator"] or "" for row in kept)),
        bond=bound(
            [row["persona"] for row in kept],
            [row["extracting"] for row in kept],
            [row["operator"] for row in kept],
            [row["crowd"] for row in kept],
        ),
        silent=len(rows) - len(kept),
    )


def _kind(row: dict[str, str | bool | None]) -> str:
    persona = str(row["persona"]).removeprefix("hydra_")
    return stem(str(row["crowd"])) if row["crowd"] else persona


@contextmanager
def scanning(config: Config, seed: int) -> Iterator[tuple[Scan, Door, Path]]:
    """Open a scan in a folder that is gone afterwards, under a key made of the seed so that figures come again."""
    key = PseudonymKey(1, hashlib.sha256(f"world {seed}".encode()).digest())
    door = Door(key)
    with tempfile.TemporaryDirectory() as name:
        run = Scan(Reading(config=config, door=door, log_format="native"), key)
        try:
            yield run, door, Path(name)
        finally:
            run.close()


def look(spec: WorldSpec, seed: int, config: Config) -> Looked:
    """Build a world, scan its log, find its campaigns.

    Parameters
    ----------
    spec
        Who lives in it.
    seed
        Same seed, same world, same pseudonyms.
    config
        Prior and threshold.

    Returns
    -------
    Looked
        World, truth, sketches, campaigns.
    """
    return look_at(build_world(spec, seed, START_MS), spec, seed, config)[0]


def look_at(world: World, spec: WorldSpec, seed: int, config: Config) -> tuple[Looked, Ranking]:
    """Scan the log of a world that was built, find its campaigns; every account's own evidence comes beside it."""
    with scanning(config, seed) as (run, door, folder):
        write_world(world, folder, "native", ".parquet", "one")
        accounts = read_accounts(folder / "accounts.csv", door)
        run.read(expand([str(folder / "logs")]), lambda _: None)
        ranking = run.result(accounts).ranking
        found, _ = find_campaigns(run.engine, accounts, ranking, config)
        truth = known(world.truth, door, outline(run.engine.parts()).key)
        return Looked(seed, spec, world, truth, run.engine, accounts, found), ranking
