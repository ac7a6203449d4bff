"""Which account carried which reasoning artefact: the exact index that replay is found in.

Rows are (artefact, account) pairs, each once, with whether the account bore it, carried it, and when
first. Up to a set number of pairs the index is exact; past it the artefacts whose hash is above a
falling threshold are dropped for every account alike, so what stays is an unbiased sample of artefacts
and the same artefacts stay whatever the order of events.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

from stillwatch.model.errors import CheckpointError
from stillwatch.sketches.seal import seal, unseal

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from stillwatch.model.event import EventBatch

CARRIED: Final = 1
BORN: Final = 2
FORMAT_VERSION: Final = 1
"""Raised when the meaning of any column changes."""
_FIELDS: Final = ("artefact", "account", "owner", "flags", "first_ms")


@dataclass(frozen=True, slots=True)
class Replay:
    """What the index says of some accounts; row i is the i-th account asked for."""

    artefacts_distinct: NDArray[np.float64]
    """Different artefacts carried, of those the index still follows."""
    foreign_distinct: NDArray[np.float64]
    """Of these, those that another owner's account bore."""
    foreign_owners: NDArray[np.float64]
    """Other owners those came from."""
    owner_known: NDArray[np.bool_]
    """Whether the organisation is known for the account and for every account those came from."""


