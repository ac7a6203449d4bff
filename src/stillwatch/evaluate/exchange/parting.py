"""One world dealt out to several providers, each with honest accounts of its own beside its part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.world import ACCOUNT_SCHEMA, World

if TYPE_CHECKING:
    from collections.abc import Sequence


def dealt(world: World, parts: int, seed: int) -> tuple[World, ...]:
    """Deal the accounts of a world out to providers.

    Parameters
    ----------
    world
        Campaigns and honest accounts: crowds are dealt, too, so that their members are at several providers.
    parts
        Providers.
    seed
        Same seed, same parts.

    Returns
    -------
    tuple of World
        One a provider. A campaign's accounts are dealt evenly, all others at random.
    """
    rng = np.random.default_rng(seed)
    part = rng.integers(0, parts, len(world.accounts))
    campaign = np.array([name or "" for name in world.truth.column("campaign").to_pylist()])
    for name in sorted(set(campaign.tolist()) - {""}):
        mine = np.flatnonzero(campaign == name)
        part[mine] = rng.permutation(np.arange(mine.shape[0]) % parts)
    names = np.array(world.accounts.column("account_id").to_pylist())
    return tuple(_of(world, pa.array(names[part == at])) for at in range(parts))


def _of(world: World, names: pa.Array) -> World:
    tables = (world.events, world.accounts, world.truth)
    return World(*(table.filter(pc.is_in(table.column("account_id"), names)) for table in tables))


def until(world: World, end_ms: int) -> World:
    """Keep what is known at a moment: events before it, accounts that had signed up by then and none closed later.

    Parameters
    ----------
    world
        Events, accounts and truth.
    end_ms
        The moment (ms since 1970).
    """
    end = pa.scalar(end_ms // 1000, pa.timestamp("s"))

    def past(column: str) -> pa.Array:
        when = pc.strptime(world.accounts.column(column), "%Y-%m-%dT%H:%M:%SZ", "s")
        return pc.fill_null(pc.less(when, end), fill_value=False)

    at = ACCOUNT_SCHEMA.get_field_index("closed")
    closed = pc.if_else(past("closed"), world.accounts.column("closed"), pa.scalar(None, pa.string()))
    accounts = world.accounts.set_column(at, ACCOUNT_SCHEMA.field(at), closed).filter(past("signup"))
    events = world.events.filter(pc.less(world.events.column("ts_ms"), end_ms))
    known = pc.is_in(world.truth.column("account_id"), accounts.column("account_id").combine_chunks())
    return World(events, accounts, world.truth.filter(known))


def beside(worlds: Sequence[World], suffix: str) -> World:
    """Put the accounts of several worlds at one provider; those of the second and later ones get a suffix."""
    first, *others = worlds
    every = [first, *(_renamed(one, f"{suffix}-{at}") for at, one in enumerate(others))]
    return World(
        pa.concat_tables([one.events for one in every]).sort_by("ts_ms"),
        pa.concat_tables([one.accounts for one in every]),
        pa.concat_tables([one.truth for one in every]),
    )


def _renamed(world: World, suffix: str) -> World:
    def changed(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index("account_id")
        names = pc.binary_join_element_wise(table.column("account_id").cast(pa.string()), suffix, "")
        return table.set_column(at, table.schema.field(at), names)

    return World(changed(world.events), changed(world.accounts), changed(world.truth))
