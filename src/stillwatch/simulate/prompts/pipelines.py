"""Texts of honest pipelines: retrieval, translation, review of code, grading, and a fixed set asked again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.simulate.cast import LANGUAGES
from stillwatch.simulate.prompts import grammar, longer
from stillwatch.simulate.prompts.machines import task
from stillwatch.simulate.prompts.wording import Wording, silent, spoken, typed
from stillwatch.simulate.prompts.words import TECHNICAL, TOPICS, joined, phrases, size

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Calls, Ints, Stage

PASSAGES: Final = 9
"""Passages a retrieval returns."""
_FILES_A_REPOSITORY: Final = 12


def _fixed(stage: Stage, calls: Calls, slot: str) -> Ints:
    """Let every account keep one phrase of a slot."""
    return stage.rng.integers(0, size(slot), size=stage.accounts)[calls.account]


def retrieval(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word questions over retrieved passages: the account's long frame, then passages, then a reader's question.

    Returns
    -------
    Wording
        One question a call, any topic.
    """
    rng, n = stage.rng, len(calls)
    own, frame = cast.language[calls.account], _fixed(stage, calls, "frame")
    topic, asked = rng.integers(0, TOPICS, size=n), spoken(rng, cast, calls.account)
    passages = longer.excerpts(rng, own, topic, PASSAGES)
    parts = phrases("frame", own, frame), passages, phrases("frame_close", own, frame)
    return Wording(joined(*parts, grammar.question(rng, asked, topic)), silent(n), simulated=True)


def translation(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the calls of a translation pipeline: one template and target an account, texts of any field.

    Returns
    -------
    Wording
        One text a call.
    """
    rng, n = stage.rng, len(calls)
    own = cast.language[calls.account]
    target = (own + 1 + rng.integers(0, len(LANGUAGES) - 1, size=stage.accounts)[calls.account]) % len(LANGUAGES)
    template = grammar.around("translate", own, _fixed(stage, calls, "translate"), phrases("tongue", own, target))
    text = longer.prose(rng, own, rng.integers(0, TOPICS, size=n), rng.integers(3, 16, size=n))
    return Wording(joined(template, text), silent(n), simulated=True)


def review(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the calls of a bot that reviews the changes of one repository.

    Returns
    -------
    Wording
        The account's template, then a change of one of its files.
    """
    rng, n = stage.rng, len(calls)
    files = rng.integers(0, len(grammar.FILES), size=(stage.accounts, _FILES_A_REPOSITORY))
    file = files[calls.account, rng.integers(0, _FILES_A_REPOSITORY, size=n)]
    text = longer.change(rng, grammar.FILES.take(pa.array(file)), rng.integers(1, 9, size=n))
    template = phrases("review", cast.language[calls.account], _fixed(stage, calls, "review"))
    return Wording(joined(template, text), silent(n), simulated=True)


def grading(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the calls of an application that grades its own answers by a rubric.

    Returns
    -------
    Wording
        The account's rubric, then a question out of its own field and the answer given.
    """
    rng, n = stage.rng, len(calls)
    own = cast.language[calls.account]
    field = rng.integers(0, TOPICS, size=(stage.accounts, 3))[calls.account, rng.integers(0, 3, size=n)]
    asked = spoken(rng, cast, calls.account)
    answer = longer.prose(rng, asked, field, rng.integers(2, 7, size=n))
    case = grammar.around("graded", own, np.zeros(n, dtype=np.int64), grammar.question(rng, asked, field), answer)
    rubric = rng.integers(0, 2, size=stage.accounts)[calls.account]
    return Wording(joined(phrases("rubric", own, rubric), case), silent(n), simulated=True)


def watched_set(stage: Stage, cast: Cast, calls: Calls, item: Ints) -> Wording:
    """Word a fixed set of prompts that is asked again and again.

    Parameters
    ----------
    item
        Which item of the account's set a call asks; shape (n,).

    Returns
    -------
    Wording
        One item a call, the same text every time.
    """
    real = task(stage, calls, item, evaluation=True)
    if real is not None:
        return real
    subject = stage.rng.integers(0, TOPICS, size=stage.accounts)[calls.account]
    topic = (subject + item * 7) % TOPICS
    return Wording(grammar.exam(cast.language[calls.account], topic, item), silent(len(calls)), simulated=True)


def errands(stage: Stage, cast: Cast, calls: Calls) -> Wording:
    """Word the errands of many agents in their owner's repository; the calls of a tool loop repeat the typed turn.

    Returns
    -------
    Wording
        One errand a typed turn.
    """
    rng = stage.rng
    first, turn = typed(calls)
    account = calls.account[first]
    topic = rng.integers(0, TECHNICAL, size=(stage.accounts, 4))[account, rng.integers(0, 4, size=len(first))]
    prompt = grammar.errand(rng, cast.language[account], topic).take(pa.array(turn))
    nobody = np.zeros_like(calls.account)
    return Wording(prompt, phrases("agent", nobody, nobody), simulated=True)
