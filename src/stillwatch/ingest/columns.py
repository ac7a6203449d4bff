"""One chunk of JSON records to raw columns, with a reason for every record refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.addresses import caller
from stillwatch.ingest.json import chat, scan, values
from stillwatch.ingest.nested import scan_inside, unwrap
from stillwatch.ingest.readers.base import map_words
from stillwatch.model.event import BINDING_MISMATCHES, RAW_SCHEMA, Clock, Reject
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.ingest.addresses import Networks
    from stillwatch.ingest.readers.base import Plan, Reader
    from stillwatch.ingest.records import Chunk

ESSENTIAL: Final = frozenset(
    {"ts_ms", "tokens_in", "tokens_out", "tokens_reasoning", "tokens_cached_in", "status", "event_id", "account_id"}
)
"""Fields whose nonsense refuses the record; nonsense elsewhere leaves the field empty and is counted."""

EARLIEST_MS: Final = 1_420_070_400_000
"""2015-01-01: an earlier time is a mistaken unit."""
LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01: a later time is a mistaken unit."""

_INT_MAX: Final = {"int16": 32767, "int32": 2**31 - 1, "int64": 2**62}
_NOT: Final = {
    "int16": "is not a whole number from 0 to 32767",
    "int32": "is not a whole number from 0 to 2147483647",
    "int64": "is not a whole number",
    "float": "is not a finite number",
    "bool": "is neither true nor false",
}


@dataclass(slots=True)
class RawBatch:
    """Some records in columns, before the door."""

    columns: pa.RecordBatch
    """RAW_SCHEMA, accepted records only."""
    line: NDArray[np.int64]
    """(n,) line or record number of each."""
    read: int
    """Records seen."""
    rejects: list[Reject]
    """Refused records: ``read == len(columns) + len(rejects)``."""
    blanked: dict[str, int]
    """Field -> values left out because they made no sense."""


Column = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.uint8]"]


def _pick(spans: scan.Spans, numbers: tuple[int, ...]) -> Column:
    """Give the first place that holds something, record by record."""
    n = spans.fault.shape[0]
    if not numbers:
        return np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.uint8)
    first = numbers[0]
    start, end, kind = spans.start[:, first].copy(), spans.end[:, first].copy(), spans.kind[:, first].copy()
    for other in numbers[1:]:
        empty = (kind == scan.ABSENT) | ((kind == scan.STRING) & (end == start))
        if not empty.any():
            break
        np.copyto(start, spans.start[:, other], where=empty)
        np.copyto(end, spans.end[:, other], where=empty)
        np.copyto(kind, spans.kind[:, other], where=empty)
    return start, end, kind


@kernel
def _count_elements(
    buffer: np.ndarray, start: np.ndarray, end: np.ndarray, kind: np.ndarray, found: np.ndarray, answer: np.ndarray
) -> None:
    """Where a number is wanted and a list or object stands, its length is meant."""
    for row in range(start.shape[0]):
        if kind[row] != scan.ARRAY and kind[row] != scan.OBJECT:
            continue
        count = 0
        i, stop = np.uint64(start[row]) + scan.U1, np.uint64(end[row]) - scan.U1
        while i < stop:
            i = scan.skip_space(buffer, i, stop)
            if i >= stop:
                break
            count += 1
            i = chat.skip_value(buffer, i, stop)
            if kind[row] == scan.OBJECT:
                i = chat.skip_value(buffer, i, stop)
            i = scan.skip_space(buffer, i, stop)
            if i < stop and buffer[i] == 0x2C:
                i += scan.U1
        found[row] = min(count, 32767)
        answer[row] = values.GIVEN





@kernel
def _mismatch_bits(
    buffer: np.ndarray, start: np.ndarray, end: np.ndarray, kind: np.ndarray, words: Any, bits: np.ndarray  # noqa: ANN401
) -> None:
    """Note which words (by their beginning) stand as a string inside each list."""
    for row in range(start.shape[0]):
        if kind[row] != scan.ARRAY:
            continue
        i, stop = np.uint64(start[row]), np.uint64(end[row])
        while i < stop:
            if buffer[i] != 0x22:
                i += scan.U1
                continue
            begin = i + scan.U1
            i, _, fault = scan.string_end(buffer, begin, stop)
            if fault:
                break
            for w in range(words.code.shape[0]):
                length = np.uint64(words.at[w + 1] - words.at[w])
                if begin + length > i:
                    continue
                same = True
                for k in range(length):
                    if words.letters[words.at[w] + np.int64(k)] != buffer[begin + k]:
                        same = False
                        break
                if same:
                    bits[row] |= np.uint8(words.code[w])
            i += scan.U1


