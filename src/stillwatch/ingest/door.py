"""The door: raw columns to event columns. Behind it no identifier stands as the log wrote it.

Identifiers that are shown or joined become HMAC-SHA-256 truncated to 64 bits, once a distinct value;
those that only enter sketches, one a call, become SipHash-2-4 under a key derived from the same secret.
Two fields never share a pseudonym: the field's name is part of what is keyed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.addresses import host_of, network_of
from stillwatch.ingest.pseudonyms import Pseudonyms, hash_texts
from stillwatch.ingest.words import canonical, client_library
from stillwatch.model.event import BINDING_MISMATCHES, CODES, EVENT_SCHEMA, EventBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.ingest.raw import RawBatch
    from stillwatch.model.event import Provenance

SIGNUP: Final = ("card_bin", "email_domain", "email_class", "referral")
"""What an account file says of a sign-up and campaigns join by."""
_MANY: Final = ("session_id", "parent_event_id")
_FEW: Final = ("account_id", "credential_id", "org_id", "end_user_id", "user_agent", "ja4")
_LISTS: Final = ("artefacts_carried", "artefacts_born")
_OWN: Final = frozenset({"account_id", "credential_id", "org_id", "end_user_id"})
"""What names somebody at this provider and means nothing to others."""


class Door:
    """Keys identifiers under one epoch of one key; threads may share it.

    Parameters
    ----------
    key
        The provider's own.
    shared
        Key that several providers hold, under which everything that accounts may have in common is keyed, so that it
        compares between them. Accounts, credentials, users, sessions and requests are always keyed under the own one.
    """

    def __init__(self, key: PseudonymKey, shared: PseudonymKey | None = None) -> None:
        common = shared or key
        self._sip = {name: _halves(key.derive(f"hash/{name}")) for name in (*_MANY, "event_id")}
        self._sip["artefact"] = _halves(common.derive("hash/artefact"))
        written: dict[str, Callable[[str], str]] = {
            "client_ip": host_of,
            "client_net": str,
            "client_ip/net": lambda text: network_of(host_of(text)),
        }
        self._fields = {
            name: Pseudonyms(
                (key if name in _OWN else common).derive(f"field/{'client_net' if name == 'client_ip/net' else name}"),
                _halves(key.derive(f"memory/{name}")),
                written.get(name, str),
            )
            for name in (*_FEW, *written, "payment_fp", *SIGNUP)
        }

    def account(self, value: str) -> int:
        """Give the pseudonym of an account, as the account file and the lookup need it."""
        return self._fields["account_id"].of(value)

    def organisation(self, value: str) -> int:
        """Give the pseudonym of an organisation."""
        return self._fields["org_id"].of(value)

    def payment(self, value: str) -> int:
        """Give the pseudonym of a means of payment (class P2)."""
        return self._fields["payment_fp"].of(value)

    def network(self, value: str) -> int:
        """Give the pseudonym of a network, as :func:`~stillwatch.ingest.addresses.network_of` writes it."""
        return self._fields["client_net"].of(value)

    def signup(self, name: str) -> Callable[[str], int]:
        """Give what keys one of SIGNUP (class P2)."""
        return self._fields[name].of

    def _many(self, name: str, column: pa.Array) -> NDArray[np.int64]:
        """Hash a column with many distinct values; nulls hash as the empty text."""
        return hash_texts(column, self._sip[name]).view(np.int64)

    def _event_ids(self, column: pa.Array, path: str, line: NDArray[np.int64]) -> pa.Array:
        """Key event ids; where the log has none, the place in the source is the identity."""
        if column.null_count:
            # A file may have a name that is no UTF-8.
            name = path.encode("utf-8", "backslashreplace").decode()
            places = pc.binary_join_element_wise(name, pa.array(line).cast(pa.string()), "\x00")
            column = pc.coalesce(column, places)
        return pa.array(self._many("event_id", column))

    def _list(self, column: pa.ListArray) -> pa.Array:
        """Hash lists of texts; a null or empty text is no artefact, and a list of none is null."""
        if column.null_count == len(column):
            return pa.nulls(len(column), pa.list_(pa.int64()))
        texts, rows = column.flatten(), pc.list_parent_indices(column)
        given = pc.fill_null(pc.greater(pc.binary_length(texts), 0), False)  # noqa: FBT003
        texts, rows = texts.filter(given), rows.filter(given)
        lengths = np.bincount(rows.to_numpy(zero_copy_only=False), minlength=len(column))
        bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        hashes = pa.array(self._many("artefact", texts))
        return pa.ListArray.from_arrays(pa.array(bounds), hashes, mask=pa.array(lengths == 0))

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
            self._fields["client_net"].column(net), self._fields["client_ip/net"].column(ip)
        )
        columns["client_ip"] = self._fields["client_ip"].column(ip)
        if columns["client_lib"].null_count:
            columns["client_lib"] = pc.coalesce(columns["client_lib"], _library(columns["user_agent"]))
        for name in _FEW:
            columns[name] = self._fields[name].column(columns[name])
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


def _halves(derived: bytes) -> tuple[np.uint64, np.uint64]:
    return np.uint64(int.from_bytes(derived[:8])), np.uint64(int.from_bytes(derived[8:16]))


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
    """Turn lists of mismatch words into bit sets; an empty list is no mismatch, no list is unknown."""
    bits = np.zeros(len(column), np.uint8)
    if column.null_count < len(column):
        words = column.flatten()
        rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
        for bit, word in enumerate(BINDING_MISMATCHES):
            found = rows[pc.fill_null(pc.starts_with(words, word), False).to_numpy(zero_copy_only=False)]  # noqa: FBT003
            bits[found] |= np.uint8(1 << bit)
    return pa.array(bits, mask=np.asarray(column.is_null()))
