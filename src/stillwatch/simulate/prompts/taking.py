"""Texts by which a model is taken from: tricks, injected strings, comparisons, batches of tasks, probes.

Who has permission, or a contract, asks in the same words; content alone does not part them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.prompts import grammar, longer
from stillwatch.simulate.prompts.harvest import seeds, source
from stillwatch.simulate.prompts.wording import Wording, ordinal, silent, spoken, typed
from stillwatch.simulate.prompts.words import TECHNICAL, TOPICS, joined, numbers, phrases, size

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Bools, Calls, Ints, Stage

SCIENCES: Final = (12, 22)
"""First topic of mathematics and the sciences, and the first that is none."""


def _of_operator(stage: Stage, cast: Cast, calls: Calls, below: int) -> Ints:
    return stage.rng.integers(0, below, size=stage.accounts)[cast.operator][calls.account]


def _house_language(cast: Cast, calls: Calls) -> Ints:
    """Find the language of the operator, whose texts are the same on all of its accounts."""
    return cast.language[cast.operator][calls.account]


def sweep(stage: Stage, cast: Cast, calls: Calls, kept: Bools, winners: int) -> Wording:
    """Word tricks that make a model show its reasoning.

    Parameters
    ----------
    kept
        Which calls keep to the tricks that worked; the others never try one twice before all were tried; shape (n,).
    winners
        Tricks of an operator that worked, >= 1.

    Returns
    -------
    Wording
        One trick a call, on a made-up task.
    """
    rng, n, owner = stage.rng, len(calls), cast.operator[calls.account]
    order = np.stack([rng.permutation(longer.tricks()) for _ in range(int(cast.operator.max(initial=0)) + 1)])
    at = np.where(kept, rng.integers(0, winners, size=n), _in_time(owner, calls.ts_ms) % longer.tricks())
    task = seeds(stage, cast, calls)
    return Wording(longer.trick(_house_language(cast, calls), order[owner, at], task), silent(n), simulated=True)


def _in_time(owner: Ints, ts_ms: Ints) -> Ints:
    """Count the calls of each owner in the order of time."""
    order = np.lexsort((ts_ms, owner))
    number = np.empty(len(owner), dtype=np.int64)
    number[order] = ordinal(owner[order])
    return number


def injected(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word tasks of mathematics and the sciences that end in the operator's fixed string.

    Returns
    -------
    Wording
        One task a call; the string makes the model write its reasoning into tags. Real prompts are of any field.
    """
    language, which = _house_language(cast, calls), _of_operator(stage, cast, calls, size("inject"))
    fixed = phrases("inject", language, which)
    real = source(stage, calls, cast.operator[calls.account], "self_instruct")
    if real is not None:
        return Wording(joined(real.prompt, fixed), real.system, simulated=False)
    topic = stage.rng.integers(*SCIENCES, size=len(calls))
    asked = grammar.task(stage.rng, spoken(stage.rng, cast, calls.account), topic)
    return Wording(joined(asked, fixed), silent(len(calls)), simulated=True)


def comparisons(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the grading of another model's answers: the operator's rubric, a task of any field, two answers.

    Returns
    -------
    Wording
        One comparison a call.
    """
    rng, n = stage.rng, len(calls)
    language, topic = _house_language(cast, calls), rng.integers(0, TOPICS, size=n)
    answers = [longer.prose(rng, language, topic, rng.integers(3, 10, size=n)) for _ in range(2)]
    first = np.zeros(n, dtype=np.int64)
    case = grammar.around("compared", language, first, grammar.task(rng, language, topic), *answers)
    return Wording(joined(phrases("rubric", language, first + 2), case), silent(n), simulated=True)


def batches_of_tasks(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word calls that make up new tasks, or make a task harder.

    Returns
    -------
    Wording
        One batch or one harder task a call.
    """
    real = source(stage, calls, cast.operator[calls.account], "instruction_")
    if real is not None:
        return real
    rng, n = stage.rng, len(calls)
    language, topic = spoken(rng, cast, calls.account), rng.integers(0, TOPICS, size=n)
    many = numbers(rng.choice([5, 10, 20, 20, 50], size=n))
    fillings = many, joined(phrases("topics", language, topic), ": ", grammar.drawn_detail(rng, language, topic))
    fresh = grammar.around("generate", language, rng.integers(0, size("generate"), size=n), *fillings)
    old = grammar.task(rng, language, topic)
    harder = grammar.around("evolve", language, rng.integers(0, size("evolve"), size=n), old)
    return Wording(pc.if_else(pa.array(rng.random(n) < 0.5), fresh, harder), silent(n), simulated=True)


def trajectories(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word coding tasks over many made-up repositories, under the operator's fixed system text.

    Returns
    -------
    Wording
        One task or steering a typed turn; the calls of one tool loop repeat it.
    """
    rng = stage.rng
    system = phrases("trajectory", _house_language(cast, calls), _of_operator(stage, cast, calls, size("trajectory")))
    first, turn = typed(calls)
    opening = np.zeros(len(calls), dtype=np.bool_)
    opening[first] = True
    real = source(stage, calls.where(opening), cast.operator[calls.account[first]], "agentic")
    if real is not None:
        return Wording(real.prompt.take(pa.array(turn)), system, simulated=False)
    language, topic = spoken(rng, cast, calls.account[first]), rng.integers(0, TECHNICAL, size=len(first))
    asked = pa.array((calls.turn[first] == 0) | (rng.random(len(first)) < 0.5))
    prompt = pc.if_else(asked, grammar.code_task(rng, language, topic), grammar.steering(rng, language))
    return Wording(prompt.take(pa.array(turn)), system, simulated=True)


def probes(stage: Stage, cast: Cast, calls: Calls, count: int) -> Wording:
    """Word the few prompts that an operator repeats to read probabilities.

    Parameters
    ----------
    count
        Prompts of an operator.

    Returns
    -------
    Wording
        One of them a call.
    """
    rng = stage.rng
    owner, which = cast.operator[calls.account], rng.integers(0, count, size=len(calls))
    every = np.arange(stage.accounts * count, dtype=np.int64)
    prompts = grammar.question(rng, cast.language[every // count], rng.integers(0, TOPICS, size=len(every)))
    return Wording(prompts.take(pa.array(owner * count + which)), silent(len(calls)), simulated=True)
