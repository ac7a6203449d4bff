"""Fold batches in threads of one process.

Accounts are spread over buckets by their pseudonym; each bucket has a state of its own, so two threads
never write to the same account and the result does not depend on how many threads there are.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stillwatch.engine import checkpoint
from stillwatch.engine.dedupe import Recent
from stillwatch.sketches.artefacts import BORN, CARRIED, PRINTS, ArtefactIndex
from stillwatch.sketches.columns import columns, texts
from stillwatch.sketches.corpus import NO_CORPUS
from stillwatch.sketches.layout import Arrays, first_rows, take
from stillwatch.sketches.prints import print_texts
from stillwatch.sketches.state import LAYOUT_VERSION, AccountState
from stillwatch.sketches.tables import fingerprints, with_corpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.event import EventBatch
    from stillwatch.sketches.columns import Columns
    from stillwatch.sketches.prints import Found
    from stillwatch.sketches.state import Keys
    from stillwatch.sketches.tables import Tables


@dataclass(frozen=True, slots=True)
class Folded:
    """What became of one batch."""

    events: int
    """Events folded."""
    duplicates: int
    """Events whose id had been seen; left out."""
    unattributed: int
    """Events without an account; left out."""
    kept: NDArray[np.bool_]
    """Which events of the batch were folded, shape (n,)."""


def workers(config: Config) -> int:
    """Give the number of worker threads."""
    return config.threads or len(os.sched_getaffinity(0))


def _facts(keys: Keys, config: Config, tables: Tables) -> dict[str, int | str]:
    """Say what decides the bytes of a state, and so must be equal to go on with it."""
    return {
        "layout": LAYOUT_VERSION,
        **fingerprints(tables),
        "key": keys.fingerprint(),
        "buckets": config.buckets,
        "text_limit_bytes": config.text_limit_bytes,
        "dedupe_window": config.dedupe_window,
        "artefact_pairs": config.artefact_pairs,
        "print_pairs": config.print_pairs,
    }


class LocalEngine:
    """The state of all accounts, folded in threads."""

    def __init__(
        self,
        keys: Keys,
        config: Config,
        pool: ThreadPoolExecutor | None = None,
        corpus: NDArray[np.uint64] = NO_CORPUS,
    ) -> None:
        self._buckets = config.buckets
        self.tables = with_corpus(corpus)
        self._facts = _facts(keys, config, self.tables)
        self.states = tuple(AccountState(keys, text_limit_bytes=config.text_limit_bytes) for _ in range(config.buckets))
        self.artefacts = ArtefactIndex(config.artefact_pairs)
        self.prints = ArtefactIndex(config.print_pairs, PRINTS)
        self._recent = tuple(Recent(config.dedupe_window // config.buckets) for _ in range(config.buckets))
        self.notes: dict[str, Any] = {}
        self._pool = pool or ThreadPoolExecutor(workers(config), "fold")
        self._keys = (keys.k0, keys.k1)
        self._workers = workers(config)
        # The narrowest type of bucket numbers: the sort goes through it byte by byte.
        self._narrow = np.min_scalar_type(config.buckets)

    def __len__(self) -> int:
        """Count the accounts."""
        return sum(len(state) for state in self.states)

    @property
    def nbytes(self) -> int:
        """Bytes of the account state."""
        return sum(state.nbytes for state in self.states)

    def _fold_bucket(self, bucket: int, batch: Columns, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        fresh = self._recent[bucket].first_times(batch.event, batch.account, rows)
        kept = rows if fresh.all() else rows[fresh]
        self.states[bucket].fold(batch, kept, self.tables)
        return kept

    def _print(self, batch: EventBatch, cols: Columns) -> list[Future[tuple[Found, Found]]]:
        """Print the texts of the events whose answer the log holds, in threads."""
        answers = batch.columns.column("completion")
        if answers.null_count == len(answers):
            return []
        rows = np.flatnonzero(answers.is_valid().to_numpy(zero_copy_only=False) & (cols.account != 0))
        prompts, given = (cols.prompt_at, cols.prompt), texts(answers)
        parts = np.array_split(rows, self._workers)
        return [self._pool.submit(print_texts, part, prompts, given, self._keys) for part in parts if part.shape[0]]

    def _index(self, batch: EventBatch, kept: NDArray[np.bool_], printed: list[Future[tuple[Found, Found]]]) -> None:
        self.artefacts.fold(batch, kept)
        for job in printed:
            for act, found in zip((CARRIED, BORN), job.result(), strict=True):
                self.prints.add(batch, act, found.pairs(), kept)

    def fold(self, batch: EventBatch) -> Folded:
        """Fold one batch; each event id of an account counts once.

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
        order = np.argsort(np.where(attributed, bucket, self._buckets).astype(self._narrow), kind="stable")
        bounds = np.searchsorted(bucket[order][: int(attributed.sum())], np.arange(self._buckets + 1))
        parts = [order[bounds[b] : bounds[b + 1]] for b in range(self._buckets)]
        jobs = [self._pool.submit(self._fold_bucket, b, cols, part) for b, part in enumerate(parts) if part.shape[0]]
        printed = self._print(batch, cols)
        kept = [job.result() for job in jobs]
        folded = sum(part.shape[0] for part in kept)
        mask = np.zeros(len(batch), bool)
        for part in kept:
            mask[part] = True
        if printed or cols.flags.max(initial=0) & 0x18:
            self._index(batch, mask, printed)
        return Folded(folded, int(attributed.sum()) - folded, int((~attributed).sum()), mask)

    def forget(self, accounts: NDArray[np.int64]) -> None:
        """Drop some accounts, as if none of their events had come; repeats of those events are still known."""
        for state in self.states:
            state.forget(accounts)
        self.artefacts.forget(accounts)
        self.prints.forget(accounts)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=True)

    def parts(self) -> list[Arrays]:
        """See the rows of each bucket, without copying them."""
        return [first_rows(state.arrays, state.used) for state in self.states]

    def rows(self, accounts: NDArray[np.int64]) -> Arrays:
        """Copy the rows of some accounts, bucket by bucket."""
        found = [take(part, np.flatnonzero(np.isin(part.key, accounts))) for part in self.parts()]
        cells: Any = zip(*found, strict=True)
        return Arrays._make(np.concatenate(column) for column in cells)

    def arrays(self) -> Arrays:
        """Put the rows of all buckets together, bucket by bucket."""
        cells: Any = zip(*self.parts(), strict=True)
        return Arrays._make(np.concatenate(column) for column in cells)

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for b, (state, recent) in enumerate(zip(self.states, self._recent, strict=True)):
            yield f"bucket-{b:05d}.state", state.checkpoint()
            yield f"bucket-{b:05d}.recent", recent.checkpoint()
        yield "artefacts", self.artefacts.checkpoint()
        yield "prints", self.prints.checkpoint()

    def checkpoint(self, folder: Path, notes: Mapping[str, object] | None = None) -> None:
        """Write all of it to a folder, so that a restart counts nothing twice and loses nothing.

        Parameters
        ----------
        folder
            A folder of its own; what it held stays in force until the new checkpoint is whole.
        notes
            What becomes valid in the same step, such as how far a stream was read; ``self.notes`` after a restore.

        Raises
        ------
        CheckpointError
            The folder holds a damaged checkpoint.
        StoreError
            The folder cannot be written.

        Notes
        -----
        Equal events in equal order give equal files. One bucket at a time is held twice in memory.
        """
        checkpoint.write(folder, self._facts, self._files(), notes)

    @classmethod
    def restore(
        cls,
        folder: Path,
        keys: Keys,
        config: Config,
        pool: ThreadPoolExecutor | None = None,
        corpus: NDArray[np.uint64] = NO_CORPUS,
    ) -> LocalEngine:
        """Go on from a checkpoint.

        Parameters
        ----------
        folder
            Where it was written.
        keys
            The key it was made under.
        config
            Buckets, text limit, window and pairs of both indices must be those it was made with.
        pool
            Threads to fold in.
        corpus
            Filter of public prompt sets it was made with.

        Raises
        ------
        CheckpointError
            There is none, it is damaged, or it was made under another key, version or setting.
        """
        found = checkpoint.Checkpoint(folder, _facts(keys, config, with_corpus(corpus)))
        engine = cls(keys, config, pool, corpus)
        engine.notes = found.notes
        engine.states = tuple(
            AccountState.restore(found.read(f"bucket-{b:05d}.state"), keys, text_limit_bytes=config.text_limit_bytes)
            for b in range(config.buckets)
        )
        engine._recent = tuple(
            Recent.restore(found.read(f"bucket-{b:05d}.recent"), config.dedupe_window // config.buckets)
            for b in range(config.buckets)
        )
        engine.artefacts = ArtefactIndex.restore(found.read("artefacts"))
        engine.prints = ArtefactIndex.restore(found.read("prints"), PRINTS)
        return engine
