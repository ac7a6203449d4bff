"""Request parameters: drawn once an account, the same in all its calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from stillwatch.simulate import catalogue
from stillwatch.simulate.stage import HOUR_MS, Bools, Floats, Ints

if TYPE_CHECKING:
    from stillwatch.simulate.habits import Answers
    from stillwatch.simulate.stage import Calls, Stage


@dataclass(frozen=True, slots=True)
class Settings:
    """Request parameters, one row a call."""

    model: Ints
    """Model (index into the catalogue)."""
    max_tokens: Ints
    """Ceiling; 0 where none was set (tokens)."""
    temperature: Floats
    """Temperature; -1 where none was set."""
    choices: Ints
    """Answers asked for."""
    logprobs: Ints
    """Log-probabilities asked for; -1 where none."""
    seed: Ints
    """Sampling seed; -1 where none."""
    effort: pa.Array
    """Reasoning effort, or null."""
    form: pa.Array
    """Response format, or null."""
    tools: Ints
    """Tools offered."""
    stream: Bools
    """Whether streamed."""
    batch: Bools
    """Whether through the batch interface."""
    store: Bools
    """Whether the provider is asked to keep the exchange."""
    biased: Ints
    """Tokens biased; -1 where none."""


def _words(rng: np.random.Generator, words: tuple[str, ...], account: Ints, accounts: int) -> pa.Array:
    index = rng.integers(0, max(1, len(words)), size=accounts)
    return pa.array(words or (None,), pa.string()).take(pa.array(index[account]))


def _turned(calls: Calls, models: tuple[int, ...], release_ms: int) -> Ints:
    """Go round the models; one that is not released yet is replaced by the large one."""
    model = np.array(models, dtype=np.int64)[(calls.turn + calls.step) % len(models)]
    return np.where((model == catalogue.NEWER) & (calls.ts_ms < release_ms), catalogue.LARGE, model)


def drawn(stage: Stage, calls: Calls, answers: Answers, sampled: Bools) -> Settings:
    """Draw the parameters of each account and lay them on its calls.

    Parameters
    ----------
    stage
        Randomness, accounts and window.
    calls
        Arrivals.
    answers
        The persona's habits.
    sampled
        Calls whose interface offers several answers, seeds and log-probabilities; shape (n,).

    Returns
    -------
    Settings
        One row a call.
    """
    rng, accounts, account = stage.rng, stage.accounts, calls.account

    def flag(share: float) -> Bools:
        return (rng.random(accounts) < share)[account]

    def pick(values: tuple[float, ...]) -> Floats:
        return rng.choice(np.array(values, dtype=np.float64), size=accounts)[account]

    moved = np.clip((calls.ts_ms - stage.window.release_ms) / (answers.follows_within_h * HOUR_MS), 0.0, 1.0)
    moves = (rng.random(len(calls)) < moved * answers.follows) & (calls.ts_ms >= stage.window.release_ms)
    small = flag(answers.small_model)
    own = np.where(small, catalogue.SMALL_MODEL, catalogue.LARGE)
    seeds = rng.integers(0, 10_000, size=accounts)
    model = np.where(moves & ~small, catalogue.NEWER, own)
    low, high = answers.logit_bias
    return Settings(
        model=_turned(calls, answers.models, stage.window.release_ms) if answers.models else model,
        max_tokens=pick(answers.max_tokens).astype(np.int64),
        temperature=pick(answers.temperature),
        choices=np.where(sampled, pick((1, answers.choices)), 1).astype(np.int64),
        logprobs=np.where(flag(answers.logprobs) & sampled, 5, -1),
        seed=np.where(flag(answers.seeded) & sampled, seeds[account], -1),
        effort=_words(rng, answers.efforts, account, accounts),
        form=_words(rng, answers.formats, account, accounts),
        tools=rng.integers(answers.tools[0], answers.tools[1] + 1, size=accounts)[account],
        stream=flag(answers.streams),
        batch=flag(answers.batches),
        store=flag(answers.stores),
        biased=np.where(sampled, rng.integers(low, high + 1, size=len(calls)), -1) if high else np.full(len(calls), -1),
    )
