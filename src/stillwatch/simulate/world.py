"""A spec and a seed -> a world: events, accounts and the truth about them.

The same spec, seed, start and sources give the same bytes. Each persona draws from a stream of its own, so more
accounts of one persona leave the others as they were.
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
from stillwatch.simulate.personas import PERSONAS
from stillwatch.simulate.stage import Stage, Window

if TYPE_CHECKING:
    from stillwatch.simulate.compose import Scene
    from stillwatch.simulate.personas.persona import Persona
    from stillwatch.simulate.prompts.library import Library
    from stillwatch.simulate.spec import WorldSpec
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
    ]
)
"""Columns of the account file; ``signup`` is RFC 3339."""

TRUTH_SCHEMA: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("persona", pa.string()),
        ("extracting", pa.bool_()),
        ("operator", pa.string()),
        ("campaign", pa.string()),
        ("simulated_text", pa.bool_()),
    ]
)
"""Columns of the truth; ``operator`` and ``campaign`` are null for honest accounts."""


@dataclass(frozen=True, slots=True)
class World:
    """A simulated provider's week, and what is true of it."""

    events: pa.Table
    """Events in RAW_SCHEMA, sorted by ``ts_ms``."""
    accounts: pa.Table
    """The account file, in ACCOUNT_SCHEMA, one row an account."""
    truth: pa.Table
    """What is true of each account, in TRUTH_SCHEMA, in the order of ``accounts``."""


def _account_rows(scene: Scene) -> pa.Table:
    cast = scene.cast
    signup = pc.strftime(pa.array(cast.signup_ms // 1000).cast(pa.timestamp("s")), "%Y-%m-%dT%H:%M:%SZ")
    columns = [cast.account_id, cast.plan, signup, cast.payment, cast.purpose, cast.reseller, cast.organisation]
    return pa.table(columns, schema=ACCOUNT_SCHEMA)


def _truth_rows(persona: Persona, scene: Scene) -> pa.Table:
    n = len(scene.cast.account_id)
    names = [f"{persona.name}-{number + 1}" if persona.extracting else None for number in scene.cast.operator.tolist()]
    operator = pa.array(names, pa.string())
    campaign = pc.binary_join_element_wise("campaign", operator, "-")
    flags = [pa.array([flag] * n, pa.bool_()) for flag in (persona.extracting, scene.simulated)]
    persona_names = pa.array([persona.name] * n, pa.string())
    columns = [scene.cast.account_id, persona_names, flags[0], operator, campaign, flags[1]]
    return pa.table(columns, schema=TRUTH_SCHEMA)


def build_world(
    spec: WorldSpec, seed: int, start_ms: int, prompts: Library | None = None, traces: Traces | None = None
) -> World:
    """Build a world.

    Parameters
    ----------
    spec
        Accounts of each persona, and days.
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
        The spec has no days, a negative count, or accounts without an operator.

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
    events, accounts, truth = [RAW_SCHEMA.empty_table()], [ACCOUNT_SCHEMA.empty_table()], [TRUTH_SCHEMA.empty_table()]
    for persona in PERSONAS:
        count, operators = spec.of(persona.name), spec.operators(persona.name)
        if count == 0:
            continue
        if persona.extracting and operators < 1:
            raise InputError(f"{count} accounts of {persona.name} need at least one operator")
        rng = np.random.default_rng([seed, crc32(persona.name.encode())])
        scene = persona.play(Stage(rng, count, min(operators, count), window, prompts, traces))
        events.append(scene.events)
        accounts.append(_account_rows(scene))
        truth.append(_truth_rows(persona, scene))
    table = pa.concat_tables(events)
    order = np.argsort(table["ts_ms"].to_numpy(), kind="stable")
    listed = pa.concat_tables(accounts)
    # The account file is in no telling order.
    shuffled = pc.sort_indices(listed["account_id"])
    return World(
        table.take(pa.array(order)).combine_chunks(),
        listed.take(shuffled).combine_chunks(),
        pa.concat_tables(truth).take(shuffled).combine_chunks(),
    )
