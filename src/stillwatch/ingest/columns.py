"""One chunk of JSON records to raw columns, with a reason for every record refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.addresses import caller
from stillwatch.ingest.fields import kind_of, pick, typed
from stillwatch.ingest.json import chat, scan, values
from stillwatch.ingest.json.lexer import ABSENT, FAULTS, STRING
from stillwatch.ingest.json.lists import list_of_texts, mismatch_lists
from stillwatch.ingest.json.walk import MIN_ARTEFACT, room
from stillwatch.ingest.nested import scan_inside, unwrap
from stillwatch.ingest.raw import NO_TIME, PERSONAL, Verdict
from stillwatch.ingest.readers.base import map_words
from stillwatch.model.event import RAW_SCHEMA, Clock, Reject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.ingest.addresses import Networks
    from stillwatch.ingest.raw import RawBatch
    from stillwatch.ingest.readers.base import Plan, Reader
    from stillwatch.ingest.records import Chunk

_ARTEFACT_ROOM = MIN_ARTEFACT + 24
"""Fewest bytes of an object that holds an artefact."""


def _callers(peer: pa.Array, forwarded: pa.Array, trusted: Networks) -> pa.Array:
    """Resolve addresses behind trusted proxies, once a distinct pair."""
    pairs = pc.binary_join_element_wise(pc.fill_null(peer, ""), pc.fill_null(forwarded, ""), "\x00")

    def resolve(pair: str) -> str | None:
        host, _, chain = pair.partition("\x00")
        return caller(host, chain, trusted) or None

    return map_words(pairs, resolve, pa.string())


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
    """Read prompt, system text, turns, answer (head and length), artefacts; ``depth`` unwraps JSON in strings."""
    n = spans.fault.shape[0]
    captures = plan.captures
    found: dict[str, pa.Array] = {}
    request, system = pick(spans, captures["request"]), pick(spans, captures["system_text"])
    answers = (*captures.get("completion", ()), *captures["answer"])
    answer = pick(spans, answers)
    if depth is not None:
        buffer, request = unwrap(buffer, request, depth)
        buffer, system = unwrap(buffer, system, depth)
        buffer, answer = unwrap(buffer, answer, depth)
    if captures["request"] or captures["system_text"]:
        system_room = int((system[1] - system[0]).sum())
        request_room = int((request[1] - request[0]).sum())
        walk = room(request_room // _ARTEFACT_ROOM + 1)
        prompt_at, system_at = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
        prompt, system_out = np.empty(request_room, np.uint8), np.empty(request_room + system_room + n, np.uint8)
        messages, turns = np.zeros(n, np.int16), np.zeros(n, np.int16)
        chat.walk_requests(buffer, *request, *system, walk, prompt_at, prompt, system_at, system_out, messages, turns)
        found["prompt"] = _texts(prompt_at, prompt)
        found["system"] = _texts(system_at, system_out)
        found["n_messages"] = pa.array(messages, mask=messages < 0)
        found["n_turns"] = pa.array(turns, mask=turns < 0)
        found["artefacts_carried"] = chat.artefact_lists(buffer, walk, n)
    if answers:
        walk = room(int((answer[1] - answer[0]).sum()) // _ARTEFACT_ROOM + 1)
        length = np.zeros(n, np.int64)
        text_at = np.zeros(n + 1, np.int64)
        # JSON never takes less room than its text.
        text = np.empty(int(np.minimum(answer[1] - answer[0], chat.ANSWER_ROOM).sum()), np.uint8)
        chat.walk_answers(buffer, *answer, walk, length, text_at, text)
        found["completion"] = _texts(text_at, text)
        found["completion_chars"] = pa.array(np.minimum(length, 2**31 - 1).astype(np.int32), mask=length < 0)
        found["artefacts_born"] = chat.artefact_lists(buffer, walk, n)
    if captures["mismatch"]:
        found["binding_mismatch"] = mismatch_lists(buffer, pick(spans, captures["mismatch"]))
    return found


def _faults(chunk: Chunk, spans: scan.Spans, plan: Plan, verdict: Verdict, path: str) -> None:
    """Refuse records that are no JSON object."""
    for row in np.flatnonzero(spans.fault):
        capture = spans.fault_capture[row]
        field = plan.names[capture] if capture >= 0 else "record"
        reason = f"{FAULTS[spans.fault[row]]} (byte {int(spans.fault_at[row]) + 1} of the record)"
        verdict.rejects.append(Reject(path, int(chunk.line[row]), field, reason))
    verdict.bad |= spans.fault != 0
    spans.kind[:, verdict.bad] = ABSENT


def _fields(
    buffer: NDArray[np.uint8], spans: scan.Spans, plan: Plan, reader: Reader, verdict: Verdict
) -> dict[str, pa.Array]:
    columns: dict[str, pa.Array] = {}
    for name, numbers in plan.captures.items():
        kind = kind_of(name)
        # Of an answer only the head is copied, with the rest of the content.
        if kind is not None and numbers and name != "completion":
            columns[name], wrong = typed(name, kind, buffer, pick(spans, numbers), reader)
            verdict.wrong(name, wrong)
    return columns


def _add_nested(
    buffer: NDArray[np.uint8],
    spans: scan.Spans,
    plan: Plan,
    reader: Reader,
    depth: int,
    verdict: Verdict,
    columns: dict[str, pa.Array],
) -> None:
    """Read the document inside a string; a field that stands outside it as well keeps its value."""
    if plan.inner is None:
        return
    inside, inner = scan_inside(buffer, pick(spans, plan.captures["nested_in"]), plan.inner.trie, depth)
    read = _fields(inside, inner, plan.inner, reader, verdict)
    for name, column in read.items():
        columns[name] = pc.coalesce(columns[name], column) if name in columns else column


def _refuse_kinds(buffer: NDArray[np.uint8], spans: scan.Spans, plan: Plan, reader: Reader, verdict: Verdict) -> None:
    """Refuse personal data, and records that are no model call."""
    for number in plan.captures["forbidden"]:
        kind = spans.kind[number]
        blank = (kind == STRING) & (spans.start[number] == spans.end[number])
        verdict.refuse(plan.names[number], (kind != ABSENT) & ~blank, PERSONAL)
    key, words = reader.only
    if key:
        found = values.strings(buffer, *pick(spans, plan.captures["only"]))
        other = ~np.asarray(pc.is_in(found, pa.array(words)).fill_null(False))  # noqa: FBT003
        verdict.refuse(key, other, f"is not {' or '.join(words)}: no model call")


def read_chunk(
    chunk: Chunk,
    reader: Reader,
    plan: Plan,
    path: str,
    *,
    depth: int,
    max_record: int,
    ingest_ms: int | None,
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
    verdict = Verdict(path, chunk.line)
    _faults(chunk, spans, plan, verdict, path)
    columns = _fields(buffer, spans, plan, reader, verdict)
    _add_nested(buffer, spans, plan, reader, depth, verdict, columns)
    content = _content(buffer, spans, plan, depth if reader.unwrap else None)
    if "completion_chars" in columns and "completion_chars" in content:
        columns["completion_chars"] = pc.coalesce(columns["completion_chars"], content["completion_chars"])
    columns |= {name: column for name, column in content.items() if name not in columns}
    columns |= {name: list_of_texts(buffer, pick(spans, plan.captures[f"list.{name}"])) for name in reader.lists}
    extra = {name: values.strings(buffer, *pick(spans, plan.captures[f"extra.{name}"])) for name in reader.extra}
    _refuse_kinds(buffer, spans, plan, reader, verdict)
    if reader.forwarded and trusted:
        forwarded = values.strings(buffer, *pick(spans, plan.captures["forwarded"]))
        columns["client_ip"] = _callers(columns["client_ip"], forwarded, trusted)
    if reader.finish is not None:
        reader.finish(columns, extra)
    times = columns.get("ts_ms", pa.nulls(chunk.line.shape[0], pa.int64()))
    if reader.clock is Clock.INGEST and ingest_ms is not None:
        verdict.left_out("ts_ms", np.asarray(times.is_null()))
        times = columns["ts_ms"] = pc.fill_null(times, ingest_ms)
    verdict.refuse("ts_ms", np.asarray(times.is_null()), NO_TIME)
    known = {name: column for name, column in columns.items() if name in RAW_SCHEMA.names}
    return verdict.batch(
        known, [Reject(path, line, "record", f"is longer than {max_record} bytes") for line in chunk.too_long]
    )
