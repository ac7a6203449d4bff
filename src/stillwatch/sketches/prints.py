"""Prints of text: a few keyed hashes by which a passage is known again, and nothing of the passage.

A print is the hash of a run of twelve words. Which runs become prints is decided by their own hash, so
the same passage gives the same prints wherever it stands. What an account got in answers is *born* to
it, what it sends in prompts is *carried*: a print that one owner got and another sends back is an answer
fed back (cleaned, judged, stored and replayed).

Two rules keep honest text out. A run with few different words (tables of numbers, padding) is no print.
A run of an answer that its own prompt holds as well is an echo, and born to nobody.

Law: prompts are printed only of events whose answer is in the log. That is a property of the event by
itself, so the prints of a set of events do not depend on its order or its batches; and a log without
answers, in which nothing can be fed back, costs nothing.

References
----------
Manber (1994), Finding similar files in a large file system: fingerprints chosen by their own value.
Broder (1997), On the resemblance and containment of documents: the smallest hashes as a sample.
Schleimer, Wilkerson & Aiken (2003), Winnowing: local algorithms for document fingerprinting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.sketches.hashing import U0, kernel, mix64
from stillwatch.sketches.text import cut_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUN_WORDS: Final = 12
"""Words of a run."""
MIN_WORDS: Final = 24
"""Words from which a text has prints; a shorter one is too common."""
MIN_DIFFERENT: Final = 8
"""Different words a run must have."""
SPACING: Final = 64
"""One run in so many is chosen."""
MOST: Final = 2
"""Most prints of a text: those of smallest hash."""
ANSWER_BYTES: Final = 512
"""How much of the head of an answer is printed (bytes)."""
PROMPT_BYTES: Final = 16_384
"""How much of the head of a prompt is printed, and searched for echoes (bytes)."""

_CHOSEN: Final = np.uint64(SPACING - 1)
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_BASE_RUN: Final = np.uint64(pow(0x9E3779B97F4A7C15, RUN_WORDS, 1 << 64))


class Found(NamedTuple):
    """Prints of some events."""

    rows: NDArray[np.int64]
    """(k,) events of the batch."""
    offsets: NDArray[np.int64]
    """(k + 1,) where the prints of each begin in ``values``."""
    values: NDArray[np.int64]
    """Prints, event by event."""

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give event and print, one pair a print."""
        return np.repeat(self.rows, np.diff(self.offsets)), self.values


class Room(NamedTuple):
    """Room that one thread reuses for every text."""

    words: NDArray[np.uint64]
    """Hashes of one text's words."""
    sent: NDArray[np.uint64]
    """Runs chosen of a prompt."""
    got: NDArray[np.uint64]
    """Runs chosen of an answer."""


def room() -> Room:
    """Make room for one thread."""
    return Room(*(np.empty(PROMPT_BYTES + 2, np.uint64) for _ in Room._fields))


@kernel
def head_end(buffer: np.ndarray, start: int, end: int, most: int) -> int:
    """Say where the head of a text of at most ``most`` bytes ends, never inside a character."""
    if end - start <= most:
        return end
    at = start + most
    while at > start + most - 4 and buffer[at] & 0xC0 == 0x80:
        at -= 1
    return at


@kernel
def _varied(words: np.ndarray, first: int) -> bool:
    different = 0
    for k in range(first, first + RUN_WORDS):
        new = True
        for other in range(first, k):
            if words[other] == words[k]:
                new = False
                break
        different += new
    return different >= MIN_DIFFERENT


@kernel
def choose_runs(words: np.ndarray, n: int, key: np.uint64, out: np.ndarray) -> int:
    """Write the hashes of the chosen runs of ``words[:n]`` in order; returns how many."""
    rolled = U0
    count = 0
    for k in range(n):
        rolled = rolled * _BASE + words[k]
        if k >= RUN_WORDS:
            rolled -= words[k - RUN_WORDS] * _BASE_RUN
        if k >= RUN_WORDS - 1:
            rank = mix64(rolled ^ key)
            if rank & _CHOSEN == U0 and _varied(words, k - RUN_WORDS + 1):
                out[count] = rank
                count += 1
    return count


