"""Longer texts of the grammar: prose, excerpts, changes of code, tricks."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.prompts.grammar import around, drawn_detail
from stillwatch.simulate.prompts.tasks import mixed
from stillwatch.simulate.prompts.words import DETAILS, TOPICS, joined, numbers, phrases, size

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Ints

_NAMES: Final = ("total", "cursor", "payload", "owner", "limit", "offset", "entry", "token", "batch", "window")
_CALLS: Final = ("parse", "load", "merge", "check", "render", "close", "retry", "split", "count", "commit")
_BEFORE: Final = pa.array([f"-    {a} = {b}({c})\n" for a in _NAMES for b in _CALLS for c in _NAMES], pa.large_string())
_AFTER: Final = pa.array(
    [f"+    {a} = {b}({c}, strict=True)\n" for a in _NAMES for b in _CALLS for c in _NAMES], pa.large_string()
)
TRICKS: Final = ("trick_role", "trick_ask", "trick_form", "trick_close")
"""Slots of which a trick is made, one phrase from each."""


def prose(rng: np.random.Generator, language: Ints, topic: Ints, sentences: Ints) -> pa.Array:
    """Write some sentences about a topic, each with a number of its own.

    Parameters
    ----------
    rng
        Source of randomness.
    language
        Index into LANGUAGES; shape (n,).
    topic
        Topic; shape (n,).
    sentences
        Sentences of each text; shape (n,).

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    n, nothing = len(topic), pa.scalar("", pa.large_string())
    written = []
    for place in range(int(sentences.max(initial=0))):
        fillings = phrases("topics", language, topic), drawn_detail(rng, language, topic)
        said = around("passage", language, rng.integers(0, size("passage"), size=n), *fillings)
        sentence = joined(said, " (", numbers(rng.integers(1, 10_000, size=n)), ") ")
        written.append(pc.if_else(pa.array(sentences > place), sentence, nothing))
    return joined(*written) if written else pa.array([""] * n, pa.large_string())


@lru_cache(maxsize=1)
def _statements() -> tuple[pa.Array, int]:
    """Write every English statement about every topic once: texts topic after topic, and how many a topic has."""
    each = DETAILS * size("passage")
    number = np.arange(TOPICS * each, dtype=np.int64)
    english, topic = np.zeros_like(number), number // each
    detail = phrases("detail", english, topic * DETAILS + number % DETAILS)
    return around("passage", english, number // DETAILS, phrases("topics", english, topic), detail), each


def claims(number: Ints, topic: Ints) -> pa.Array:
    """Write an English answer of three or four statements about a topic; the number decides which.

    Parameters
    ----------
    number
        Number of each answer; shape (n,).
    topic
        Topic; shape (n,).

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    texts, each = _statements()
    parts: list[pa.Array | str] = []
    for place in range(4):
        at = topic * each + mixed(number, 20 + place) % each
        # The last statement is there every second time.
        shown = pa.array(at, mask=(mixed(number, 30) % 2 == 0) & (place == 3))
        parts += [pc.fill_null(texts.take(shown), ""), " (", numbers(mixed(number, 24 + place) % 10_000), ") "]
    return joined(*parts)


def excerpts(rng: np.random.Generator, language: Ints, topic: Ints, count: int) -> pa.Array:
    """Write numbered excerpts about a topic, one below the other.

    Parameters
    ----------
    rng
        Source of randomness.
    language
        Index into LANGUAGES; shape (n,).
    topic
        Topic; shape (n,).
    count
        Excerpts of each text.

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    parts: list[pa.Array | str] = [pa.array([""] * len(topic), pa.large_string())]
    for number in range(1, count + 1):
        parts += [f"[{number}] ", prose(rng, language, topic, rng.integers(2, 6, size=len(topic))), "\n"]
    return joined(*parts)


def change(rng: np.random.Generator, file: pa.Array, hunks: Ints) -> pa.Array:
    """Write a change of one file as a diff.

    Parameters
    ----------
    rng
        Source of randomness.
    file
        Path of the file; shape (n,).
    hunks
        Places changed; shape (n,).

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    n, nothing = len(file), pa.scalar("", pa.large_string())
    written = [joined(file, "\n")]
    for place in range(int(hunks.max(initial=0))):
        line = numbers(rng.integers(1, 900, size=n))
        before, after = (lines.take(pa.array(rng.integers(0, len(lines), size=n))) for lines in (_BEFORE, _AFTER))
        hunk = joined(pa.array(["@@ -"] * n, pa.large_string()), line, " @@\n", before, after)
        written.append(pc.if_else(pa.array(hunks > place), hunk, nothing))
    return joined(*written)


def trick(language: Ints, number: Ints, task: pa.Array) -> pa.Array:
    """Word one way to make a model show what it does not show by itself.

    Parameters
    ----------
    language
        Index into LANGUAGES; shape (n,).
    number
        Which way; as many as tricks() are different; shape (n,).
    task
        What it is tried on; shape (n,).

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    parts = []
    for slot in TRICKS:
        parts.append(phrases(slot, language, number % size(slot)))
        number = number // size(slot)
    return joined(*parts, task)


def tricks() -> int:
    """Count the ways that trick can word."""
    return int(np.prod([size(slot) for slot in TRICKS]))
