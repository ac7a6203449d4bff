"""Providers of a demonstration: one campaign dealt out thinly, and what each of them finds in its own logs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.csv as pacsv

from stillwatch.campaigns import find_campaigns
from stillwatch.evaluate.campaigns.knobs import HIDDEN, PLAIN
from stillwatch.evaluate.campaigns.look import START_MS, known
from stillwatch.evaluate.exchange.gain import HONEST_SEED
from stillwatch.evaluate.exchange.parting import beside, dealt
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.ingest.read import Reading
from stillwatch.ingest.sources import expand
from stillwatch.offers import Bounds, candidates
from stillwatch.pipeline import Scan
from stillwatch.simulate import build_world, write_world
from stillwatch.simulate.hydra import HYDRA

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.offers import Candidate

ACCOUNTS: Final = 300
"""Accounts of the campaign at all providers together."""
BOUNDS: Final = Bounds(share=0.3, accounts=900)
"""How much each may offer: the world is small and the campaign large beside it."""


@dataclass(frozen=True, slots=True)
class Lab:
    """What one provider finds by itself."""

    events: int
    """Requests in its logs."""
    account: NDArray[np.int64]
    """Pseudonyms of all its accounts, ascending."""
    campaign: NDArray[np.bool_]
    """Which of them belong to the campaign, in truth."""
    alone: NDArray[np.bool_]
    """Which of them it finds in a campaign that extracts."""
    candidates: tuple[Candidate, ...]
    """Groups that it may offer."""


def write_labs(folder: Path, labs: int, seed: int) -> list[Path]:
    """Write the logs and account files of every provider; gives their folders."""
    campaign = replace(PLAIN, **HIDDEN, accounts=ACCOUNTS, name="spread")
    spec, quiet = replace(HYDRA, campaigns=(campaign,)), replace(HYDRA, campaigns=())
    made = []
    for at, part in enumerate(dealt(build_world(spec, seed, START_MS), labs, seed)):
        own = build_world(quiet, HONEST_SEED * (at + 1) + seed, START_MS)
        made.append(folder / f"lab-{chr(ord('a') + at)}")
        write_world(beside([part, own], f"-p{at}"), made[-1], "native", ".parquet", "one")
    return made


def key_of(name: str, seed: int) -> PseudonymKey:
    """Make a key that comes out the same every time, as no real one may."""
    return PseudonymKey(1, hashlib.sha256(f"{name} {seed}".encode()).digest())


def look(folder: Path, name: str, seed: int, config: Config) -> Lab:
    """Scan one provider's logs: campaigns it finds alone, and candidates it may offer."""
    shared = key_of("alliance", seed)
    door = Door(key_of(name, seed), shared)
    run = Scan(Reading(config=config, door=door, log_format="native"), shared)
    try:
        accounts = read_accounts(folder / "accounts.csv", door)
        run.read(expand([str(folder / "logs")]), lambda _: None)
        ranking = run.result(accounts).ranking
        found, _ = find_campaigns(run.engine, accounts, ranking, config)
        offered = candidates(run.engine, accounts, ranking, config, bounds=BOUNDS)
        account = np.sort(np.concatenate([part.key for part in run.engine.parts()]))
    finally:
        run.close()
    inside = [one.members.account for one in found.found if one.extracting]
    return Lab(
        events=run.tally.events,
        account=account,
        campaign=known(pacsv.read_csv(folder / "truth.csv"), door, account).extracting,
        alone=np.isin(account, np.concatenate([np.zeros(0, np.int64), *inside])),
        candidates=offered,
    )
