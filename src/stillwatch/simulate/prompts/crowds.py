"""Texts of people in numbers: strangers in every language, a class at its exercises, people who train models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.cast import LANGUAGE_SHARES, LANGUAGES
from stillwatch.simulate.prompts import grammar
from stillwatch.simulate.prompts.machines import task
from stillwatch.simulate.prompts.people import conversation, threads
from stillwatch.simulate.prompts.wording import Wording, silent, spoken
from stillwatch.simulate.prompts.words import TOPICS, joined, numbers, phrases, size
from stillwatch.simulate.stage import DAY_MS, beginnings

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Calls, Ints, Stage

_TURNS: Final = 4


def strangers(stage: Stage, calls: Calls) -> tuple[Calls, Wording]:
    """Word the conversations of strangers: somebody else a session, in any language, on any topic.

    Returns
    -------
    tuple of Calls and Wording
        The calls that are made, and what they say.
    """
    shelf = stage.prompts.shelf("B") if stage.prompts else None
    if shelf is not None:
        return threads(stage, calls, shelf, calls.session, shelf.count >= _TURNS)
    sessions = len(beginnings(calls))
    language = stage.rng.choice(len(LANGUAGES), size=sessions, p=LANGUAGE_SHARES).astype(np.int64)
    topic = stage.rng.integers(0, TOPICS, size=sessions)
    return calls, conversation(stage, calls, language[calls.session], topic[calls.session])


def exercises(stage: Stage, cast: Cast, calls: Calls, group: Ints) -> Wording:
    """Word the exercises of classes: all students of a class are set the same ones on a day.

    Parameters
    ----------
    group
        Class of each account; shape (accounts,).

    Returns
    -------
    Wording
        An exercise, often with a word of the student's own; every second turn asks about the answer.
    """
    rng, n = stage.rng, len(calls)
    item = 8 * ((calls.ts_ms - stage.window.start_ms) // DAY_MS) + calls.turn // 2
    real = task(stage, calls, item, evaluation=True)
    if real is not None:
        return real
    subject = rng.integers(0, TOPICS, size=stage.accounts)[group][calls.account]
    own = cast.language[calls.account]
    said = phrases("aside", spoken(rng, cast, calls.account), rng.integers(0, size("aside"), size=n))
    asked = joined(grammar.exam(own, subject, item), said)
    later = grammar.follow_up(rng, own, subject)
    return Wording(pc.if_else(pa.array(calls.turn % 2 == 0), asked, later), silent(n), simulated=True)


def training(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the talk of people who train a model of their own: students, teachers, distillation, learning rates.

    Returns
    -------
    Wording
        One question a call, now and then a turn that steers the code.
    """
    rng, n = stage.rng, len(calls)
    language = spoken(rng, cast, calls.account)
    amount = numbers(rng.integers(2, 100, size=n))
    asked = grammar.around("training", language, rng.integers(0, size("training"), size=n), amount)
    steers = pa.array((calls.turn > 0) & (rng.random(n) < 0.4))
    return Wording(pc.if_else(steers, grammar.steering(rng, language), asked), silent(n), simulated=True)