_MISMATCH_WORDS: Final = chat.word_list({f"{word}_".encode(): 1 << bit for bit, word in enumerate(BINDING_MISMATCHES)} | {
    b"turn_boundary": 1 << BINDING_MISMATCHES.index("turn_boundary")
})
_MISMATCH_LISTS: Final = pa.array(
    [[word for bit, word in enumerate(BINDING_MISMATCHES) if mask >> bit & 1] or None for mask in range(32)],
    pa.list_(pa.string()),
)


_SCRATCH: Final = {"end_ms": pa.int64(), "first_token_ms": pa.int64(), "cache_write": pa.int32()}
"""Fields that only a reader's ``finish`` uses."""


def _kind(name: str) -> pa.DataType | None:
    """Give the type a capture is read as; None for content, lists and words read elsewhere."""
    if name in _SCRATCH:
        return _SCRATCH[name]
    if name not in RAW_SCHEMA.names or pa.types.is_list(RAW_SCHEMA.field(name).type):
        return None
    return RAW_SCHEMA.field(name).type


def _times(name: str, buffer: NDArray[np.uint8], column: Column, unit: float) -> tuple[pa.Array, NDArray[np.uint8]]:
    found, answer = values.times(buffer, *column, unit)
    if name == "ts_ms":
        implausible = (answer == values.GIVEN) & ((found < EARLIEST_MS) | (found > LATEST_MS))
        answer[implausible] = values.WRONG
    return pa.array(found, mask=answer != values.GIVEN), answer


def _typed(
    name: str, kind: pa.DataType, buffer: NDArray[np.uint8], column: Column, reader: Reader
) -> tuple[pa.Array, NDArray[np.uint8]]:
    """Read one field of any type: the column, and per record GIVEN, MISSING or WRONG."""
    if name.endswith("_ms") and pa.types.is_int64(kind):
        return _times(name, buffer, column, reader.time_unit)
    if pa.types.is_string(kind):
        answer = np.where(column[2] >= scan.OBJECT, np.uint8(values.WRONG), np.uint8(values.GIVEN))
        return values.strings(buffer, *column), answer
    if pa.types.is_boolean(kind):
        truth, answer = values.truths(column[2])
        return pa.array(truth, mask=answer != values.GIVEN), answer
    if pa.types.is_integer(kind):
        low = -(2**62) if name == "seed" else 0
        found, answer = values.integers(buffer, *column, low, _INT_MAX[str(kind)])
        _count_elements(buffer, *map(np.ascontiguousarray, column), found, answer)
        if name == "logprobs_requested":
            answer[column[2] == scan.TRUE] = values.GIVEN
            answer[column[2] == scan.FALSE] = values.MISSING
        return pa.array(found.astype(kind.to_pandas_dtype()), mask=answer != values.GIVEN), answer
    numbers, answer = values.floats(buffer, *column)
    numbers *= reader.scale.get(name, 1.0)
    return pa.array(numbers.astype(np.float32), mask=answer != values.GIVEN), answer


def _callers(peer: pa.Array, forwarded: pa.Array, trusted: Networks) -> pa.Array:
    """Resolve addresses behind trusted proxies, once a distinct pair."""
    pairs = pc.binary_join_element_wise(pc.fill_null(peer, ""), pc.fill_null(forwarded, ""), "\x00")
    return map_words(pairs, lambda pair: caller(*pair.split("\x00", 1), trusted) or None, pa.string())


def _texts(at: NDArray[np.int64], out: NDArray[np.uint8]) -> pa.LargeBinaryArray:
    """Wrap walked texts as a column; an empty text is null."""
    n = at.shape[0] - 1
    if not n or at[-1] == 0:
        return pa.nulls(n, pa.large_binary())
    given = at[1:] > at[:-1]
    valid = pa.py_buffer(np.packbits(given, bitorder="little"))
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), n, [valid, pa.py_buffer(at), pa.py_buffer(out)], int((~given).sum())
    )


