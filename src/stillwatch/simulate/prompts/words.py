"""The phrases of the grammar, one file a language, as flat columns.

Every language has the same number of phrases in every slot, so a phrase is found by language and number alone.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.cast import LANGUAGES

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Ints

TOPICS: Final = 36
"""Topics in every language; the first TECHNICAL of them are about software."""
TECHNICAL: Final = 12
"""Topics about software."""
DETAILS: Final = 3
"""Details of a topic."""


@lru_cache(maxsize=1)
def _slots() -> dict[str, tuple[pa.Array, int]]:
    """Read every slot once: name -> (phrases language after language, phrases a language)."""
    columns: dict[str, list[str]] = {}
    for language in LANGUAGES:
        text = files("stillwatch.simulate.prompts").joinpath(f"words/{language}.json").read_text(encoding="utf-8")
        for slot, phrases in json.loads(text).items():
            rows = [phrases] if isinstance(phrases, str) else phrases
            for row in rows:
                for part, phrase in enumerate([row] if isinstance(row, str) else row):
                    columns.setdefault(f"{slot}.{part}", []).append(phrase)
    details = [columns.pop(f"topics.{part}") for part in range(1, DETAILS + 1)]
    columns["detail.0"] = [phrase for row in zip(*details, strict=True) for phrase in row]
    return {
        name: (pa.array(phrases, pa.large_string()), len(phrases) // len(LANGUAGES))
        for name, phrases in columns.items()
    }


def size(slot: str) -> int:
    """Count the phrases of a slot in one language.

    Parameters
    ----------
    slot
        Name of a slot, such as ``ask``.

    Returns
    -------
    int
        Phrases.
    """
    return _slots()[f"{slot}.0"][1]


def phrases(slot: str, language: Ints, number: Ints, part: int = 0) -> pa.Array:
    """Look phrases up.

    Parameters
    ----------
    slot
        Name of a slot.
    language
        Index into LANGUAGES; shape (n,).
    number
        Which phrase, taken modulo the slot's size; shape (n,).
    part
        Which part, for phrases that enclose others.

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    values, count = _slots()[f"{slot}.{part}"]
    return values.take(pa.array(language * count + number % count))


def joined(*parts: pa.Array | str) -> pa.Array:
    """Write parts one after the other, row by row.

    Parameters
    ----------
    *parts
        Columns of text, or one text for all rows; the first is a column.

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    columns = [pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*columns, pa.scalar("", pa.large_string()))


def numbers(values: Ints) -> pa.Array:
    """Write integers as text.

    Parameters
    ----------
    values
        Integers; shape (n,).

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    return pa.array(np.asarray(values)).cast(pa.large_string())
