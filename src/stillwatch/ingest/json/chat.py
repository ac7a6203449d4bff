"""Find the prompt, the system text, the turns and the reasoning artefacts inside message lists.

One walker reads them all: OpenAI chat messages, Responses input and output items, Anthropic messages and
content blocks, LiteLLM ``thinking_blocks``, OTel ``parts``, choices of answers, and plain strings. It
relies on ``role`` and ``type`` wherever they stand in an object, never on the order of keys, and never
looks inside strings. An artefact counts only in an object whose type says reasoning: a field that is
merely called ``signature`` (a tool's argument, say) is no evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from stillwatch.ingest.json.scan import (
    ARRAY,
    ESCAPED,
    OBJECT,
    STRING,
    U1,
    literal_end,
    number_end,
    skip_space,
    string_end,
)
from stillwatch.ingest.json.values import put_text
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH: Final = 16
"""Deepest container looked into; deeper ones are passed over."""
PIECES: Final = 512
"""Most text pieces of open objects kept at once; further ones are passed over."""
KEPT: Final = 64
"""Most pieces of the prompt, and of the system text, that are joined."""
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
    artefact: NDArray[np.int64]
    """(many, 4) row, start, end, kind of artefacts."""
    n: NDArray[np.int64]
    """Counts: 0 pieces, 1 user pieces, 2 system pieces, 3 artefacts, 4 messages, 5 user turns, 6 answer bytes."""


@kernel
def _code(buffer: np.ndarray, start: np.uint64, end: np.uint64, words: Any) -> int:  # noqa: ANN401
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
    return 0


@kernel
def skip_value(buffer: np.ndarray, at: np.uint64, stop: np.uint64) -> np.uint64:
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
def _keep(walk: Any, target: np.ndarray, count: int, first: int) -> None:  # noqa: ANN401
    """Move pieces first.. to a kept list (count: its place in ``n``)."""
    for p in range(first, walk.n[0]):
        if walk.n[count] < KEPT:
            for k in range(3):
                target[walk.n[count], k] = walk.piece[p, k]
            walk.n[count] += 1


@kernel
def _close_object(walk: Any, d: int, row: int) -> None:  # noqa: ANN401
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
    walk.n[0] = first


@kernel
def _open(walk: Any, d: int, kind: int) -> None:  # noqa: ANN401
    walk.kind[d] = kind
    walk.role[d] = 0
    walk.type[d] = 0
    walk.first[d] = walk.n[0]
    walk.pending[d, 1] = 0


@kernel
def _text_of(walk: Any, start: np.uint64, end: np.uint64, kind: int) -> None:  # noqa: ANN401
    if walk.n[0] < PIECES and end > start:
        walk.piece[walk.n[0], 0] = np.int64(start)
        walk.piece[walk.n[0], 1] = np.int64(end)
        walk.piece[walk.n[0], 2] = kind
        walk.n[0] += 1


@kernel
def walk_value(buffer: np.ndarray, start: int, end: int, walk: Any, row: int) -> None:  # noqa: ANN401
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
            i, _, _ = string_end(buffer, key_start, stop)
            key = _code(buffer, key_start, i, _KEY_WORDS)
            i = skip_space(buffer, i + U1, stop)
            i = skip_space(buffer, i + U1, stop)
            if i >= stop:
                return
            c = buffer[i]
            if c == 0x22:
                begin = i + U1
                i, kind, _ = string_end(buffer, begin, stop)
                if key == _K_ROLE:
                    code = _code(buffer, begin, i, _ROLE_WORDS)
                    walk.role[d] = code if code else _TOOL
                elif key == _K_TYPE:
                    code = _code(buffer, begin, i, _TYPE_WORDS)
                    walk.type[d] = code if code else _ASIDE
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


@kernel
def _join(buffer: np.ndarray, pieces: np.ndarray, count: int, out: np.ndarray, at: int) -> int:
    for p in range(count):
        if p:
            out[at] = 0x0A
            at += 1
        at = put_text(buffer, pieces[p, 0], pieces[p, 1], pieces[p, 2], out, at)
    return at


@kernel
def _reset(walk: Any) -> None:  # noqa: ANN401
    for k in (0, 1, 2, 4, 5, 6):
        walk.n[k] = 0


@kernel
def walk_requests(
    buffer: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    system_start: np.ndarray,
    system_end: np.ndarray,
    system_kind: np.ndarray,
    walk: Any,  # noqa: ANN401  a Walk
    prompt_at: np.ndarray,
    prompt: np.ndarray,
    system_at: np.ndarray,
    system: np.ndarray,
    messages: np.ndarray,
    turns: np.ndarray,
) -> None:
    """Walk every record's request: prompt and system text, messages (-1 unknown), user turns (-1 unknown)."""
    p = 0
    s = 0
    for row in range(start.shape[0]):
        _reset(walk)
        prompt_at[row] = p
        system_at[row] = s
        messages[row] = -1
        turns[row] = -1
        k = system_kind[row]
        if k == STRING or k == ESCAPED:
            s = put_text(buffer, system_start[row], system_end[row], k, system, s)
        elif k == ARRAY or k == OBJECT:
            walk_value(buffer, system_start[row], system_end[row], walk, row)
            s = _join(buffer, walk.piece, walk.n[0], system, s)
            _reset(walk)
        k = kind[row]
        if k == STRING or k == ESCAPED:
            p = put_text(buffer, start[row], end[row], k, prompt, p)
            messages[row] = 1
            turns[row] = 1
        elif k == ARRAY or k == OBJECT:
            walk_value(buffer, start[row], end[row], walk, row)
            if walk.n[4] == 0 and walk.n[0] > 0:
                # No object has a role: the texts are the prompt.
                p = _join(buffer, walk.piece, min(walk.n[0], KEPT), prompt, p)
                messages[row] = 1
                turns[row] = 1
            else:
                p = _join(buffer, walk.user, walk.n[1], prompt, p)
                if s > system_at[row] and walk.n[2]:
                    system[s] = 0x0A
                    s += 1
                s = _join(buffer, walk.system, walk.n[2], system, s)
                messages[row] = walk.n[4]
                turns[row] = walk.n[5]
    prompt_at[start.shape[0]] = p
    system_at[start.shape[0]] = s


