"""A spec and a seed -> a world: events, accounts and the truth about them.

The same spec, seed, start and sources give the same bytes. Each persona, campaign and crowd draws from a stream of its
own, so more accounts of one leave the others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.errors import InputError
from stillwatch.model.event import RAW_SCHEMA
from stillwatch.simulate.campaigns.play import play_campaign
from stillwatch.simulate.crowds.play import play_crowd
from stillwatch.simulate.personas import PERSONAS
from stillwatch.simulate.stage import Stage, Window
from stillwatch.simulate.told import Told, of_campaign, of_crowd, of_persona

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.simulate.compose import Scene
    from stillwatch.simulate.prompts.library import Library
    from stillwatch.simulate.spec import WorldSpec
    from stillwatch.simulate.stage import Ints
    from stillwatch.simulate.traces import Traces

ACCOUNT_SCHEMA: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("plan", pa.string()),
        ("signup", pa.string()),
        ("payment_fingerprint", pa.string()),
        ("declared_purpose", pa.string()),
        ("reseller", pa.bool_()),
        ("organisation", pa.string()),
        ("card_bin", pa.string()),
        ("email_domain", pa.string()),
        ("email_class", pa.string()),
        ("referral", pa.string()),
        ("closed", pa.string()),
    ]
)
"""Columns of the account file; ``signup`` and ``closed`` are RFC 3339, ``closed`` and ``referral`` may be null."""

TRUTH_SCHEMA: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("persona", pa.string()),
        ("extracting", pa.bool_()),
        ("operator", pa.string()),
        ("campaign", pa.string()),
        ("simulated_text", pa.bool_()),
        ("crowd", pa.string()),
    ]
)
"""Columns of the truth. ``operator`` is filled where one hand runs several accounts, honest or not; ``campaign`` for
extracting accounts alone; ``crowd`` for honest accounts that belong to a group."""


@dataclass(frozen=True, slots=True)
class World:
    """A simulated provider's week, and what is true of it."""

    events: pa.Table
    """Events in RAW_SCHEMA, sorted by ``ts_ms``."""
    accounts: pa.Table
    """The account file, in ACCOUNT_SCHEMA, one row an account."""
    truth: pa.Table
    """What is true of each account, in TRUTH_SCHEMA, in the order of ``accounts``."""


