"""An event batch as plain arrays for the fold kernel: nulls become sentinels, text stays in place."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.model.event import EventBatch

NO_ID: Final = 0
"""Sentinel of a missing keyed id; the door never makes it."""
ABSENT: Final = -1
"""Sentinel of a missing number or code."""


class Columns(NamedTuple):
    """One batch, column by column; every array has one row an event."""

    event: NDArray[np.int64]
    account: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    reach: NDArray[np.int64]
    """(7, n) keyed ids of layout.REACH, NO_ID where missing."""
    model: NDArray[np.int64]
    """Hash of the served (else requested) model, NO_ID where missing."""
    library: NDArray[np.int64]
    """Hash of the SDK family, NO_ID where missing."""
    status: NDArray[np.int16]
    finish: NDArray[np.int16]
    refusal: NDArray[np.int16]
    mismatch: NDArray[np.uint8]
    """Bit set; 0 where none or unknown."""
    numbers: NDArray[np.int32]
    """(6, n): tokens_in, tokens_out, tokens_reasoning, tokens_cached_in, completion_chars, max_tokens."""
    choices: NDArray[np.int16]
    logprobs: NDArray[np.int16]
    logit_bias: NDArray[np.int16]
    tools: NDArray[np.int16]
    turns: NDArray[np.int16]
    effort: NDArray[np.int16]
    temperature: NDArray[np.float32]
    """NaN where missing."""
    flags: NDArray[np.uint8]
    """Bits: 1 seeded, 2 streamed, 4 batched, 8 carries artefacts, 16 bore artefacts."""
    prompt_at: NDArray[np.int64]
    """(n + 1,) offsets into ``prompt``."""
    prompt: NDArray[np.uint8]
    prompt_seen: NDArray[np.bool_]
    system_at: NDArray[np.int64]
    system: NDArray[np.uint8]


def _ints(batch: pa.RecordBatch, name: str, kind: type[np.generic], missing: int) -> NDArray[Any]:
    column = batch.column(name)
    if column.null_count == len(column):
        return np.full(len(column), missing, kind)
    if column.null_count:
        column = pc.fill_null(column, missing if column.type != pa.uint8() else 255)
    array: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    if column.type == pa.uint8():
        array = array.astype(np.int16)
        array[array == 255] = missing
    return array.astype(kind, copy=False)


def _truth(batch: pa.RecordBatch, name: str) -> NDArray[np.bool_]:
    column = batch.column(name)
    if column.null_count == len(column):
        return np.zeros(len(column), np.bool_)
    return np.asarray(pc.fill_null(column, False))  # noqa: FBT003  pyarrow's own signature


def texts(column: pa.LargeBinaryArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """View a text column without copying it: (n + 1,) offsets, and the bytes."""
    n = len(column)
    if column.null_count == n:
        return np.zeros(n + 1, np.int64), np.zeros(0, np.uint8)
    _, offsets, values = column.buffers()
    at = np.frombuffer(offsets, np.int64)[column.offset : column.offset + n + 1]
    return at, np.frombuffer(values, np.uint8) if values is not None else np.zeros(0, np.uint8)


def _any(column: pa.ListArray) -> NDArray[np.bool_]:
    if column.null_count == len(column):
        return np.zeros(len(column), np.bool_)
    return np.asarray(pc.fill_null(pc.list_value_length(column), 0)) > 0


def _hashed(names: pa.StringArray) -> NDArray[np.int64]:
    """Hash words of a small vocabulary once a distinct word, not once an event."""
    coded = names.dictionary_encode()
    hashes = [
        int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)
        for name in coded.dictionary.to_pylist()
    ]
    table = np.array([*hashes, NO_ID], np.int64)
    found: NDArray[np.int64] = table[np.asarray(pc.fill_null(coded.indices, len(hashes)))]
    return found


def columns(batch: EventBatch) -> Columns:
    """View a batch as the arrays of the fold kernel.

    Parameters
    ----------
    batch
        Events of EVENT_SCHEMA.

    Returns
    -------
    Columns
        Arrays with sentinels for nulls. Text columns share the batch's buffers; the batch must
        outlive them.

    Notes
    -----
    O(n) time for the numeric columns, no copy of text.
    """
    b = batch.columns
    numbers = ("tokens_in", "tokens_out", "tokens_reasoning", "tokens_cached_in", "completion_chars", "max_tokens")
    reach = ("client_ip", "client_net", "end_user_id", "session_id", "user_agent", "ja4", "credential_id")
    temperature = b.column("temperature")
    seeded = ~b.column("seed").is_null().to_numpy(zero_copy_only=False)
    flags = seeded.astype(np.uint8)
    for bit, present in (
        (2, _truth(b, "stream")),
        (4, _truth(b, "batch")),
        (8, _any(b.column("artefacts_carried"))),
        (16, _any(b.column("artefacts_born"))),
    ):
        flags |= present.astype(np.uint8) * np.uint8(bit)
    prompt, system = b.column("prompt"), b.column("system")
    prompt_at, prompt_bytes = texts(prompt)
    system_at, system_bytes = texts(system)
    made = Columns(
        event=_ints(b, "event_id", np.int64, NO_ID),
        account=_ints(b, "account_id", np.int64, NO_ID),
        ts_ms=_ints(b, "ts_ms", np.int64, 0),
        reach=np.stack([_ints(b, name, np.int64, NO_ID) for name in reach]),
        model=_hashed(pc.coalesce(b.column("model_served"), b.column("model_requested"))),
        library=_hashed(b.column("client_lib")),
        status=_ints(b, "status", np.int16, ABSENT),
        finish=_ints(b, "finish_reason", np.int16, ABSENT),
        refusal=_ints(b, "refusal_category", np.int16, ABSENT),
        mismatch=pc.fill_null(b.column("binding_mismatch"), 0).to_numpy(zero_copy_only=False),
        numbers=np.stack([_ints(b, name, np.int32, ABSENT) for name in numbers]),
        choices=_ints(b, "n_choices", np.int16, ABSENT),
        logprobs=_ints(b, "logprobs_requested", np.int16, ABSENT),
        logit_bias=_ints(b, "logit_bias_n", np.int16, ABSENT),
        tools=_ints(b, "n_tools", np.int16, ABSENT),
        turns=_ints(b, "n_turns", np.int16, ABSENT),
        effort=_ints(b, "reasoning_effort", np.int16, ABSENT),
        temperature=np.full(len(b), np.nan, np.float32)
        if temperature.null_count == len(b)
        else pc.fill_null(temperature, float("nan")).to_numpy(zero_copy_only=False),
        flags=flags,
        prompt_at=prompt_at,
        prompt=prompt_bytes,
        prompt_seen=~prompt.is_null().to_numpy(zero_copy_only=False),
        system_at=system_at,
        system=system_bytes,
    )
    for column in made:
        # Arrow's memory is read-only, a filled column is not: left so, every mix of them would be compiled anew.
        column.flags.writeable = False
    return made
