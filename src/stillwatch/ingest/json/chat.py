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
from stillwatch.ingest.json.text import put_text
from stillwatch.ingest.json.walk import KEPT, walk_value
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.ingest.json.walk import Walk

_MANY: Final = 32_767
"""Largest count of messages and turns; more count as this many."""


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
    for k in (0, 1, 2, 4, 5, 6):
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
def walk_answers(
    buffer: Bytes,
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
        if k in (STRING, ESCAPED):
            length[row] = end[row] - start[row]
        elif k in (ARRAY, OBJECT):
            walk_value(buffer, start[row], end[row], walk, row)
            length[row] = walk.n[6]
            for piece in range(walk.n[0]):
                length[row] += walk.piece[piece, 1] - walk.piece[piece, 0]


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
