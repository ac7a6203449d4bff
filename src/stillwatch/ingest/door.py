"""The door: raw columns to event columns. Behind it no identifier stands as the log wrote it.

Identifiers that are shown or joined become HMAC-SHA-256 truncated to 64 bits, once a distinct value;
those that only enter sketches, one a call, become SipHash-2-4 under a key derived from the same secret.
Two fields never share a pseudonym: the field's name is part of what is keyed.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.addresses import host_of, network_of
from stillwatch.ingest.words import canonical, client_library
from stillwatch.model.event import BINDING_MISMATCHES, CODES, EVENT_SCHEMA, EventBatch
from stillwatch.sketches.hashing import siphash_many

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.ingest.columns import RawBatch
    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.model.event import Provenance

REMEMBERED: Final = 1_000_000
"""Distinct values a field remembers the pseudonym of; past it the memory starts afresh."""

_MANY: Final = ("session_id", "parent_event_id")
_FEW: Final = ("account_id", "credential_id", "org_id", "end_user_id", "user_agent", "ja4")
_LISTS: Final = ("artefacts_carried", "artefacts_born")


def pseudonym(key: bytes, value: str) -> int:
    """Key one identifier: the first 64 bits of HMAC-SHA-256, signed, never 0."""
    return int.from_bytes(hmac.digest(key, value.encode(), "sha256")[:8], "big", signed=True) or 1


class Door:
    """Keys identifiers under one epoch of one key. One instance serves one thread at a time."""

    def __init__(self, key: PseudonymKey) -> None:
        self._key = key
        self._keys = {name: key.derive(f"field/{name}") for name in (*_FEW, "client_ip", "client_net")}
        self._memory: dict[str, dict[str, int]] = {name: {} for name in self._keys}
        self._sip: dict[str, tuple[np.uint64, np.uint64]] = {}
        for name in (*_MANY, "event_id", "artefact"):
            derived = key.derive(f"hash/{name}")
            self._sip[name] = (
                np.uint64(int.from_bytes(derived[:8])),
                np.uint64(int.from_bytes(derived[8:16])),
            )

    def account(self, value: str) -> int:
        """Give the pseudonym of an account, as the account file and the lookup need it."""
        return self._remembered("account_id", value)

    def organisation(self, value: str) -> int:
        """Give the pseudonym of an organisation."""
        return self._remembered("org_id", value)

    def _remembered(self, name: str, value: str) -> int:
        memory = self._memory[name]
        known = memory.get(value)
        if known is None:
            if len(memory) >= REMEMBERED:
                memory.clear()
            known = memory[value] = pseudonym(self._keys[name], value)
        return known

    def _few(self, name: str, column: pa.Array, of: Callable[[str], str] = str) -> pa.Array:
        """Key a column with few distinct values, each distinct value once."""
        if column.null_count == len(column):
            return pa.nulls(len(column), pa.int64())
        coded = column.dictionary_encode()
        keyed = []
        for value in coded.dictionary.to_pylist():
            text = of(value)
            keyed.append(self._remembered(name, text) if text else None)
        return pa.array(keyed, pa.int64()).take(coded.indices)

    def _many(self, name: str, column: pa.Array) -> NDArray[np.int64]:
        """Hash a column with many distinct values; nulls hash as the empty text."""
        out = np.zeros(len(column), np.uint64)
        if len(column) and column.null_count < len(column):
            _, offsets, data = column.buffers()
            at = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)
            siphash_many(np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8), at, *self._sip[name], out)
        keyed = out.view(np.int64)
        keyed[keyed == 0] = 1
        return keyed

    def _event_ids(self, column: pa.Array, path: str, line: NDArray[np.int64]) -> pa.Array:
        """Key event ids; where the log has none, the place in the source is the identity."""
        if column.null_count:
            places = pc.binary_join_element_wise(path, pa.array(line).cast(pa.string()), "\x00")
            column = pc.coalesce(column, places)
        return pa.array(self._many("event_id", column))

    def _list(self, column: pa.ListArray) -> pa.Array:
        if column.null_count == len(column):
            return pa.nulls(len(column), pa.list_(pa.int64()))
        flat = pa.array(self._many("artefact", column.flatten()))
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(bounds), flat, mask=column.is_null())

    def enter(self, raw: RawBatch, provenance: Provenance, path: str) -> EventBatch:
        """Key and code a raw batch.

        Parameters
        ----------
        raw
            Accepted records of one source.
        provenance
            Reader and what it can tell.
        path
            Source, part of the identity of events without an id.

        Returns
        -------
        EventBatch
            Columns of EVENT_SCHEMA.
        """
        columns = {name: raw.columns.column(name) for name in raw.columns.schema.names}
        ip, net = columns["client_ip"], columns["client_net"]
        columns["client_net"] = pc.coalesce(
            self._few("client_net", net), self._few("client_net", ip, lambda text: network_of(host_of(text)))
        )
        columns["client_ip"] = self._few("client_ip", ip, host_of)
        if columns["client_lib"].null_count:
            columns["client_lib"] = pc.coalesce(columns["client_lib"], _library(columns["user_agent"]))
        for name in _FEW:
            columns[name] = self._few(name, columns[name])
        for name in _MANY:
            column = columns[name]
            columns[name] = pa.array(self._many(name, column), mask=np.asarray(column.is_null()))
        columns["event_id"] = self._event_ids(columns["event_id"], path, raw.line)
        for name in _LISTS:
            columns[name] = self._list(columns[name])
        for name in CODES:
            columns[name] = _coded(name, columns[name])
        columns["binding_mismatch"] = _bits(columns["binding_mismatch"])
        arrays = [columns[f.name].cast(f.type) for f in EVENT_SCHEMA]
        return EventBatch(pa.RecordBatch.from_arrays(arrays, schema=EVENT_SCHEMA), provenance)


def _library(agents: pa.Array) -> pa.Array:
    coded = agents.dictionary_encode()
    names = pa.array([client_library(agent) for agent in coded.dictionary.to_pylist()], pa.string())
    return names.take(coded.indices)


def _coded(name: str, column: pa.Array) -> pa.Array:
    """Replace words by their codes; a provider's word for the same thing counts as ours."""
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.uint8())
    coded = column.dictionary_encode()
    codes = pa.array([canonical(name, word) for word in coded.dictionary.to_pylist()], pa.uint8())
    return codes.take(coded.indices)


def _bits(column: pa.ListArray) -> pa.Array:
    """Turn lists of mismatch words into bit sets; no list and an empty list are both no mismatch."""
    bits = np.zeros(len(column), np.uint8)
    if column.null_count < len(column):
        words = column.flatten()
        rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
        for bit, word in enumerate(BINDING_MISMATCHES):
            found = rows[pc.fill_null(pc.starts_with(words, word), False).to_numpy(zero_copy_only=False)]  # noqa: FBT003
            bits[found] |= np.uint8(1 << bit)
    return pa.array(bits)
