"""The shipped word table: the hash of a word to its topic and its weight.

Turns a packed file of sorted word hashes into an open-addressing table that a compiled kernel can read
in one or two steps a word. A prompt's topic is the topic with the largest sum of weights among its words.

The table holds hashes, never words, and says nothing about the language of a prompt: a topic is a
subject, and the words of all languages share the same 64. It is not a model and cannot judge one prompt;
it tells how an account's many prompts spread over subjects.

References
----------
Knuth (1973), The Art of Computer Programming 3, section 6.4: open addressing with linear probing.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE: Final = "topics.npz"
"""Name of the shipped file, beside this module."""

LOAD: Final = 0.5
"""Largest share of used slots; above it the mean probe of an unknown word passes 2.5 slots."""


class TopicTable(NamedTuple):
    """An open-addressing table: slot = key & mask, then the next slot until the key or an empty slot."""

    keys: NDArray[np.uint32]
    """(2^m,) upper half of the word hash, 0 where the slot is empty."""
    values: NDArray[np.uint16]
    """(2^m,) topic | weight << 8; topic 0 to 63, weight 1 to 255."""
    mask: np.uint32
    """2^m - 1."""


def lay_out(keys: NDArray[np.uint32], values: NDArray[np.uint16]) -> TopicTable:
    """Put words into an open-addressing table at most half full.

    Parameters
    ----------
    keys
        (n,) distinct, none 0.
    values
        (n,) topic | weight << 8 of each key.

    Returns
    -------
    TopicTable
        The same words; the layout depends on nothing but the keys and their order.

    Examples
    --------
    >>> table = lay_out(np.array([7, 9], np.uint32), np.array([256, 513], np.uint16))
    >>> look_up(table, 9), look_up(table, 8)
    (513, 0)

    Notes
    -----
    One numpy pass a probe length: 2 ms for 50,000 words. A word waits for the next pass only where its
    slot is taken, so that no probe path has a hole.
    """
    size = 1 << max(4, int(np.ceil(np.log2(max(1, keys.shape[0]) / LOAD))))
    mask = np.uint32(size - 1)
    table = TopicTable(np.zeros(size, np.uint32), np.zeros(size, np.uint16), mask)
    waiting = np.arange(keys.shape[0])
    slots = keys & mask
    while waiting.size:
        at = slots[waiting]
        first = np.zeros(waiting.size, bool)
        first[np.unique(at, return_index=True)[1]] = True
        first &= table.keys[at] == 0
        placed = waiting[first]
        table.keys[slots[placed]] = keys[placed]
        table.values[slots[placed]] = values[placed]
        waiting = waiting[~first]
        slots[waiting] = (slots[waiting] + np.uint32(1)) & mask
    return table


def look_up(table: TopicTable, key: int) -> int:
    """Give topic | weight << 8 of a key, 0 for a word the table does not know."""
    at = key & int(table.mask)
    while table.keys[at]:
        if table.keys[at] == key:
            return int(table.values[at])
        at = (at + 1) & int(table.mask)
    return 0


def read(path: Path) -> TopicTable:
    """Read a packed table that ``stillwatch topics`` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        steps = np.ascontiguousarray(stored["steps"].T).view("<u4")[:, 0]
        values = stored["topic"].astype(np.uint16) | (stored["weight"].astype(np.uint16) << 8)
    return lay_out(np.cumsum(steps, dtype=np.uint32), values)


@cache
def load() -> TopicTable:
    """Read the shipped table, once a run.

    Examples
    --------
    >>> table = load()
    >>> bool(table.keys.shape == table.values.shape == (int(table.mask) + 1,))
    True
    """
    with as_file(files(__package__).joinpath(FILE)) as path:
        return read(path)


@cache
def _text(name: str) -> tuple[str, ...]:
    with as_file(files(__package__).joinpath(FILE)) as path, np.load(path, allow_pickle=False) as stored:
        return tuple(stored[name].tobytes().decode().split("\n"))


def names() -> tuple[str, ...]:
    """Give a label for each topic: its three most central English words.

    Topics 8 c to 8 c + 7 are the coarse topic c. Labels are for people to read in a report; nothing
    is computed from them.

    Examples
    --------
    >>> len(names())
    64
    """
    return _text("names")


def origin() -> tuple[str, ...]:
    """Give what the shipped table was built from: versions, licences and seed, one a line."""
    return _text("origin")