def _rfc3339(ms: Ints) -> pa.Array:
    seconds = pa.array(ms // 1000, mask=ms < 0).cast(pa.timestamp("s"))
    return pc.strftime(seconds, "%Y-%m-%dT%H:%M:%SZ")


def _account_rows(scene: Scene) -> pa.Table:
    cast, came = scene.cast, scene.cast.identity
    columns = [cast.account_id, cast.plan, _rfc3339(cast.signup_ms), cast.payment, cast.purpose, cast.reseller]
    columns += [cast.organisation, came.card_bin, came.email_domain, came.email_class, came.referral]
    return pa.table([*columns, _rfc3339(came.closed_ms)], schema=ACCOUNT_SCHEMA)


def _until_closed(scene: Scene) -> pa.Table:
    """Keep what accounts sent before they were closed."""
    closed = np.flatnonzero(scene.cast.identity.closed_ms >= 0)
    if len(closed) == 0:
        return scene.events
    at = pc.index_in(scene.events["account_id"], scene.cast.account_id.take(pa.array(closed)))
    number = pc.fill_null(at, -1).to_numpy()
    ends = np.append(scene.cast.identity.closed_ms[closed], np.iinfo(np.int64).max)
    return scene.events.filter(pa.array(scene.events["ts_ms"].to_numpy() < ends[number]))


def _truth_rows(scene: Scene, told: Told) -> pa.Table:
    n = len(scene.cast.account_id)
    alike = [pa.array([told.persona] * n, pa.string()), pa.array([told.extracting] * n, pa.bool_())]
    simulated = pa.array([scene.simulated] * n, pa.bool_())
    columns = [scene.cast.account_id, *alike, told.operator, told.campaign, simulated, told.crowd]
    return pa.table(columns, schema=TRUTH_SCHEMA)


def _scenes(
    spec: WorldSpec, seed: int, window: Window, prompts: Library | None, traces: Traces | None
) -> Iterator[tuple[Scene, Told]]:
    """Play everybody, each from a stream of randomness of their own."""

    def stage(name: str, accounts: int, operators: int) -> Stage:
        return Stage(np.random.default_rng([seed, crc32(name.encode())]), accounts, operators, window, prompts, traces)

    for persona in PERSONAS:
        count, operators = spec.of(persona.name), spec.operators(persona.name)
        if count == 0:
            continue
        if persona.extracting and operators < 1:
            raise InputError(f"{count} accounts of {persona.name} need at least one operator")
        scene = persona.play(stage(persona.name, count, min(operators, count)))
        yield scene, of_persona(persona, scene.cast)
    for crowd in spec.crowds:
        scene = play_crowd(stage(f"crowd {crowd.called}", crowd.accounts, 0), crowd)
        yield scene, of_crowd(crowd, scene.cast)
    for campaign in spec.campaigns:
        scene = play_campaign(stage(f"campaign {campaign.name}", campaign.accounts, 1), campaign)
        yield scene, of_campaign(campaign)


def _in_time(tables: list[pa.Table]) -> pa.Table:
    """Sort events by time, column after column; the tables are given up on the way, for their texts are large."""
    table = pa.concat_tables(tables)
    tables.clear()
    order = pa.array(np.argsort(table["ts_ms"].to_numpy(), kind="stable"))
    columns = []
    for name in RAW_SCHEMA.names:
        column = table[name].combine_chunks().take(order)
        table = table.drop_columns([name])
        columns.append(column)
    return pa.table(columns, schema=RAW_SCHEMA)


def _refuse_doubles(spec: WorldSpec) -> None:
    names = [one.name for one in spec.campaigns] + [one.called for one in spec.crowds]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError(f"two campaigns or crowds are called {', '.join(double)}: give each a name of its own")


def build_world(
    spec: WorldSpec, seed: int, start_ms: int, prompts: Library | None = None, traces: Traces | None = None
) -> World:
    """Build a world.

    Parameters
    ----------
    spec
        Accounts of each persona, campaigns, crowds, and days.
    seed
        Seed of all randomness, >= 0.
    start_ms
        First instant of the world (ms since 1970-01-01 UTC).
    prompts
        Real prompts; without them the grammar writes the texts.
    traces
        Real arrivals; without them the built-in rhythms are used.

    Returns
    -------
    World
        Events, accounts and truth.

    Raises
    ------
    InputError
        The spec has no days, a negative count, accounts without an operator, or two campaigns or crowds of one name.

    Examples
    --------
    >>> from stillwatch.simulate import WorldSpec, build_world
    >>> world = build_world(WorldSpec(interactive=3, slow_distiller=2, days=2), seed=1, start_ms=1_795_392_000_000)
    >>> world.truth.num_rows
    5

    Notes
    -----
    About 10 microseconds an event. Blind spot: nobody adapts to being watched.
    """
    if spec.days < 1 or min(spec.of(p.name) for p in PERSONAS) < 0:
        raise InputError("a world needs at least one day and no negative number of accounts")
    window = Window(start_ms, spec.days)
    _refuse_doubles(spec)
    events, accounts, truth = [RAW_SCHEMA.empty_table()], [ACCOUNT_SCHEMA.empty_table()], [TRUTH_SCHEMA.empty_table()]
    for scene, told in _scenes(spec, seed, window, prompts, traces):
        accounts.append(_account_rows(scene))
        truth.append(_truth_rows(scene, told))
        events.append(_until_closed(scene))
        del scene
    listed = pa.concat_tables(accounts)
    # The account file is in no telling order.
    shuffled = pc.sort_indices(listed["account_id"])
    return World(
        _in_time(events),
        listed.take(shuffled).combine_chunks(),
        pa.concat_tables(truth).take(shuffled).combine_chunks(),
    )
