"""Sentences of the grammar, many at a time: one function a kind of sentence.

Each takes the language and the topic of every row and draws the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from stillwatch.simulate.prompts.words import DETAILS, joined, numbers, phrases, size

if TYPE_CHECKING:
    import numpy as np

    from stillwatch.simulate.stage import Ints

_PARTS: Final = ("auth", "billing", "search", "export", "render", "queue", "report", "session", "parser", "index")
FILES: Final = pa.array([f"src/{a}/{b}.py" for a in _PARTS for b in _PARTS if a != b], pa.large_string())
"""Files of the repositories that code is written in."""


def _any(rng: np.random.Generator, n: int, below: int) -> Ints:
    return rng.integers(0, below, size=n)


def drawn_detail(rng: np.random.Generator, language: Ints, topic: Ints) -> pa.Array:
    """Name a detail of a topic."""
    return phrases("detail", language, topic * DETAILS + _any(rng, len(topic), DETAILS))


def around(slot: str, language: Ints, number: Ints, *fillings: pa.Array) -> pa.Array:
    """Write a phrase around its fillings.

    Parameters
    ----------
    slot
        Name of a slot whose phrases have one part more than there are fillings.
    language
        Index into LANGUAGES; shape (n,).
    number
        Which phrase; shape (n,).
    *fillings
        What stands between the parts; shape (n,) each.

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    parts = [phrases(slot, language, number)]
    for position, filling in enumerate(fillings, start=1):
        parts += [filling, phrases(slot, language, number, position)]
    return joined(*parts)


def question(rng: np.random.Generator, language: Ints, topic: Ints) -> pa.Array:
    """Ask about a topic."""
    asked = _any(rng, len(topic), size("ask"))
    return around("ask", language, asked, phrases("topics", language, topic), drawn_detail(rng, language, topic))


def personal_question(rng: np.random.Generator, language: Ints, topic: Ints) -> pa.Array:
    """Ask about a topic and say something of oneself."""
    return joined(question(rng, language, topic), phrases("aside", language, _any(rng, len(topic), size("aside"))))


def follow_up(rng: np.random.Generator, language: Ints, topic: Ints) -> pa.Array:
    """Come back to an earlier answer."""
    return around("follow", language, _any(rng, len(topic), size("follow")), drawn_detail(rng, language, topic))


def code_task(rng: np.random.Generator, language: Ints, topic: Ints) -> pa.Array:
    """Give a coding agent a task in a file."""
    n = len(topic)
    file = FILES.take(pa.array(_any(rng, n, len(FILES))))
    return around("code", language, _any(rng, n, size("code")), file, drawn_detail(rng, language, topic))


def steering(rng: np.random.Generator, language: Ints) -> pa.Array:
    """Tell a coding agent how to go on."""
    n = len(language)
    return around("steer", language, _any(rng, n, size("steer")), FILES.take(pa.array(_any(rng, n, len(FILES)))))


def errand(rng: np.random.Generator, language: Ints, topic: Ints) -> pa.Array:
    """Send one of several agents on an errand in a file."""
    n = len(topic)
    file = FILES.take(pa.array(_any(rng, n, len(FILES))))
    return around("subagent", language, _any(rng, n, size("subagent")), file, drawn_detail(rng, language, topic))


def remark(rng: np.random.Generator, language: Ints) -> pa.Array:
    """Write to a shop as its customer."""
    n = len(language)
    return joined(
        phrases("remark_open", language, _any(rng, n, size("remark_open"))),
        phrases("product", language, _any(rng, n, size("product"))),
        phrases("remark_close", language, _any(rng, n, size("remark_close"))),
        numbers(rng.integers(10_000, 99_999, size=n)),
    )


def exam(language: Ints, topic: Ints, item: Ints) -> pa.Array:
    """Set one item of a known test; the same item is always the same text.

    Parameters
    ----------
    language
        Index into LANGUAGES; shape (n,).
    topic
        Topic; shape (n,).
    item
        Number of the item; shape (n,).

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    fillings = (
        numbers(item + 1),
        phrases("topics", language, topic),
        phrases("detail", language, topic * DETAILS + item % DETAILS),
    )
    return around("exam", language, item // DETAILS, *fillings)


def task(rng: np.random.Generator, language: Ints, topic: Ints) -> pa.Array:
    """Make up a seed task: a question and a demand with a number in it."""
    n = len(topic)
    demand = around("demand", language, _any(rng, n, size("demand")), numbers(rng.integers(2, 100, size=n)))
    return joined(question(rng, language, topic), pa.scalar(" ", pa.large_string()), demand)


def template(language: Ints, opening: Ints, body: Ints, closing: Ints) -> pa.Array:
    """Write the fixed instruction that precedes every seed task of an operator.

    Parameters
    ----------
    language
        Index into LANGUAGES; shape (n,).
    opening
        Variant of the opening; shape (n,).
    body
        Variant of the body, which makes the family; shape (n,).
    closing
        Variant of the closing; shape (n,).

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    return joined(
        phrases("teach_open", language, opening),
        phrases("teach_body", language, body),
        phrases("teach_close", language, closing),
    )
