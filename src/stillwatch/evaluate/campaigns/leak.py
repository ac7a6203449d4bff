"""What a campaign gets before it is found: the log folded piece by piece, searched after each.

At every step only what a provider knew then is used: events up to it, and closings that had happened. Detection is the
first step after which one entity called extraction holds at least half of the campaign's accounts seen so far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.campaigns import find_campaigns
from stillwatch.coordination.identity import History
from stillwatch.coordination.outline import outline
from stillwatch.evaluate.campaigns.figures import over_seeds, share
from stillwatch.evaluate.campaigns.look import START_MS, known, scanning
from stillwatch.evaluate.tables import Table
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.sources import expand
from stillwatch.simulate import build_world, write_world
from stillwatch.simulate.campaigns.lifecycle import pool_closings
from stillwatch.simulate.stage import DAY_MS, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.campaign import Campaigns
    from stillwatch.simulate import World, WorldSpec

HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Leak:
    """What one campaign, or one pool after a switch, got before it was found."""

    who: str
    """Campaign, or its later pool."""
    found_h: float
    """From its first request to the end of the step that found it (h); NaN where it never was."""
    requests: int
    """Requests until then; all where it never was."""
    tokens_out: int
    """Answer tokens until then."""
    share: float
    """Requests until then as a share of all it made (0..1)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts whose loss is counted."""

    who: str
    """Name."""
    accounts: frozenset[str]
    """Names of its accounts in the world."""


def until(accounts: pa.Table, now_ms: int) -> pa.Table:
    """Give the account file as it was at a moment: later closings are not known yet."""
    closed = pc.strptime(accounts["closed"], format="%Y-%m-%dT%H:%M:%SZ", unit="s").cast(pa.int64())
    later = pc.fill_null(pc.greater(closed, now_ms // 1000), fill_value=False)
    at = accounts.schema.get_field_index("closed")
    return accounts.set_column(at, "closed", pc.if_else(later, pa.scalar(None, pa.string()), accounts["closed"]))


def watched(world: World, spec: WorldSpec) -> list[Group]:
    """List campaigns, and the later pools of those with several."""
    names, campaign = world.truth["account_id"].to_pylist(), world.truth["campaign"].to_pylist()
    begun = world.events.group_by("account_id").aggregate([("ts_ms", "min")])
    first = dict(zip(begun["account_id"].to_pylist(), begun["ts_ms_min"].to_pylist(), strict=True))
    made = []
    for one in spec.campaigns:
        mine = [name for name, of in zip(names, campaign, strict=True) if of == one.name and name in first]
        made.append(Group(one.name, frozenset(mine)))
        for number, closing in enumerate(pool_closings(one, Window(START_MS, spec.days)), start=2):
            later = frozenset(name for name in mine if first[name] >= closing)
            made.append(Group(f"{one.name}, pool {number}", later))
    return [group for group in made if group.accounts]


def found_after(
    campaigns: Campaigns, rows: NDArray[np.int64], account: NDArray[np.int64], seen: NDArray[np.int64]
) -> bool:
    """Say whether an entity called extraction holds at least half of some accounts' members seen so far.

    Parameters
    ----------
    campaigns
        What was found.
    rows
        Rows of ``account`` that are looked for.
    account
        Pseudonyms.
    seen
        Pseudonyms that have sent something.
    """
    mine = account[rows][np.isin(account[rows], seen)]
    most = max((int(np.isin(mine, one.members.account).sum()) for one in campaigns.found if one.extracting), default=0)
    return bool(mine.shape[0]) and 2 * most >= mine.shape[0]


def leaks(spec: WorldSpec, seed: int, config: Config, *, step_h: float) -> list[Leak]:
    """Fold a world piece by piece and say when each campaign was found.

    Parameters
    ----------
    spec
        Who lives in it.
    seed
        Its seed.
    config
        Prior and threshold.
    step_h
        Length of a piece (h).
    """
    world = build_world(spec, seed, START_MS)
    groups = watched(world, spec)
    detected: dict[str, int] = {}
    history = History()
    with scanning(config, seed) as (run, door, folder):
        ts_ms = world.events["ts_ms"].to_numpy()
        names = {name: door.account(name) for name in world.truth["account_id"].to_pylist()}
        end = START_MS + spec.days * DAY_MS
        begin = START_MS
        for number, now in enumerate(range(START_MS + int(step_h * HOUR_MS), end + 1, int(step_h * HOUR_MS))):
            piece = world.events.slice(*_between(ts_ms, begin, now))
            begin = now
            if not piece.num_rows:
                continue
            place = folder / str(number)
            write_world(replace(world, events=piece, accounts=until(world.accounts, now)), place, "native", ".parquet")
            accounts = read_accounts(place / "accounts.csv", door)
            run.read(expand([str(place / "logs")]), lambda _: None)
            ranking = run.result(accounts).ranking
            campaigns, history = find_campaigns(run.engine, accounts, ranking, config, history=history, now_ms=now)
            truth = known(world.truth, door, outline(run.engine.parts()).key)
            for group in groups:
                pseudonyms = np.array(sorted(names[name] for name in group.accounts), np.int64)
                every = np.arange(pseudonyms.shape[0])
                if group.who not in detected and found_after(campaigns, every, pseudonyms, truth.account):
                    detected[group.who] = now
    return [leak(world.events, group, detected.get(group.who)) for group in groups]


def _between(ts_ms: NDArray[np.int64], begin: int, now: int) -> tuple[int, int]:
    low, high = np.searchsorted(ts_ms, [begin, now])
    return int(low), int(high - low)


def leak(events: pa.Table, group: Group, found_ms: int | None) -> Leak:
    """Count what some accounts got before a moment.

    Parameters
    ----------
    events
        All events of the world.
    group
        The accounts.
    found_ms
        When they were found (ms); None where they never were.
    """
    mine = events.filter(pc.is_in(events["account_id"], pa.array(sorted(group.accounts), pa.string())))
    ts_ms, tokens = mine["ts_ms"].to_numpy(), pc.fill_null(mine["tokens_out"], 0).to_numpy()
    before = ts_ms < found_ms if found_ms is not None else np.ones(ts_ms.shape, np.bool_)
    waited = (found_ms - int(ts_ms.min())) / HOUR_MS if found_ms is not None else float("nan")
    requests = int(before.sum())
    return Leak(group.who, waited, requests, int(tokens[before].sum()), requests / max(ts_ms.shape[0], 1))


def leak_table(worlds: Sequence[Sequence[Leak]], *, key: str, title: str, step_h: float) -> Table:
    """Lay out what campaigns got before they were found."""
    rows = []
    for who in dict.fromkeys(one.who for world in worlds for one in world):
        mine = [one for world in worlds for one in world if one.who == who]
        rows.append(
            (
                who,
                share(sum(not np.isnan(one.found_h) for one in mine), len(mine)),
                over_seeds([one.found_h for one in mine]),
                over_seeds([float(one.requests) for one in mine]),
                over_seeds([one.tokens_out / 1e6 for one in mine]),
                over_seeds([one.share for one in mine]),
            )
        )
    head = ("campaign", "found within the week", "found after (h)", "requests before", "million answer tokens before")
    note = (
        f"Searched every {step_h:g} h with what was known then, the rate shared out over the looks. Found: one entity"
        " called extraction holds at least half of the campaign's accounts seen so far. Hours are of those found;"
        " requests and tokens of one never found are all it made, those it passed on for others among them. A later"
        " pool is counted from its first request."
    )
    return Table(key, title, (*head, "share of all its requests"), tuple(rows), note)
