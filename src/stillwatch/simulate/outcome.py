"""What comes back: status, refusal, length, time and price of every answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.simulate import catalogue
from stillwatch.simulate.stage import Bools, Floats, Ints, rank, running

if TYPE_CHECKING:
    from stillwatch.simulate.habits import Answers, Friction
    from stillwatch.simulate.settings import Settings
    from stillwatch.simulate.stage import Calls

_LONGEST_CONTEXT: Final = 160_000
_COMPACTED: Final = 30_000
_CACHE_FROM: Final = 1024
_BYTES_A_TOKEN: Final = 4.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answers, one row a call."""

    status: Ints
    """HTTP status."""
    refusal: pa.Array
    """Refusal category, or null."""
    answered: Bools
    """Whether there is an answer: status 200 and no refusal."""
    cut: Bools
    """Whether it ended at the token ceiling."""
    tokens_in: Ints
    """Prompt tokens."""
    tokens_cached: Ints
    """Of these, from a cache."""
    compacted: Bools
    """Whether the caller shortened the context before this call."""
    tokens_out: Ints
    """Completion tokens, reasoning included."""
    tokens_reasoning: Ints
    """Of these, reasoning."""
    completion_bytes: Ints
    """Length of the answer text (bytes of UTF-8)."""
    ttft_ms: Floats
    """Request to first token (ms)."""
    latency_ms: Floats
    """Request to last byte (ms)."""
    cost_usd: Floats
    """List cost."""


def chosen(rng: np.random.Generator, n: int, shares: dict[str, float]) -> pa.Array:
    """Draw a word for some rows and null for the rest.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        Rows.
    shares
        Word -> share of rows.

    Returns
    -------
    pa.Array
        Words or nulls, shape (n,).
    """
    index = np.searchsorted(np.cumsum(list(shares.values())), rng.random(n), side="right")
    return pa.array([*shares, None], pa.string()).take(pa.array(index))


def _status(rng: np.random.Generator, n: int, friction: Friction) -> Ints:
    edges = np.cumsum([friction.limited, friction.failed / 2, friction.failed / 2])
    return np.array([429, 500, 529, 200])[np.searchsorted(edges, rng.random(n), side="right")]


def _context(calls: Calls, said: Floats, out: Ints, opening: Floats) -> tuple[Ints, Ints, Bools]:
    """Add the session up: every call sends all that came before, until the caller compacts it."""
    counts = np.bincount(calls.session)
    first = rank(counts) == 0
    before = np.concatenate([[0], out[:-1]])
    total = running(np.where(first, said + opening, said + before), counts)
    over = np.maximum(total - _LONGEST_CONTEXT, 0) // (_LONGEST_CONTEXT - _COMPACTED)
    times = np.where(total > _LONGEST_CONTEXT, over + 1, 0)
    total = total - times * (_LONGEST_CONTEXT - _COMPACTED)
    compacted = ~first & (np.diff(times, prepend=0) > 0)
    previous = np.where(first | compacted, 0, np.concatenate([[0], total[:-1]]))
    cached = np.where(previous >= _CACHE_FROM, previous // 64 * 64, 0)
    return total.astype(np.int64), np.minimum(cached, total).astype(np.int64), compacted


def answer(
    rng: np.random.Generator,
    calls: Calls,
    text_bytes: tuple[Ints, Ints],
    settings: Settings,
    answers: Answers,
    friction: Friction,
) -> Outcome:
    """Draw the answers of some calls.

    Parameters
    ----------
    rng
        Source of randomness.
    calls
        Arrivals.
    text_bytes
        Length of the typed text and of the system text of each call (bytes); shape (n,) each.
    settings
        Request parameters of each call.
    answers
        The persona's answers.
    friction
        What goes wrong.

    Returns
    -------
    Outcome
        One row a call.
    """
    n = len(calls)
    status = _status(rng, n, friction)
    refusal = chosen(rng, n, friction.refusals)
    refused = ~refusal.is_null().to_numpy(zero_copy_only=False) & (status == 200)
    refusal = pa.array(np.where(refused, refusal.to_numpy(zero_copy_only=False), None), pa.string())
    answered = (status == 200) & ~refused
    usual = rng.lognormal(0.0, 0.2, size=int(calls.account.max(initial=0)) + 1)[calls.account]
    # A translation is as long as its original, whoever asks.
    usual = np.ones(n) if answers.echo else usual
    usual_out = np.maximum(1.0, text_bytes[0] / _BYTES_A_TOKEN * answers.echo) if answers.echo else answers.tokens_out
    written = np.maximum(1.0, usual * rng.lognormal(np.log(usual_out), answers.sigma, size=n)) * settings.choices
    thought = written * answers.reasoning * rng.lognormal(0.0, 0.4, size=n)
    written = np.where(refused, rng.uniform(4, 40, size=n), written)
    ceiling = np.where(settings.max_tokens > 0, settings.max_tokens, 1 << 30) * settings.choices
    cut = answered & ((written + thought > ceiling) | (rng.random(n) < friction.cut))
    shrink = np.minimum(1.0, ceiling / (written + thought))
    said = np.where(status == 200, np.maximum(1, np.rint(written * shrink)), 0).astype(np.int64)
    reasoned = np.where(answered, np.floor(thought * shrink), 0).astype(np.int64)
    out = np.minimum(said + reasoned, ceiling.astype(np.int64))
    reasoned = np.minimum(reasoned, out)
    typed, system = (x / _BYTES_A_TOKEN for x in text_bytes)
    tool_output = rng.lognormal(6.0, 1.0, size=n)
    opening = system + rng.uniform(*answers.context, size=n)
    tokens_in, cached, compacted = _context(calls, np.where(calls.step > 0, tool_output, typed) + 6.0, out, opening)
    tokens_in, cached = (np.where(status == 200, x, 0) for x in (tokens_in, cached))
    model = settings.model
    ttft = 120.0 + rng.lognormal(5.5, 0.5, size=n) + 0.004 * tokens_in
    latency = np.where(status == 200, ttft + out * catalogue.MS_PER_TOKEN[model] * rng.lognormal(0, 0.15, size=n), 90.0)
    price_in = catalogue.USD_PER_TOKEN_IN[model] * (tokens_in - cached * (1.0 - catalogue.CACHED_SHARE))
    text = (out - reasoned) / settings.choices * _BYTES_A_TOKEN * rng.uniform(0.95, 1.15, size=n)
    return Outcome(
        status=status,
        refusal=refusal,
        answered=answered,
        cut=cut,
        tokens_in=tokens_in,
        tokens_cached=cached,
        compacted=compacted,
        tokens_out=out,
        tokens_reasoning=reasoned,
        completion_bytes=text.astype(np.int64),
        ttft_ms=ttft,
        latency_ms=latency,
        cost_usd=price_in + catalogue.USD_PER_TOKEN_OUT[model] * out,
    )
