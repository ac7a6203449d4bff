"""One walk over a message list: which texts a user, the system and the model said, and carried reasoning.

It relies on ``role`` and ``type`` wherever they stand in an object, never on the order of keys, and never
looks inside strings. Values must have passed the scan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stillwatch.ingest.json.lexer import (
    ARRAY,
    ESCAPED,
    OBJECT,
    U1,
    Bytes,
    Int,
    literal_end,
    number_end,
    skip_space,
    string_end,
)
from stillwatch.ingest.json.text import unescape
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH: Final = 16
"""Deepest container looked into; deeper ones are passed over."""
PIECES: Final = 512
"""Most text pieces of open objects kept at once; further ones are passed over."""
KEPT: Final = 64
"""Most pieces of the prompt, and of the system text, that are joined."""
LONGEST_WORD: Final = 256
"""Bytes of the longest word with backslashes that is compared; none of the lists comes near."""
MIN_ARTEFACT: Final = 16
"""Shortest signature or encrypted block taken for one, bytes."""

_USER, _SYSTEM, _ASSISTANT, _TOOL = 1, 2, 3, 4
_TEXT, _REASONING, _ASIDE = 1, 2, 3

_K_ROLE, _K_TYPE, _K_TEXT, _K_NEST, _K_ARTEFACT = 1, 2, 3, 4, 5
_KEYS: Final = {
    b"role": _K_ROLE,
    b"type": _K_TYPE,
    b"content": _K_TEXT,
    b"text": _K_TEXT,
    b"output_text": _K_TEXT,
    b"refusal": _K_TEXT,
    b"input": _K_TEXT,
    b"message": _K_NEST,
    b"messages": _K_NEST,
    b"choices": _K_NEST,
    b"parts": _K_NEST,
    b"output": _K_NEST,
    b"thinking_blocks": _K_NEST,
    b"signature": _K_ARTEFACT,
    b"encrypted_content": _K_ARTEFACT,
    b"data": _K_ARTEFACT,
}
_ROLES: Final = {
    b"user": _USER,
    b"human": _USER,
    b"system": _SYSTEM,
    b"developer": _SYSTEM,
    b"assistant": _ASSISTANT,
    b"model": _ASSISTANT,
    b"ai": _ASSISTANT,
    b"tool": _TOOL,
    b"function": _TOOL,
}
_TYPES: Final = {
    b"text": _TEXT,
    b"input_text": _TEXT,
    b"output_text": _TEXT,
    b"message": _TEXT,
    b"refusal": _TEXT,
    b"thinking": _REASONING,
    b"redacted_thinking": _REASONING,
    b"reasoning": _REASONING,
    b"compaction": _REASONING,
}


class Words(NamedTuple):
    """A list of words to compare bytes with."""

    at: NDArray[np.int64]
    code: NDArray[np.int64]
    letters: NDArray[np.uint8]


def word_list(words: dict[bytes, int]) -> Words:
    """Lay words out for a kernel, each with its code."""
    at = np.cumsum([0, *(len(word) for word in words)])
    return Words(at.astype(np.int64), np.array([*words.values()], np.int64), np.frombuffer(b"".join(words), np.uint8))


_KEY_WORDS, _ROLE_WORDS, _TYPE_WORDS = word_list(_KEYS), word_list(_ROLES), word_list(_TYPES)


class Walk(NamedTuple):
    """Room for one walk and what it found; reused record by record."""

    kind: NDArray[np.int64]
    """(DEPTH,) OBJECT or ARRAY of each open container."""
    role: NDArray[np.int64]
    type: NDArray[np.int64]
    first: NDArray[np.int64]
    """(DEPTH,) number of pieces when the container opened."""
    pending: NDArray[np.int64]
    """(DEPTH, 3) start, end and kind of an artefact that counts if the object turns out to be reasoning."""
    piece: NDArray[np.int64]
    """(PIECES, 3) start, end and kind of the text of open objects."""
    user: NDArray[np.int64]
    """(KEPT, 3) text of the latest user message."""
    system: NDArray[np.int64]
    """(KEPT, 3) text of all system messages."""
    answer: NDArray[np.int64]
    """(KEPT, 3) text of all messages of the model."""
    artefact: NDArray[np.int64]
    """(many, 4) row, start, end, kind of artefacts."""
    word: NDArray[np.uint8]
    """Room for the text of a word with backslashes."""
    n: NDArray[np.int64]
    """Counts: 0 pieces, 1 user pieces, 2 system pieces, 3 artefacts, 4 messages, 5 user turns, 6 answer bytes,
    7 answer pieces."""


@kernel
def _code(buffer: Bytes, start: Int, end: Int, words: Any) -> Int:  # noqa: ANN401
    length = np.int64(end - start)
    for w in range(words.code.shape[0]):
        if words.at[w + 1] - words.at[w] != length:
            continue
        same = True
        for k in range(length):
            if words.letters[words.at[w] + k] != buffer[start + np.uint64(k)]:
                same = False
                break
        if same:
            return np.int64(words.code[w])
    return np.int64(0)


@kernel
def code_of(buffer: Bytes, start: Int, end: Int, kind: Int, words: Any, room: Bytes) -> Int:  # noqa: ANN401
    """Give the code of the word a string spells, 0 for no word of the list."""
    if kind != ESCAPED:
        return _code(buffer, start, end, words)
    if end - start > LONGEST_WORD:
        return np.int64(0)
    length = unescape(buffer, np.int64(start), np.int64(end), room, 0)
    return _code(room, np.uint64(0), np.uint64(length), words)


@kernel
def skip_value(buffer: Bytes, at: Int, stop: Int) -> Int:
    """Go past a value that a scan has found well-formed."""
    i = at
    depth = 0
    while i < stop:
        c = buffer[i]
        if c == 0x22:
            i, _, _ = string_end(buffer, i + U1, stop)
            i += U1
        elif c in (0x7B, 0x5B):
            depth += 1
            i += U1
        elif c in (0x7D, 0x5D):
            depth -= 1
            i += U1
        elif c in (0x2C, 0x3A, 0x20, 0x0A, 0x0D, 0x09):
            i += U1
            continue
        elif c == 0x2D or 0x30 <= c <= 0x39:
            i, fault = number_end(buffer, i, stop)
            if fault:
                return stop
        else:
            i, _, fault = literal_end(buffer, i, stop)
            if fault:
                return stop
        if depth <= 0:
            return i
    return stop


@kernel
def _keep(walk: Any, target: np.ndarray, count: Int, first: Int) -> None:  # noqa: ANN401
    """Move pieces first.. to a kept list (count: its place in ``n``)."""
    for p in range(first, walk.n[0]):
        if walk.n[count] < KEPT:
            for k in range(3):
                target[walk.n[count], k] = walk.piece[p, k]
            walk.n[count] += 1


@kernel
def _close_object(walk: Any, d: Int, row: Int) -> None:  # noqa: ANN401
    """Settle what an object's pieces and artefacts are, now that its role and type are known."""
    first = walk.first[d]
    if walk.type[d] == _REASONING and walk.pending[d, 1] and walk.n[3] < walk.artefact.shape[0]:
        walk.artefact[walk.n[3], 0] = row
        for k in range(3):
            walk.artefact[walk.n[3], 1 + k] = walk.pending[d, k]
        walk.n[3] += 1
    if walk.type[d] in (_REASONING, _ASIDE):
        walk.n[0] = first
    role = walk.role[d]
    if role == 0:
        return
    walk.n[4] += 1
    has_text = walk.n[0] > first
    if role == _USER and has_text:
        walk.n[5] += 1
        walk.n[1] = 0
        _keep(walk, walk.user, 1, first)
    elif role == _SYSTEM:
        _keep(walk, walk.system, 2, first)
    elif role == _ASSISTANT:
        for p in range(first, walk.n[0]):
            walk.n[6] += walk.piece[p, 1] - walk.piece[p, 0]
        _keep(walk, walk.answer, 7, first)
    walk.n[0] = first