@kernel
def smallest_runs(runs: np.ndarray, n: int, echoed: np.ndarray, n_echoed: int, key: np.uint64, out: np.ndarray) -> int:
    """Write the prints of the smallest different runs that are not echoed; returns how many.

    Prints are the runs' hashes mixed once more: the smallest of many hashes are no fair sample of all
    numbers, and the index keeps those below a limit.
    """
    count = 0
    for k in range(n):
        run = runs[k]
        at = count
        while at > 0 and out[at - 1] > run:
            at -= 1
        if at == MOST or (at > 0 and out[at - 1] == run):
            continue
        seen = False
        for e in range(n_echoed):
            seen |= echoed[e] == run
        if seen:
            continue
        count = min(count + 1, MOST)
        for later in range(count - 1, at, -1):
            out[later] = out[later - 1]
        out[at] = run
    for k in range(count):
        out[k] = mix64(out[k] + key)
    return count


@kernel
def prints_of(words: np.ndarray, n: int, key0: np.uint64, key1: np.uint64, runs: np.ndarray, out: np.ndarray) -> int:
    """Write the prints of ``words[:n]`` to ``out`` (MOST,), using ``runs`` (n,); returns how many."""
    if n < MIN_WORDS:
        return 0
    return smallest_runs(runs, choose_runs(words, n, key0, runs), runs, 0, key1, out)


@kernel
def print_rows(
    rows: np.ndarray,
    prompt_at: np.ndarray,
    prompt: np.ndarray,
    answer_at: np.ndarray,
    answer: np.ndarray,
    key0: np.uint64,
    key1: np.uint64,
    words: np.ndarray,
    sent: np.ndarray,
    got: np.ndarray,
    carried: np.ndarray,
    born: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Print the prompts and answers of ``rows``: ``carried`` and ``born`` (k, MOST), ``counts`` (2, k)."""
    for j in range(rows.shape[0]):
        i = rows[j]
        start = prompt_at[i]
        n = cut_words(prompt, start, head_end(prompt, start, prompt_at[i + 1], PROMPT_BYTES), words, 0)
        n_sent = choose_runs(words, n, key0, sent)
        if n >= MIN_WORDS:
            counts[0, j] = smallest_runs(sent, n_sent, sent, 0, key1, carried[j])
        start = answer_at[i]
        n = cut_words(answer, start, head_end(answer, start, answer_at[i + 1], ANSWER_BYTES), words, 0)
        if n >= MIN_WORDS:
            counts[1, j] = smallest_runs(got, choose_runs(words, n, key0, got), sent, n_sent, key1, born[j])


def _found(rows: NDArray[np.int64], values: NDArray[np.uint64], counts: NDArray[np.int64]) -> Found:
    kept = values[np.arange(MOST) < counts[:, None]]
    return Found(rows, np.concatenate([[0], np.cumsum(counts)]), kept.view(np.int64))


def print_texts(
    rows: NDArray[np.int64],
    prompts: tuple[NDArray[np.int64], NDArray[np.uint8]],
    answers: tuple[NDArray[np.int64], NDArray[np.uint8]],
    keys: tuple[int, int],
) -> tuple[Found, Found]:
    """Print the texts of some events.

    Parameters
    ----------
    rows
        Events whose answer is known, shape (k,).
    prompts, answers
        Offsets (n + 1,) and bytes of each text column of the batch.
    keys
        Lower and upper half of the 128-bit key; prints under different keys do not compare.

    Returns
    -------
    tuple of Found
        Prints carried in prompts, and prints born in answers.

    Notes
    -----
    O(bytes) time, about 2.6 ns a byte; runs without the interpreter lock. **Blind spot**: passages
    shorter than 24 words, rewritten or translated ones, and a passage that is a small part of a long
    prompt, of which only two prints are kept.
    """
    space = room()
    carried, born = (np.empty((rows.shape[0], MOST), np.uint64) for _ in range(2))
    counts = np.zeros((2, rows.shape[0]), np.int64)
    print_rows(rows, *prompts, *answers, np.uint64(keys[0]), np.uint64(keys[1]), *space, carried, born, counts)
    return _found(rows, carried, counts[0]), _found(rows, born, counts[1])