def _content(buffer: NDArray[np.uint8], spans: scan.Spans, plan: Plan, depth: int | None) -> dict[str, pa.Array]:
    """Read prompt, system text, turns, answer length and artefacts; ``depth`` unwraps JSON in strings."""
    n = spans.fault.shape[0]
    captures = plan.captures
    found: dict[str, pa.Array] = {}
    request, system = _pick(spans, captures["request"]), _pick(spans, captures["system_text"])
    answer = _pick(spans, captures["answer"])
    if depth is not None:
        buffer, request = unwrap(buffer, request, depth)
        buffer, system = unwrap(buffer, system, depth)
        buffer, answer = unwrap(buffer, answer, depth)
    if captures["request"] or captures["system_text"]:
        system_room = int((system[1] - system[0]).sum())
        request_room = int((request[1] - request[0]).sum())
        walk = chat.room(request_room // (chat.MIN_ARTEFACT + 24) + 1)
        prompt_at, system_at = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
        prompt, system_out = np.empty(request_room, np.uint8), np.empty(request_room + system_room + n, np.uint8)
        messages, turns = np.zeros(n, np.int16), np.zeros(n, np.int16)
        chat.walk_requests(
            buffer, *request, *system, walk, prompt_at, prompt, system_at, system_out, messages, turns
        )
        found["prompt"] = _texts(prompt_at, prompt)
        found["system"] = _texts(system_at, system_out)
        found["n_messages"] = pa.array(messages, mask=messages < 0)
        found["n_turns"] = pa.array(turns, mask=turns < 0)
        found["artefacts_carried"] = chat.artefact_lists(buffer, walk, n)
    if captures["answer"]:
        walk = chat.room(int((answer[1] - answer[0]).sum()) // (chat.MIN_ARTEFACT + 24) + 1)
        length = np.zeros(n, np.int64)
        chat.walk_answers(buffer, *answer, walk, length)
        found["completion_chars"] = pa.array(np.minimum(length, 2**31 - 1).astype(np.int32), mask=length < 0)
        found["artefacts_born"] = chat.artefact_lists(buffer, walk, n)
    if captures["mismatch"]:
        bits = np.zeros(n, np.uint8)
        _mismatch_bits(buffer, *_pick(spans, captures["mismatch"]), _MISMATCH_WORDS, bits)
        found["binding_mismatch"] = _MISMATCH_LISTS.take(pa.array(bits))
    return found


@kernel
def _list_spans(
    buffer: np.ndarray, start: np.ndarray, end: np.ndarray, kind: np.ndarray, found: np.ndarray
) -> int:
    """Find the strings directly inside each list: rows of (row, start, end, kind)."""
    n = 0
    for row in range(start.shape[0]):
        if kind[row] != scan.ARRAY:
            continue
        i, stop = np.uint64(start[row]) + scan.U1, np.uint64(end[row]) - scan.U1
        while i < stop:
            i = scan.skip_space(buffer, i, stop)
            if i < stop and buffer[i] == 0x22:
                begin = i + scan.U1
                i, k, _ = scan.string_end(buffer, begin, stop)
                found[n, 0] = row
                found[n, 1] = np.int64(begin)
                found[n, 2] = np.int64(i)
                found[n, 3] = k
                n += 1
                i += scan.U1
            elif i < stop:
                i = chat.skip_value(buffer, i, stop)
            i = scan.skip_space(buffer, i, stop)
            if i < stop and buffer[i] == 0x2C:
                i += scan.U1
    return n


def _list_of_texts(buffer: NDArray[np.uint8], column: Column) -> pa.Array:
    """Read a list of texts at the record's root."""
    room = int((column[1] - column[0])[column[2] == scan.ARRAY].sum()) // 3 + 1
    found = np.zeros((room, 4), np.int64)
    n = int(_list_spans(buffer, *column, found))
    return chat.lists_of(buffer, found[:n], column[0].shape[0])


def _faults(chunk: Chunk, spans: scan.Spans, plan: Plan, path: str) -> list[Reject]:
    return [
        Reject(
            path,
            int(chunk.line[row]),
            plan.names[spans.fault_capture[row]] if spans.fault_capture[row] >= 0 else "record",
            f"{scan.FAULTS[spans.fault[row]]} (byte {int(spans.fault_at[row]) + 1} of the record)",
        )
        for row in np.flatnonzero(spans.fault)
    ]


def read_chunk(
    chunk: Chunk, reader: Reader, plan: Plan, path: str, *, depth: int, max_record: int, ingest_ms: int | None,
    trusted: Networks = (),
) -> RawBatch:
    """Read the records of a chunk.

    Parameters
    ----------
    chunk
        Records.
    reader, plan
        Format and its places.
    path
        Source, for rejects.
    depth
        Deepest nesting accepted, levels.
    max_record
        Longest record accepted, bytes; for the reject's sentence.
    ingest_ms
        Time to give to events whose format knows none, ms since 1970; None refuses such events.
    trusted
        Proxies whose X-Forwarded-For is believed.

    Returns
    -------
    RawBatch
        Accepted records in columns, and a reject for every other.
    """
    buffer = chunk.buffer
    spans = scan.scan(buffer, chunk.start, chunk.end, plan.trie, depth=depth)
    bad = spans.fault != 0
    spans.kind[bad] = scan.ABSENT
    n = bad.shape[0]
    rejects = _faults(chunk, spans, plan, path)
    rejects += [Reject(path, line, "record", f"is longer than {max_record} bytes") for line in chunk.too_long]
    columns: dict[str, pa.Array] = {}
    blanked: dict[str, int] = {}

    def refuse(name: str, rows: NDArray[np.bool_], reason: str) -> None:
        rows = rows & ~bad
        rejects.extend(Reject(path, int(chunk.line[row]), name, reason) for row in np.flatnonzero(rows))
        np.logical_or(bad, rows, out=bad)

    for name, numbers in plan.captures.items():
        kind = _kind(name)
        if kind is not None and numbers:
            if pa.types.is_large_binary(kind):
                columns[name] = values.strings(buffer, *_pick(spans, numbers)).cast(kind)
                continue
            columns[name], answer = _typed(name, kind, buffer, _pick(spans, numbers), reader)
            wrong = answer == values.WRONG
            if wrong.any():
                if name in ESSENTIAL:
                    what = "is not a plausible time" if name == "ts_ms" else _NOT.get(str(kind), "is not a text")
                    refuse(name, wrong, what)
                else:
                    blanked[name] = int((wrong & ~bad).sum())
    content = _content(buffer, spans, plan, depth if reader.unwrap else None)
    columns |= {name: column for name, column in content.items() if name not in columns}
    columns |= {name: _list_of_texts(buffer, _pick(spans, plan.captures[f"list.{name}"])) for name in reader.lists}
    if plan.inner is not None:
        inside, inner = scan_inside(buffer, _pick(spans, plan.captures["nested_in"]), plan.inner.trie, depth)
        columns |= {
            name: _typed(name, RAW_SCHEMA.field(name).type, inside, _pick(inner, numbers), reader)[0]
            for name, numbers in plan.inner.captures.items()
        }
    extra = {
        name: values.strings(buffer, *_pick(spans, plan.captures[f"extra.{name}"])) for name in reader.extra
    }
    if plan.captures["forbidden"]:
        for number in plan.captures["forbidden"]:
            refuse(plan.names[number], spans.kind[:, number] != scan.ABSENT, "is direct personal data (class P4); drop it before sharing logs")
    if reader.only[0]:
        words = values.strings(buffer, *_pick(spans, plan.captures["only"]))
        other = ~np.asarray(pc.is_in(words, pa.array(reader.only[1])).fill_null(False))  # noqa: FBT003
        refuse(reader.only[0], other, f"is not {' or '.join(reader.only[1])}: no model call")
    if reader.forwarded and trusted:
        columns["client_ip"] = _callers(
            columns["client_ip"], values.strings(buffer, *_pick(spans, plan.captures["forwarded"])), trusted
        )
    if reader.finish is not None:
        reader.finish(columns, extra)
    times = columns.get("ts_ms", pa.nulls(n, pa.int64()))
    if reader.clock is Clock.INGEST and ingest_ms is not None:
        times = columns["ts_ms"] = pc.fill_null(times, ingest_ms)
    refuse("ts_ms", np.asarray(times.is_null()), "is missing; events without a time cannot be ordered")
    batch = pa.RecordBatch.from_arrays(
        [columns[f.name] if f.name in columns else pa.nulls(n, f.type) for f in RAW_SCHEMA], schema=RAW_SCHEMA
    )
    line = chunk.line
    if bad.any():
        batch, line = batch.filter(pa.array(~bad)), line[~bad]
    rejects.sort(key=lambda reject: reject.line)
    return RawBatch(batch, line, n + len(chunk.too_long), rejects, blanked)
