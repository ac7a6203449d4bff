"""Texts that ask for training text: a fixed instruction and generated seeds over all topics.

The declared researcher asks in nearly the same way as the distiller; content alone does not part them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from stillwatch.simulate.prompts import grammar
from stillwatch.simulate.prompts.wording import Wording, silent, spoken
from stillwatch.simulate.prompts.words import TOPICS, joined, phrases, size

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Calls, Ints, Stage


def source(stage: Stage, calls: Calls, owner: Ints, kind: str = "") -> Wording | None:
    """Let each owner draw from one real source, every row once before any again.

    Parameters
    ----------
    owner
        Who draws, for each call; shape (n,).
    kind
        Part of the subtype of the sources to draw from; empty draws from any.

    Returns
    -------
    Wording or None
        One row of the source a call, or nothing where there is no source.
    """
    shelf = stage.prompts.shelf("A") if stage.prompts else None
    if shelf is None:
        return None
    owners = int(owner.max(initial=0)) + 1
    preferred = shelf.about(kind) if kind else np.zeros(len(shelf.start), dtype=np.bool_)
    unit = shelf.deal(stage.rng, owners, preferred, only=bool(kind))
    rows = np.zeros(len(calls), dtype=np.int64)
    for number in range(owners):
        mine = np.flatnonzero(owner == number)
        mine = mine[np.argsort(calls.ts_ms[mine], kind="stable")]
        shuffled = stage.rng.permutation(int(shelf.count[unit[number]]))
        rows[mine] = shelf.start[unit[number]] + np.resize(shuffled, len(mine))
    at = pa.array(rows)
    return Wording(shelf.prompt.take(at), shelf.system.take(at), simulated=False)


def seeds(stage: Stage, cast: Cast, calls: Calls) -> pa.Array:
    """Make up a seed task for each call, over all topics.

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    topic = stage.rng.integers(0, TOPICS, size=len(calls))
    return grammar.task(stage.rng, spoken(stage.rng, cast, calls.account), topic)


def lessons(stage: Stage, cast: Cast, calls: Calls, *, vary: bool) -> Wording:
    """Word the calls of distillers.

    Parameters
    ----------
    vary
        Whether each account of an operator opens and closes the template in its own way.

    Returns
    -------
    Wording
        The operator's template in one language, then a seed.
    """
    real = source(stage, calls, cast.operator[calls.account])
    if real is not None:
        return real
    rng = stage.rng
    accounts = np.arange(stage.accounts, dtype=np.int64)
    chooser = accounts if vary else cast.operator
    opening = rng.integers(0, size("teach_open"), size=stage.accounts)[chooser][calls.account]
    closing = rng.integers(0, size("teach_close"), size=stage.accounts)[chooser][calls.account]
    body = rng.integers(0, size("teach_body"), size=stage.accounts)[cast.operator][calls.account]
    language = cast.language[cast.operator][calls.account]
    prompt = joined(grammar.template(language, opening, body, closing), seeds(stage, cast, calls))
    return Wording(prompt, silent(len(calls)), simulated=True)


def synthetic_examples(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the calls of researchers who make training text for a model of their own.

    Returns
    -------
    Wording
        The account's instruction, then a seed.
    """
    real = source(stage, calls, calls.account)
    if real is not None:
        return real
    variant = stage.rng.integers(0, size("synth"), size=stage.accounts)[calls.account]
    template = phrases("synth", cast.language[calls.account], variant)
    return Wording(joined(template, seeds(stage, cast, calls)), silent(len(calls)), simulated=True)
