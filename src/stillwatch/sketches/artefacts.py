"""Which account carried which reasoning artefact or print of text: the exact index that replay is found in.

Rows are (artefact, account) pairs, each once, with when the account first bore it and first carried it.
A print of text (``sketches.prints``) takes the place of an artefact in an index of its own. Up to a set
number of pairs the index is exact; past it the artefacts whose hash is above a falling threshold are
dropped for every account alike, so what stays is an unbiased sample of artefacts and the same artefacts
stay whatever the order of events.
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
    from numpy.typing import NDArray

    from stillwatch.model.event import EventBatch

CARRIED: Final = "carried"
BORN: Final = "born"
FORMAT_VERSION: Final = 2
"""Raised when the meaning of any column changes."""
_FIELDS: Final = ("artefact", "account", "owner", "born_ms", "carried_ms")
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Kind:
    """What an index is of, and when a piece of it counts as somebody's."""

    noun: str
    """What one piece is called."""
    most_owners: int
    """Owners who may have borne the same piece before it is everybody's; 0 where a piece is unique by its making."""


ARTEFACTS: Final = Kind("artefact", 0)
"""Signatures and encrypted blocks: no two answers hold the same one."""
PRINTS: Final = Kind("print", 3)
"""Prints of text: the same words come about twice, so what is common or was sent first is nobody's answer."""


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

    def __init__(self, most: int, kind: Kind = ARTEFACTS) -> None:
        self.most = most
        self.kind = kind
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

    @property
    def births(self) -> int:
        """Count the pairs whose account bore the artefact."""
        self._compact()
        return int(np.count_nonzero(self._rows[3] != _NEVER))

    def fold(self, batch: EventBatch, kept: NDArray[np.bool_] | None = None) -> None:
        """Add the artefacts of a batch; ``kept`` leaves out duplicates and unattributed events."""
        for name, act in (("artefacts_carried", CARRIED), ("artefacts_born", BORN)):
            lists = batch.columns.column(name)
            if lists.null_count == len(lists):
                continue
            lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
            rows = np.repeat(np.arange(len(lists)), lengths)
            flat = lists.flatten()
            given = flat.is_valid().to_numpy(zero_copy_only=False)
            artefact = pc.fill_null(flat, 0).to_numpy(zero_copy_only=False)
            self.add(batch, act, (rows[given], artefact[given]), kept)

    def add(
        self,
        batch: EventBatch,
        act: str,
        pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
        kept: NDArray[np.bool_] | None = None,
    ) -> None:
        """Add pieces of a batch.

        Parameters
        ----------
        batch
            Events.
        act
            BORN or CARRIED.
        pairs
            Event of the batch, and hash of the piece, shape (k,) each.
        kept
            Events to take, shape (n,); leaves out duplicates. Events without an account are never taken.
        """
        rows, artefact = pairs
        account, owner, moment = (
            pc.fill_null(batch.columns.column(name), 0).to_numpy(zero_copy_only=False)
            for name in ("account_id", "org_id", "ts_ms")
        )
        wanted = account[rows] != 0
        if kept is not None:
            wanted &= kept[rows]
        if self.limit < 1 << 64:
            wanted &= artefact.view(np.uint64) < np.uint64(self.limit)
        rows, artefact = rows[wanted], artefact[wanted]
        moments, never = moment[rows], np.full(rows.shape[0], _NEVER)
        times = (moments, never) if act == BORN else (never, moments)
        self._waiting.append((artefact, account[rows], owner[rows], *times))
        self._waiting_rows += rows.shape[0]
        if self._waiting_rows > self.most // 2:
            self._compact()

    def merge(self, other: ArtefactIndex) -> None:
        """Add another index's pairs.

        Raises
        ------
        CheckpointError
            The other index was made for another number of pairs, or of something else.
        """
        if (other.most, other.kind) != (self.most, self.kind):
            raise CheckpointError(
                f"an index of {other.most} {other.kind.noun} pairs cannot be merged into one of"
                f" {self.most} {self.kind.noun} pairs"
            )
        other._compact()
        self.limit = min(self.limit, other.limit)
        self._waiting.append(other._rows)
        self._waiting_rows += other._rows[0].shape[0]
        self._compact()

    def forget(self, accounts: NDArray[np.int64]) -> None:
        """Drop the pairs of some accounts."""
        self._compact()
        kept = ~np.isin(self._rows[1], accounts)
        self._rows = tuple(column[kept] for column in self._rows)

    def beside(self, everybody: ArtefactIndex, mine: NDArray[np.int64]) -> ArtefactIndex:
        """Give these pairs and what a larger index knows of the same pieces.

        Parameters
        ----------
        everybody
            An index that followed all accounts, and some of them for longer.
        mine
            Those that this index follows: what they carried before counts for nothing here, what they bore does.

        Returns
        -------
        ArtefactIndex
            One in which replay by these accounts is found whoever bore the piece, and whenever.
        """
        self._compact()
        everybody._compact()
        pieces = np.unique(self._rows[0])
        first, behind = (np.searchsorted(everybody._rows[0], pieces, side) for side in ("left", "right"))
        same = _ranges(first, behind)
        artefact, account, owner, born, carried = (column[same] for column in everybody._rows)
        made = ArtefactIndex(max(self.most, everybody.most), self.kind)
        made.limit = min(self.limit, everybody.limit)
        made._waiting = [
            self._rows,
            (artefact, account, owner, born, np.where(np.isin(account, mine), _NEVER, carried)),
        ]
        made._compact()
        return made

    def _compact(self) -> None:
        if not self._waiting:
            return
        parts = [self._rows, *self._waiting]
        artefact, account, owner, born, carried = (np.concatenate(column) for column in zip(*parts, strict=True))
        self._waiting, self._waiting_rows = [], 0
        while True:
            if self.limit < 1 << 64:
                inside = artefact.view(np.uint64) < np.uint64(self.limit)
                artefact, account, owner, born, carried = (
                    column[inside] for column in (artefact, account, owner, born, carried)
                )
            order = np.lexsort((account, artefact))
            artefact, account, owner, born, carried = (
                column[order] for column in (artefact, account, owner, born, carried)
            )
            new = np.ones(artefact.shape[0], bool)
            new[1:] = (artefact[1:] != artefact[:-1]) | (account[1:] != account[:-1])
            at = np.flatnonzero(new)
            if at.shape[0]:
                # As unsigned numbers: 0 is "unknown" and must lose against every organisation.
                owner = np.maximum.reduceat(owner.view(np.uint64), at).view(np.int64)
                born, carried = np.minimum.reduceat(born, at), np.minimum.reduceat(carried, at)
            artefact, account = artefact[at], account[at]
            if artefact.shape[0] <= self.most:
                break
            self.limit >>= 1
        self._rows = (artefact, account, owner, born, carried)

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
        known organisation is its own owner.

        Text comes about more than once, so a print is foreign only where more holds: nobody sent it at or
        before its first birth (else it is text that was there before), the owner who sends it never bore it,
        and at most ``kind.most_owners`` owners bore it (licences, quotations, refusals belong to nobody).
        O(m log m) for m pairs.
        """
        self._compact()
        artefact, holder, org, born, carried = self._rows
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
        begins = np.ones(m, bool)
        begins[1:] = artefact[1:] != artefact[:-1]
        # Who brought a text in itself is no origin of it, so only its birth counts.
        first = born if self.kind.most_owners else np.minimum(born, carried)
        origin = _origins(np.lexsort((holder, first, born == _NEVER, artefact)), begins)
        sent = asked & (carried != _NEVER)
        foreign = sent & (born[origin] != _NEVER) & (owning != owning[origin])
        if self.kind.most_owners:
            foreign &= _others_text(np.cumsum(begins) - 1, owning, born, carried, self.kind.most_owners)
            origin = np.where(foreign, origin, np.arange(m))
        pairs = np.unique(np.stack([row[foreign], owning[origin[foreign]]]), axis=1)
        known = np.ones(n, bool)
        seen = np.zeros(n, bool)
        np.logical_and.at(known, row[asked], ((org != 0) & (org[origin] != 0))[asked])
        seen[row[asked]] = True
        return Replay(
            np.asarray(np.bincount(row[sent], minlength=n), np.float64),
            np.asarray(np.bincount(row[foreign], minlength=n), np.float64),
            np.bincount(pairs[0], minlength=n).astype(np.float64),
            known & seen,
        )

    def shared(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the (artefact, account) pairs of artefacts that more than one account bore or carried.

        Returns
        -------
        tuple of ndarray
            Artefact and account, shape (p,) each, by ascending artefact.
        """
        self._compact()
        artefact, account = self._rows[:2]
        same = artefact[1:] == artefact[:-1]
        several = np.concatenate([same, [False]]) | np.concatenate([[False], same])
        return artefact[several[: artefact.shape[0]]], account[several[: artefact.shape[0]]]

    def checkpoint(self) -> bytes:
        """Write the index down; equal sets of events give equal bytes."""
        self._compact()
        sink = io.BytesIO()
        head = [FORMAT_VERSION, self.kind.most_owners, self.most, self.limit >> 32, self.limit & 0xFFFFFFFF]
        np.lib.format.write_array(sink, np.array(head, np.int64), allow_pickle=False)
        for column in self._rows:
            np.lib.format.write_array(sink, column, allow_pickle=False)
        return seal(sink.getvalue())

    @classmethod
    def restore(cls, written: bytes, kind: Kind = ARTEFACTS) -> ArtefactIndex:
        """Read an index back.

        Raises
        ------
        CheckpointError
            The bytes are torn, of another version, or an index of something else.
        """
        source = io.BytesIO(unseal(written, f"the {kind.noun} index of the checkpoint"))
        version, *head = np.lib.format.read_array(source, allow_pickle=False).tolist()
        if version != FORMAT_VERSION:
            raise CheckpointError(f"the {kind.noun} index has format {version}, this version reads {FORMAT_VERSION}")
        most_owners, most, high, low = head
        if most_owners != kind.most_owners:
            raise CheckpointError(f"this is no {kind.noun} index: its owner bound is {most_owners}")
        index = cls(most, kind)
        index.limit = (high << 32) | low
        index._rows = tuple(np.lib.format.read_array(source, allow_pickle=False) for _ in _FIELDS)
        return index