class ArtefactIndex:
    """Pairs of artefact and account, merged as they come.

    What it holds depends on the set of events folded, not on their order or grouping; two indices merge
    only where both were made for as many pairs.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = 1 << 64
        """Artefacts whose unsigned hash is at or above it are dropped; 2^64 keeps all."""
        self._waiting: list[tuple[NDArray[np.int64], ...]] = []
        self._waiting_rows = 0
        self._rows: tuple[NDArray[np.int64], ...] = tuple(np.zeros(0, np.int64) for _ in _FIELDS)

    def __len__(self) -> int:
        """Count the pairs."""
        self._compact()
        return int(self._rows[0].shape[0])

    @property
    def share_kept(self) -> float:
        """Share of all artefacts the index still follows, 0 to 1."""
        return self.limit / (1 << 64)

    def fold(self, batch: EventBatch, kept: NDArray[np.bool_] | None = None) -> None:
        """Add the artefacts of a batch; ``kept`` leaves out duplicates and unattributed events."""
        for name, flag in (("artefacts_carried", CARRIED), ("artefacts_born", BORN)):
            column = batch.columns.column(name)
            if column.null_count == len(column):
                continue
            self._append(batch.columns, column, flag, kept)
        if self._waiting_rows > self.most // 2:
            self._compact()

    def _append(self, columns: pa.RecordBatch, lists: pa.ListArray, flag: int, kept: NDArray[np.bool_] | None) -> None:
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
        rows = np.repeat(np.arange(len(lists)), lengths)
        flat = lists.flatten()
        artefact = pc.fill_null(flat, 0).to_numpy(zero_copy_only=False)
        account = pc.fill_null(columns.column("account_id"), 0).to_numpy(zero_copy_only=False)
        owner = pc.fill_null(columns.column("org_id"), 0).to_numpy(zero_copy_only=False)
        moment = pc.fill_null(columns.column("ts_ms"), 0).to_numpy(zero_copy_only=False)
        wanted = (account[rows] != 0) & flat.is_valid().to_numpy(zero_copy_only=False)
        if kept is not None:
            wanted &= kept[rows]
        if self.limit < 1 << 64:
            wanted &= artefact.view(np.uint64) < np.uint64(self.limit)
        rows, artefact = rows[wanted], artefact[wanted]
        self._waiting.append(
            (artefact, account[rows], owner[rows], np.full(rows.shape[0], flag, np.int64), moment[rows])
        )
        self._waiting_rows += rows.shape[0]

    def merge(self, other: ArtefactIndex) -> None:
        """Add another index's pairs.

        Raises
        ------
        CheckpointError
            The other index was made for another number of pairs.
        """
        if other.most != self.most:
            raise CheckpointError(f"an index of {other.most} artefact pairs cannot be merged into one of {self.most}")
        other._compact()
        self.limit = min(self.limit, other.limit)
        self._waiting.append(other._rows)
        self._waiting_rows += other._rows[0].shape[0]
        self._compact()

    def _compact(self) -> None:
        if not self._waiting:
            return
        parts = [self._rows, *self._waiting]
        artefact, account, owner, flags, first = (np.concatenate(column) for column in zip(*parts, strict=True))
        self._waiting, self._waiting_rows = [], 0
        while True:
            if self.limit < 1 << 64:
                inside = artefact.view(np.uint64) < np.uint64(self.limit)
                artefact, account, owner, flags, first = (
                    column[inside] for column in (artefact, account, owner, flags, first)
                )
            order = np.lexsort((account, artefact))
            artefact, account, owner, flags, first = (
                column[order] for column in (artefact, account, owner, flags, first)
            )
            new = np.ones(artefact.shape[0], bool)
            new[1:] = (artefact[1:] != artefact[:-1]) | (account[1:] != account[:-1])
            at = np.flatnonzero(new)
            if at.shape[0]:
                # As unsigned numbers: 0 is "unknown" and must lose against every organisation.
                owner = np.maximum.reduceat(owner.view(np.uint64), at).view(np.int64)
                flags = np.bitwise_or.reduceat(flags, at)
                first = np.minimum.reduceat(first, at)
            artefact, account = artefact[at], account[at]
            if artefact.shape[0] <= self.most:
                break
            self.limit >>= 1
        self._rows = (artefact, account, owner, flags, first)

    def replay(self, account: NDArray[np.int64], owner: NDArray[np.int64] | None = None) -> Replay:
        """Say for each account what it carried that began with somebody else.

        Parameters
        ----------
        account
            Pseudonyms, ascending, shape (n,); pairs of other accounts count as origins only.
        owner
            Organisation of each, 0 where unknown, shape (n,); from the account file, where the log is
            silent. The log's own word counts first.

        Returns
        -------
        Replay
            One row an account.

        Notes
        -----
        An artefact is foreign to an account whose owner is not that of the account that bore it. One whose
        birth is not in the log counts for nobody: its rightful owner cannot be told from a copier. Where an
        event does not name the organisation, another event of the same account may. An account without a
        known organisation is its own owner. O(m log m) for m pairs.
        """
        self._compact()
        artefact, holder, org, flags, first = self._rows
        n, m = account.shape[0], artefact.shape[0]
        if not m or not n:
            none = np.zeros(n)
            return Replay(none, none.copy(), none.copy(), np.zeros(n, bool))
        row = np.searchsorted(account, holder)
        row[row == n] = 0
        asked = account[row] == holder
        org = np.where(org != 0, org, _same_for_all(holder, org))
        if owner is not None:
            org = np.where((org != 0) | ~asked, org, owner[row])
        owning = np.where(org != 0, org, holder)
        order = np.lexsort((holder, first, (flags & BORN) == 0, artefact))
        begins = np.ones(m, bool)
        begins[1:] = artefact[order][1:] != artefact[order][:-1]
        origin = np.empty(m, np.int64)
        origin[order] = order[np.flatnonzero(begins)][np.cumsum(begins) - 1]
        carried = asked & ((flags & CARRIED) != 0)
        born_here = (flags[origin] & BORN) != 0
        foreign = carried & born_here & (owning != owning[origin])
        pairs = np.unique(np.stack([row[foreign], owning[origin[foreign]]]), axis=1)
        known = np.ones(n, bool)
        seen = np.zeros(n, bool)
        np.logical_and.at(known, row[asked], ((org != 0) & (org[origin] != 0))[asked])
        seen[row[asked]] = True
        return Replay(
            np.asarray(np.bincount(row[carried], minlength=n), np.float64),
            np.asarray(np.bincount(row[foreign], minlength=n), np.float64),
            np.bincount(pairs[0], minlength=n).astype(np.float64),
            known & seen,
        )

    def checkpoint(self) -> bytes:
        """Write the index down; equal sets of events give equal bytes."""
        self._compact()
        sink = io.BytesIO()
        head = [FORMAT_VERSION, self.most, self.limit >> 32, self.limit & 0xFFFFFFFF]
        np.lib.format.write_array(sink, np.array(head, np.int64), allow_pickle=False)
        for column in self._rows:
            np.lib.format.write_array(sink, column, allow_pickle=False)
        return seal(sink.getvalue())

    @classmethod
    def restore(cls, written: bytes) -> ArtefactIndex:
        """Read an index back.

        Raises
        ------
        CheckpointError
            The bytes are torn or of another version.
        """
        source = io.BytesIO(unseal(written, "the artefact index of the checkpoint"))
        version, most, high, low = np.lib.format.read_array(source, allow_pickle=False).tolist()
        if version != FORMAT_VERSION:
            raise CheckpointError(f"the artefact index has format {version}, this version reads {FORMAT_VERSION}")
        index = cls(most)
        index.limit = (high << 32) | low
        index._rows = tuple(np.lib.format.read_array(source, allow_pickle=False) for _ in _FIELDS)
        return index


def _same_for_all(holder: NDArray[np.int64], org: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each pair the organisation that any pair of its account names, 0 where none does."""
    accounts, which = np.unique(holder, return_inverse=True)
    named = np.zeros(accounts.shape[0], np.uint64)
    np.maximum.at(named, which, org.view(np.uint64))
    return named.view(np.int64)[which]
