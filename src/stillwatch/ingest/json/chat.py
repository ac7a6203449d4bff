"""Find the prompt, the system text, the turns and the reasoning artefacts inside message lists.

One walker reads them all: OpenAI chat messages, Responses input and output items, Anthropic messages and
content blocks, LiteLLM ``thinking_blocks``, OTel ``parts``, choices of answers, and plain strings. It
relies on ``role`` and ``type`` wherever they stand in an object, never on the order of keys, and never
looks inside strings. An artefact counts only in an object whose type says reasoning: a field that is
merely called ``signature`` (a tool's argument, say) is no evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from stillwatch.ingest.json.lexer import ARRAY, ESCAPED, OBJECT, STRING, Bytes, Int
from stillwatch.ingest.json.text import put_text, unescape
from stillwatch.ingest.json.walk import KEPT, walk_value
from stillwatch.sketches.hashing import kernel
from stillwatch.sketches.prints import ANSWER_BYTES, head_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.ingest.json.walk import Walk

_MANY: Final = 32_767
"""Largest count of messages and turns; more count as this many."""
ANSWER_ROOM: Final = ANSWER_BYTES + 8
"""Most bytes written of one answer: its head, and a character begun inside it."""
_UNTIL: Final = ANSWER_BYTES + 1
"""One byte more than the head shows whether a character ends with it."""


@kernel
def _join(buffer: Bytes, pieces: np.ndarray, count: Int, out: Bytes, at: Int) -> Int:
    for p in range(count):
        if p:
            out[at] = 0x0A
            at += 1
        at = put_text(buffer, pieces[p, 0], pieces[p, 1], pieces[p, 2], out, at)
    return at


@kernel
def _reset(walk: Any) -> None:  # noqa: ANN401
    for k in (0, 1, 2, 4, 5, 6, 7):
        walk.n[k] = 0


@kernel
def walk_requests(
    buffer: Bytes,
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
        if k in (STRING, ESCAPED):
            s = put_text(buffer, system_start[row], system_end[row], k, system, s)
        elif k in (ARRAY, OBJECT):
            walk_value(buffer, system_start[row], system_end[row], walk, row)
            s = _join(buffer, walk.piece, walk.n[0], system, s)
            _reset(walk)
        k = kind[row]
        if k in (STRING, ESCAPED):
            p = put_text(buffer, start[row], end[row], k, prompt, p)
            messages[row] = 1
            turns[row] = 1
        elif k in (ARRAY, OBJECT):
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
                messages[row] = min(walk.n[4], _MANY)
                turns[row] = min(walk.n[5], _MANY)
    prompt_at[start.shape[0]] = p
    system_at[start.shape[0]] = s


@kernel
def _escape_size(buffer: Bytes, at: Int, end: Int) -> Int:
    """Give the bytes of the escape at a backslash; the two halves of a surrogate pair are one."""
    if buffer[at + 1] != 0x75:
        return 2
    if at + 12 > end or buffer[at + 6] != 0x5C or buffer[at + 7] != 0x75:
        return 6
    high = buffer[at + 2] | 0x20 == 0x64 and (0x38 <= buffer[at + 3] <= 0x39 or 0x61 <= buffer[at + 3] | 0x20 <= 0x62)
    low = buffer[at + 8] | 0x20 == 0x64 and 0x63 <= buffer[at + 9] | 0x20 <= 0x66
    return 12 if high and low else 6


@kernel
def _put_head(buffer: Bytes, start: Int, end: Int, kind: Int, out: Bytes, at: Int, until: Int) -> Int:
    """Write a string span's text as far as ``out[until]``, and the character begun there to its end."""
    if kind != ESCAPED:
        return put_text(buffer, start, min(end, start + until - at), kind, out, at)
    i = start
    while i < end and at < until:
        stop = min(end, i + until - at)
        run = i
        while run < stop and buffer[run] != 0x5C:
            run += 1
        if run > i:
            at = put_text(buffer, i, run, STRING, out, at)
            i = run
        else:
            size = _escape_size(buffer, i, end)
            at = unescape(buffer, i, i + size, out, at)
            i += size
    return at


@kernel
def _join_heads(buffer: Bytes, pieces: np.ndarray, count: Int, out: Bytes, begin: Int, at: Int) -> Int:
    """Go on with a text that began at ``out[begin]``, up to the head of an answer."""
    until = begin + _UNTIL
    for p in range(count):
        if at >= until:
            break
        if at > begin:
            out[at] = 0x0A
            at += 1
        at = _put_head(buffer, pieces[p, 0], pieces[p, 1], pieces[p, 2], out, at, until)
    return at


@kernel
def walk_answers(
    buffer: Bytes,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    walk: Any,  # noqa: ANN401  a Walk
    length: np.ndarray,
    text_at: np.ndarray,
    text: np.ndarray,
) -> None:
    """Walk every record's answer: bytes of text (-1 unknown), the head of the text, and artefacts.

    The messages of the model come first, then text that stands in no message.
    """
    t = 0
    for row in range(start.shape[0]):
        _reset(walk)
        text_at[row] = t
        k = kind[row]
        length[row] = -1
        if k in (STRING, ESCAPED):
            length[row] = end[row] - start[row]
            t = _put_head(buffer, start[row], end[row], k, text, t, t + _UNTIL)
        elif k in (ARRAY, OBJECT):
            walk_value(buffer, start[row], end[row], walk, row)
            length[row] = walk.n[6]
            for piece in range(walk.n[0]):
                length[row] += walk.piece[piece, 1] - walk.piece[piece, 0]
            t = _join_heads(buffer, walk.answer, walk.n[7], text, text_at[row], t)
            t = _join_heads(buffer, walk.piece, min(walk.n[0], KEPT), text, text_at[row], t)
        t = head_end(text, text_at[row], t, ANSWER_BYTES)
    text_at[start.shape[0]] = t


@kernel
def _gather_spans(buffer: Bytes, found: np.ndarray, offsets: np.ndarray, out: np.ndarray) -> None:
    at = 0
    for k in range(found.shape[0]):
        offsets[k] = at
        at = put_text(buffer, found[k, 1], found[k, 2], found[k, 3], out, at)
    offsets[found.shape[0]] = at


def lists_of(
    buffer: NDArray[np.uint8], found: NDArray[np.int64], n: int, given: NDArray[np.bool_] | None = None
) -> pa.ListArray:
    """Collect string spans (row, start, end, kind), by ascending row, into one list a record.

    Null where ``given`` is false, without ``given`` where there is none.
    """
    if not found.shape[0] and given is None:
        return pa.nulls(n, pa.list_(pa.string()))
    offsets = np.zeros(found.shape[0] + 1, np.int32)
    out = np.empty(int((found[:, 2] - found[:, 1]).sum()), np.uint8)
    _gather_spans(buffer, found, offsets, out)
    texts = pa.StringArray.from_buffers(found.shape[0], pa.py_buffer(offsets), pa.py_buffer(out))
    counts = np.bincount(found[:, 0], minlength=n)
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(bounds), texts, mask=pa.array(counts == 0 if given is None else ~given))


def artefact_lists(buffer: NDArray[np.uint8], walk: Walk, n: int) -> pa.ListArray:
    """Collect the artefacts a walk over n records found into one list a record."""
    return lists_of(buffer, walk.artefact[: walk.n[3]], n)