@kernel
def walk_answers(
    buffer: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    walk: Any,  # noqa: ANN401  a Walk
    length: np.ndarray,
) -> None:
    """Walk every record's answer: bytes of text (-1 unknown) and artefacts."""
    for row in range(start.shape[0]):
        _reset(walk)
        k = kind[row]
        length[row] = -1
        if k == STRING or k == ESCAPED:
            length[row] = end[row] - start[row]
        elif k == ARRAY or k == OBJECT:
            walk_value(buffer, start[row], end[row], walk, row)
            length[row] = walk.n[6]
            for piece in range(walk.n[0]):
                length[row] += walk.piece[piece, 1] - walk.piece[piece, 0]


def room(artefacts: int) -> Walk:
    """Make room for walks that may find ``artefacts`` artefacts."""
    stack = [np.zeros(DEPTH, np.int64) for _ in range(4)]
    return Walk(
        *stack,
        np.zeros((DEPTH, 3), np.int64),
        np.zeros((PIECES, 3), np.int64),
        np.zeros((KEPT, 3), np.int64),
        np.zeros((KEPT, 3), np.int64),
        np.zeros((artefacts, 4), np.int64),
        np.zeros(7, np.int64),
    )


@kernel
def _gather_spans(buffer: np.ndarray, found: np.ndarray, offsets: np.ndarray, out: np.ndarray) -> None:
    at = 0
    for k in range(found.shape[0]):
        offsets[k] = at
        at = put_text(buffer, found[k, 1], found[k, 2], found[k, 3], out, at)
    offsets[found.shape[0]] = at


def lists_of(buffer: NDArray[np.uint8], found: NDArray[np.int64], n: int) -> pa.ListArray:
    """Collect string spans (row, start, end, kind), by ascending row, into one list a record, null where none."""
    if not found.shape[0]:
        return pa.nulls(n, pa.list_(pa.string()))
    offsets = np.zeros(found.shape[0] + 1, np.int32)
    out = np.empty(int((found[:, 2] - found[:, 1]).sum()), np.uint8)
    _gather_spans(buffer, found, offsets, out)
    texts = pa.StringArray.from_buffers(found.shape[0], pa.py_buffer(offsets), pa.py_buffer(out))
    counts = np.bincount(found[:, 0], minlength=n)
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(bounds), texts, mask=pa.array(counts == 0))


def artefact_lists(buffer: NDArray[np.uint8], walk: Walk, n: int) -> pa.ListArray:
    """Collect the artefacts a walk over n records found into one list a record."""
    return lists_of(buffer, walk.artefact[: walk.n[3]], n)
