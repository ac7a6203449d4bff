"""Texts of benign automation: one stable template a task, or one known set of prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.prompts import grammar
from stillwatch.simulate.prompts.wording import Wording, ordinal, silent, spoken
from stillwatch.simulate.prompts.words import TOPICS, joined, phrases, size

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Calls, Ints, Stage


def task(stage: Stage, calls: Calls, number: Ints, *, evaluation: bool) -> Wording | None:
    """Give each account one real task of an application, or one real set of an evaluation.

    Parameters
    ----------
    number
        Which row of the task each call says, wrapping at its end; shape (n,).
    evaluation
        Whether a benchmark is wanted.

    Returns
    -------
    Wording or None
        One row a call, or nothing where there is no such shelf.
    """
    shelf = stage.prompts.shelf("C") if stage.prompts else None
    if shelf is None:
        return None
    known = shelf.about("benchmark")
    unit = shelf.deal(stage.rng, stage.accounts, known if evaluation else ~known, only=True)
    rows = pa.array(shelf.start[unit][calls.account] + number % shelf.count[unit][calls.account])
    return Wording(shelf.prompt.take(rows), shelf.system.take(rows), simulated=False)


def sorting(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the calls of applications that classify customer text.

    Returns
    -------
    Wording
        The account's template, in the system text for half the accounts, and a customer's remark.
    """
    real = task(stage, calls, ordinal(calls.account), evaluation=False)
    if real is not None:
        return real
    rng, n = stage.rng, len(calls)
    variant = rng.integers(0, size("sort"), size=stage.accounts)[calls.account]
    template = phrases("sort", cast.language[calls.account], variant)
    item = grammar.remark(rng, spoken(rng, cast, calls.account))
    inside = pa.array((rng.random(stage.accounts) < 0.5)[calls.account])
    whole = joined(template, pa.scalar("\n\n", pa.large_string()), item)
    app = phrases("app", cast.language[calls.account], np.zeros(n, dtype=np.int64))
    return Wording(pc.if_else(inside, whole, item), pc.if_else(inside, app, template), simulated=True)


def known_sets(stage: Stage, cast: Cast, calls: Calls, items: Ints) -> Wording:
    """Word the calls of evaluation runs: every run asks the same items in the same order.

    Parameters
    ----------
    stage
        Randomness and, where given, real prompts.
    cast
        The accounts.
    calls
        Their arrivals; the turn is the place in the run.
    items
        Items in the set of each account; shape (accounts,).

    Returns
    -------
    Wording
        One item a call.
    """
    real = task(stage, calls, calls.turn, evaluation=True)
    if real is not None:
        return real
    subjects = stage.rng.integers(0, TOPICS, size=(stage.accounts, 4))
    item = calls.turn % items[calls.account]
    topic = subjects[calls.account, item % 4]
    return Wording(grammar.exam(cast.language[calls.account], topic, item), silent(len(calls)), simulated=True)