def _ranges(first: NDArray[np.int64], behind: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give every number of some ranges."""
    lengths = behind - first
    starts = np.cumsum(lengths) - lengths
    return np.repeat(first - starts, lengths) + np.arange(int(lengths.sum()))


def _origins(order: NDArray[np.int64], begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give each pair the first pair of its artefact in an order that sorts by artefact first."""
    firsts = order[np.flatnonzero(begins)]
    return np.asarray(firsts[np.cumsum(begins) - 1])


def _others_text(
    group: NDArray[np.int64],
    owning: NDArray[np.int64],
    born: NDArray[np.int64],
    carried: NDArray[np.int64],
    most_owners: int,
) -> NDArray[np.bool_]:
    """Say of each pair whether its piece is an answer of few owners, its holder's owner not among them."""
    at = np.flatnonzero(np.diff(group, prepend=-1))
    owners, code = np.unique(owning, return_inverse=True)
    key = group * owners.shape[0] + code
    births = np.unique(key[born != _NEVER])
    spread = np.bincount(births // owners.shape[0], minlength=at.shape[0])
    late = np.minimum.reduceat(carried, at) > np.minimum.reduceat(born, at)
    return (late & (spread <= most_owners))[group] & ~np.isin(key, births)


def _same_for_all(holder: NDArray[np.int64], org: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each pair the organisation that any pair of its account names, 0 where none does."""
    accounts, which = np.unique(holder, return_inverse=True)
    named = np.zeros(accounts.shape[0], np.uint64)
    np.maximum.at(named, which, org.view(np.uint64))
    return named.view(np.int64)[which]