@kernel
def _open(walk: Any, d: Int, kind: Int) -> None:  # noqa: ANN401
    walk.kind[d] = kind
    walk.role[d] = 0
    walk.type[d] = 0
    walk.first[d] = walk.n[0]
    walk.pending[d, 1] = 0


@kernel
def _text_of(walk: Any, start: Int, end: Int, kind: Int) -> None:  # noqa: ANN401
    if walk.n[0] < PIECES and end > start:
        walk.piece[walk.n[0], 0] = np.int64(start)
        walk.piece[walk.n[0], 1] = np.int64(end)
        walk.piece[walk.n[0], 2] = kind
        walk.n[0] += 1


@kernel
def walk_value(buffer: Bytes, start: int, end: Int, walk: Any, row: Int) -> None:  # noqa: ANN401
    """Walk one well-formed value, a container or a quoted string, adding to what ``walk`` found."""
    i, stop = np.uint64(start), np.uint64(end)
    d = -1
    while i < stop:
        c = buffer[i]
        if c in (0x20, 0x0A, 0x0D, 0x09, 0x2C):
            i += U1
        elif c in (0x7D, 0x5D):
            if d < 0:
                return
            if walk.kind[d] == OBJECT:
                _close_object(walk, d, row)
            d -= 1
            i += U1
        elif d >= 0 and walk.kind[d] == OBJECT:
            # A key, then its value.
            key_start = i + U1
            i, kind, _ = string_end(buffer, key_start, stop)
            key = code_of(buffer, key_start, i, kind, _KEY_WORDS, walk.word)
            i = skip_space(buffer, i + U1, stop)
            i = skip_space(buffer, i + U1, stop)
            if i >= stop:
                return
            c = buffer[i]
            if c == 0x22:
                begin = i + U1
                i, kind, _ = string_end(buffer, begin, stop)
                if key == _K_ROLE:
                    walk.role[d] = code_of(buffer, begin, i, kind, _ROLE_WORDS, walk.word) or _TOOL
                elif key == _K_TYPE:
                    walk.type[d] = code_of(buffer, begin, i, kind, _TYPE_WORDS, walk.word) or _ASIDE
                elif key in (_K_TEXT, _K_NEST):
                    _text_of(walk, begin, i, kind)
                elif key == _K_ARTEFACT and i - begin >= np.uint64(MIN_ARTEFACT):
                    walk.pending[d, 0] = np.int64(begin)
                    walk.pending[d, 1] = np.int64(i)
                    walk.pending[d, 2] = kind
                i += U1
            elif c in (0x7B, 0x5B) and key in (_K_TEXT, _K_NEST) and d + 1 < DEPTH:
                d += 1
                _open(walk, d, OBJECT if c == 0x7B else ARRAY)
                i += U1
            else:
                i = skip_value(buffer, i, stop)
        elif c in (0x7B, 0x5B):
            if d + 1 >= DEPTH:
                i = skip_value(buffer, i, stop)
            else:
                d += 1
                _open(walk, d, OBJECT if c == 0x7B else ARRAY)
                i += U1
        elif c == 0x22:
            begin = i + U1
            i, kind, _ = string_end(buffer, begin, stop)
            _text_of(walk, begin, i, kind)
            i += U1
        else:
            i = skip_value(buffer, i, stop)


def room(artefacts: int) -> Walk:
    """Make room for walks that may find ``artefacts`` artefacts."""
    return Walk(
        np.zeros(DEPTH, np.int64),
        np.zeros(DEPTH, np.int64),
        np.zeros(DEPTH, np.int64),
        np.zeros(DEPTH, np.int64),
        np.zeros((DEPTH, 3), np.int64),
        np.zeros((PIECES, 3), np.int64),
        np.zeros((KEPT, 3), np.int64),
        np.zeros((KEPT, 3), np.int64),
        np.zeros((KEPT, 3), np.int64),
        np.zeros((artefacts, 4), np.int64),
        np.zeros(LONGEST_WORD, np.uint8),
        np.zeros(8, np.int64),
    )
