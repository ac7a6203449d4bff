"""Fold batches in threads of one process.

Accounts are spread over buckets by their pseudonym; each bucket has a state of its own, so two threads
never write to the same account and the result does not depend on how many threads there are.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.engine.dedupe import Recent
from stillwatch.sketches.artefacts import ArtefactIndex
from stillwatch.sketches.columns import columns
from stillwatch.sketches.layout import Arrays
from stillwatch.sketches.state import AccountState
from stillwatch.sketches.words import packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.event import EventBatch
    from stillwatch.sketches.columns import Columns
    from stillwatch.sketches.state import Keys


@dataclass(frozen=True, slots=True)
class Folded:
    """What became of one batch."""

    events: int
    """Events folded."""
    duplicates: int
    """Events whose id had been seen; left out."""
    unattributed: int
    """Events without an account; left out."""


def workers(config: Config) -> int:
    """Give the number of worker threads."""
    return config.threads or len(os.sched_getaffinity(0))


class LocalEngine:
    """The state of all accounts, folded in threads."""

    def __init__(self, keys: Keys, config: Config, pool: ThreadPoolExecutor | None = None) -> None:
        self._buckets = config.buckets
        self.states = tuple(
            AccountState(keys, text_limit_bytes=config.text_limit_bytes) for _ in range(config.buckets)
        )
        self.artefacts = ArtefactIndex(config.artefact_pairs)
        self._recent = tuple(Recent(config.dedupe_window // config.buckets) for _ in range(config.buckets))
        self._pool = pool or ThreadPoolExecutor(workers(config), "fold")
        self._table = packed()

    def __len__(self) -> int:
        """Count the accounts."""
        return sum(len(state) for state in self.states)

    @property
    def nbytes(self) -> int:
        """Bytes of the account state."""
        return sum(state.nbytes for state in self.states)

    def _fold_bucket(self, bucket: int, batch: Columns, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        fresh = self._recent[bucket].first_times(batch.event, rows)
        kept = rows if fresh.all() else rows[fresh]
        self.states[bucket].fold(batch, kept, self._table)
        return kept

    def fold(self, batch: EventBatch) -> Folded:
        """Fold one batch; each event id counts once.

        Parameters
        ----------
        batch
            Events of EVENT_SCHEMA.

        Returns
        -------
        Folded
            How many were folded, repeated, without an account.
        """
        cols = columns(batch)
        bucket = (cols.account.view(np.uint64) >> np.uint64(32)) % np.uint64(self._buckets)
        attributed = cols.account != 0
        order = np.argsort(np.where(attributed, bucket, self._buckets).astype(np.uint8), kind="stable")
        bounds = np.searchsorted(bucket[order][: int(attributed.sum())], np.arange(self._buckets + 1))
        parts = [order[bounds[b] : bounds[b + 1]] for b in range(self._buckets)]
        jobs = [
            self._pool.submit(self._fold_bucket, b, cols, part) for b, part in enumerate(parts) if part.shape[0]
        ]
        kept = [job.result() for job in jobs]
        folded = sum(part.shape[0] for part in kept)
        if cols.flags.max(initial=0) & 0x18:
            mask = np.zeros(len(batch), bool)
            for part in kept:
                mask[part] = True
            self.artefacts.fold(batch, mask)
        return Folded(folded, int(attributed.sum()) - folded, int((~attributed).sum()))

    def arrays(self) -> Arrays:
        """Put the rows of all buckets together, bucket by bucket."""
        parts = [Arrays(*(column[: state.used] for column in state.arrays)) for state in self.states]
        return Arrays(*(np.concatenate(cells) for cells in zip(*parts, strict=True)))
