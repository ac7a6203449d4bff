"""Arrivals, texts and habits of one persona -> its events in the raw schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.event import RAW_SCHEMA
from stillwatch.simulate import artefacts, catalogue
from stillwatch.simulate.ids import opaque
from stillwatch.simulate.outcome import Outcome, answer, chosen
from stillwatch.simulate.settings import Settings, drawn
from stillwatch.simulate.stage import Bools, Ints, rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.simulate.artefacts import Links
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.habits import Habits
    from stillwatch.simulate.prompts.wording import Wording
    from stillwatch.simulate.stage import Calls, Stage


@dataclass(frozen=True, slots=True)
class Scene:
    """What one persona did."""

    cast: Cast
    """Its accounts."""
    events: pa.Table
    """Its events in the raw schema, sorted by session."""
    simulated: bool
    """Whether the grammar wrote its texts."""


def beside(first: Scene, second: Scene) -> Scene:
    """Put what the same accounts did in two ways into one scene.

    Parameters
    ----------
    first
        A scene; its accounts are listed.
    second
        A scene of the same accounts.

    Returns
    -------
    Scene
        The events of both; its texts count as the grammar's if some of them are.
    """
    events = pa.concat_tables([first.events, second.events])
    return Scene(first.cast, events, first.simulated or second.simulated)


def _bytes(text: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(pc.binary_length(text), 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _unless(values: np.ndarray[tuple[int], np.dtype[np.generic]], absent: Bools) -> pa.Array:
    return pa.array(values, mask=absent)


def _who(stage: Stage, cast: Cast, calls: Calls, habits: Habits, worn: Ints | None) -> dict[str, pa.Array]:
    """Say who called, from where and with what."""
    rng, account = stage.rng, calls.account
    n, access = len(calls), habits.access
    u_net, u_program = rng.random(n), rng.random(n)
    if not access.per_call:
        u_net, u_program = u_net[calls.session], u_program[calls.session]
    net = cast.nets.pick(account, u_net)
    program = pa.array(cast.programs.pick(account, u_program) if worn is None else worn)
    first_user = np.cumsum(cast.users) - cast.users
    user = first_user[account] + np.floor(cast.users[account] * rng.random(n)[calls.session] ** 2).astype(np.int64)
    users = opaque(rng, int(cast.users.sum()) + 1, "user-", 10)
    unnamed = pa.array(cast.users[account] == 0)
    owner = pa.array(account)
    return {
        "account_id": cast.account_id.take(owner),
        "credential_id": cast.key_ids.take(pa.array(cast.keys.pick(account, rng.random(n)))),
        "org_id": cast.organisation.take(owner),
        "end_user_id": pc.if_else(unnamed, pa.scalar(None, pa.string()), users.take(pa.array(user))),
        "operation": cast.operation.take(owner),
        "client_ip": cast.ips.take(pa.array(net)),
        "asn": pa.array(cast.asns[net]),
        "user_agent": cast.agents.take(program),
        "ja4": cast.hellos.take(program),
    }


def _asked(settings: Settings) -> dict[str, pa.Array]:
    """Write the request parameters."""
    biased = (
        {"logit_bias_n": _unless(settings.biased, settings.biased < 0)} if settings.biased.max(initial=-1) > 0 else {}
    )
    return {
        **biased,
        "model_requested": catalogue.REQUESTED.take(pa.array(settings.model)),
        "model_served": catalogue.SERVED.take(pa.array(settings.model)),
        "max_tokens": _unless(settings.max_tokens, settings.max_tokens == 0),
        "temperature": _unless(settings.temperature, settings.temperature < 0),
        "n_choices": pa.array(settings.choices),
        "seed": _unless(settings.seed, settings.seed < 0),
        "logprobs_requested": _unless(settings.logprobs, settings.logprobs < 0),
        "reasoning_effort": settings.effort,
        "response_format": settings.form,
        "n_tools": pa.array(settings.tools),
        "stream": pa.array(settings.stream),
        "store": pa.array(settings.store),
        "batch": pa.array(settings.batch),
    }


def _answered(outcome: Outcome, settings: Settings, looping: Bools) -> dict[str, pa.Array]:
    """Write the answers."""
    finish = np.select(
        [outcome.status != 200, ~outcome.answered, outcome.cut, looping],
        ["error", "refusal", "length", "tool_use"],
        "stop",
    )
    return {
        "status": pa.array(outcome.status),
        "finish_reason": pa.array(finish, pa.string()),
        "refusal_category": outcome.refusal,
        "tokens_in": pa.array(outcome.tokens_in),
        "tokens_out": pa.array(outcome.tokens_out),
        "tokens_reasoning": pa.array(outcome.tokens_reasoning),
        "tokens_cached_in": pa.array(outcome.tokens_cached),
        "completion_chars": pa.array(outcome.completion_bytes),
        "latency_ms": pa.array(outcome.latency_ms),
        "ttft_ms": _unless(outcome.ttft_ms, ~settings.stream | (outcome.status != 200)),
        "cost_usd": pa.array(outcome.cost_usd),
    }


def _links(stage: Stage, cast: Cast, calls: Calls, born: Bools, *, conversing: bool) -> Links:
    if conversing:
        return artefacts.within_sessions(stage.rng, cast, calls, born)
    return artefacts.Links(np.zeros(len(calls), dtype=np.int64), np.zeros(0, dtype=np.int64))


def _threaded(
    stage: Stage, calls: Calls, event_id: pa.Array, carrying: Bools, *, conversing: bool, chained: Bools
) -> dict[str, pa.Array]:
    """Say which conversation a call belongs to and how long that is by now."""
    n = len(calls)
    sessions = opaque(stage.rng, int(calls.session.max(initial=-1)) + 1, "ses_", 16)
    ids = sessions.take(pa.array(calls.session)) if conversing else pa.nulls(n, pa.string())
    place = rank(np.bincount(calls.session)) if conversing else np.zeros(n, dtype=np.int64)
    turn = calls.turn if conversing else np.zeros(n, dtype=np.int64)
    # What carries reasoning also carries the exchange it came from.
    imported = carrying & (place == 0)
    turn = turn + imported
    earlier = np.maximum(place, turn + (calls.step if conversing else 0))
    previous = _unless(np.maximum(np.arange(n) - 1, 0), ~chained | (place == 0))
    return {
        "session_id": ids,
        "parent_event_id": event_id.take(previous),
        "n_messages": pa.array(2 * earlier + 1),
        "n_turns": pa.array(turn + 1),
    }


def compose(
    stage: Stage,
    cast: Cast,
    calls: Calls,
    wording: Wording,
    habits: Habits,
    *,
    conversing: bool,
    replay: Callable[[Bools, Bools], Links] | None = None,
    worn: Ints | None = None,
) -> Scene:
    """Make the events of one persona.

    Parameters
    ----------
    stage
        Randomness, accounts and window.
    cast
        The accounts.
    calls
        Their arrivals.
    wording
        What they say.
    habits
        How they do it.
    conversing
        Whether calls of a session build on each other.
    replay
        Chooses the artefacts that calls carry, from which calls bear one and which can carry; without it, those of
        the own session are carried.
    worn
        Program of each call (index into the cast's programs); without it, one is drawn.

    Returns
    -------
    Scene
        Events in the raw schema.
    """
    rng, n = stage.rng, len(calls)
    who = _who(stage, cast, calls, habits, worn)
    operation = who["operation"].to_numpy(zero_copy_only=False)
    able = operation != "chat"
    settings = drawn(stage, calls, habits.answers, ~able)
    # Calls that do not build on each other are sessions of their own for the context they send.
    apart = calls if conversing else _apart(calls)
    outcome = answer(
        rng, apart, (_bytes(wording.prompt), _bytes(wording.system)), settings, habits.answers, habits.friction
    )
    chained = (operation == "responses") & settings.store & conversing
    thinks = pc.is_valid(settings.effort).to_numpy(zero_copy_only=False)
    born = able & outcome.answered & thinks
    links = _links(stage, cast, calls, born & ~chained, conversing=conversing) if replay is None else replay(born, able)
    carried, made = artefacts.columns(rng, born, links, able)
    mismatch = chosen(rng, n, habits.friction.mismatches).to_numpy(zero_copy_only=False)
    mismatch = np.where(outcome.compacted & (rng.random(n) < 0.5), "prefix", mismatch)
    dropped = (links.count > 0) & np.array([word is not None for word in mismatch.tolist()], dtype=np.bool_)
    event_id = opaque(rng, n, "req_", 20)
    last = np.append((np.diff(calls.session) != 0) | (np.diff(calls.turn) != 0), [True])[:n]
    columns = {
        "event_id": event_id,
        "ts_ms": pa.array(calls.ts_ms),
        "prompt": wording.prompt,
        "system": wording.system,
        "artefacts_carried": carried,
        "artefacts_born": made,
        "binding_mismatch": artefacts.lists(pa.array(mismatch[dropped], pa.string()), dropped.astype(np.int64), able),
        **who,
        **_asked(settings),
        **_answered(outcome, settings, ~last),
        **_threaded(stage, calls, event_id, links.count > 0, conversing=conversing, chained=chained),
    }
    ordered = [columns[f.name].cast(f.type) if f.name in columns else pa.nulls(n, f.type) for f in RAW_SCHEMA]
    return Scene(cast, pa.table(ordered, schema=RAW_SCHEMA), wording.simulated)


def _apart(calls: Calls) -> Calls:
    alone = np.arange(len(calls), dtype=np.int64)
    return type(calls)(calls.account, calls.ts_ms, alone, calls.turn, calls.step)
