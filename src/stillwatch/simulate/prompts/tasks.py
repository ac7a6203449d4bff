"""A list of tasks without end: task number k is always the same text, and two numbers hardly ever give the same.

What a task is made of follows from its number, so that shards of the list can be dealt out without writing it down.
English tasks name concepts of many subjects; tasks in other languages use the topics of the grammar.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.prompts.grammar import around
from stillwatch.simulate.prompts.words import DETAILS, TOPICS, joined, numbers, phrases, size

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Ints


@lru_cache(maxsize=1)
def _words() -> dict[str, pa.Array]:
    text = files("stillwatch.simulate.prompts").joinpath("words/tasks.json").read_text(encoding="utf-8")
    slots = json.loads(text)
    columns = {"concepts": [one for subject in slots["subjects"] for one in subject[1:]]}
    columns["subject"] = [subject[0] for subject in slots["subjects"]]
    for part in range(3):
        columns[f"ask.{part}"] = [row[part] for row in slots["ask"]]
    for part in range(2):
        columns[f"demand.{part}"] = [row[part] for row in slots["demand"]]
    columns |= {slot: slots[slot] for slot in ("setting", "reader", "extra")}
    return {slot: pa.array(column, pa.large_string()) for slot, column in columns.items()}


def subjects() -> int:
    """Count the subjects of the English list."""
    return len(_words()["subject"])


def mixed(number: Ints, slot: int) -> Ints:
    """Turn numbers into well-mixed ones, differently for each slot.

    Parameters
    ----------
    number
        Any numbers >= 0; shape (n,).
    slot
        Which mixture.

    Returns
    -------
    Ints
        Numbers >= 0 below 2^31; shape (n,).
    """
    x = number.astype(np.uint64) + np.uint64((0x9E3779B97F4A7C15 * (slot + 1)) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return (x >> np.uint64(33)).astype(np.int64)


def _take(slot: str, number: Ints) -> pa.Array:
    column = _words()[slot]
    return column.take(pa.array(number % len(column)))


def english(number: Ints, subject: Ints) -> pa.Array:
    """Write tasks in English.

    Parameters
    ----------
    number
        Number of each task; shape (n,).
    subject
        Subject of each task, below subjects(); shape (n,).

    Returns
    -------
    pa.Array
        Texts; shape (n,).
    """
    words = _words()
    each = len(words["concepts"]) // len(words["subject"])
    first = mixed(number, 1) % each
    second = (first + 1 + mixed(number, 2) % (each - 1)) % each
    concepts = [_take("concepts", subject * each + at) for at in (first, second)]
    asked = mixed(number, 3)
    demanded = mixed(number, 4)
    amount = numbers(2 + mixed(number, 5) % 998)
    parts = [_take("ask.0", asked), concepts[0], _take("ask.1", asked), concepts[1], _take("ask.2", asked)]
    parts += [_take("setting", mixed(number, 6)), _take("demand.0", demanded), amount, _take("demand.1", demanded)]
    shown = mixed(number, 9)
    nothing = pa.scalar("", pa.large_string())
    parts += [pc.if_else(pa.array(shown % 2 == 0), _take("reader", mixed(number, 7)), nothing)]
    parts += [pc.if_else(pa.array(shown % 3 == 0), _take("extra", mixed(number, 8)), nothing)]
    return joined(*parts)


def translated(number: Ints, topic: Ints, language: Ints) -> pa.Array:
    """Write tasks in any language of the grammar.

    Parameters
    ----------
    number
        Number of each task; shape (n,).
    topic
        Topic of the grammar; shape (n,).
    language
        Index into LANGUAGES; shape (n,).

    Returns
    -------
    pa.Array
        Texts; shape (n,).
    """
    details = [phrases("detail", language, topic * DETAILS + mixed(number, slot) % DETAILS) for slot in (1, 2)]
    parts = [around("ask", language, mixed(number, 3) % size("ask"), phrases("topics", language, topic), details[0])]
    for slot in (4, 6):
        amount = numbers(2 + mixed(number, slot + 1) % 998)
        parts += [" ", around("demand", language, mixed(number, slot) % size("demand"), amount)]
    return joined(*parts, " ", details[1], ".")


def tasks(number: Ints, subject: Ints, language: Ints) -> pa.Array:
    """Write tasks, each in its language.

    Parameters
    ----------
    number
        Number of each task >= 0; the same number, subject and language are the same text; shape (n,).
    subject
        Subject, below subjects(); shape (n,).
    language
        Index into LANGUAGES; shape (n,).

    Returns
    -------
    pa.Array
        Texts; shape (n,).
    """
    inside = np.flatnonzero(language == 0)
    outside = np.flatnonzero(language != 0)
    written = pa.chunked_array(
        [
            english(number[inside], subject[inside]),
            translated(number[outside], subject[outside] % TOPICS, language[outside]),
        ],
        pa.large_string(),
    ).combine_chunks()
    place = np.empty(len(number), dtype=np.int64)
    place[np.concatenate([inside, outside])] = np.arange(len(number))
    return written.take(pa.array(place))
