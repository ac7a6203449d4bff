"""The hall: the way of one batch, from bytes to ranked findings. Read this file first.

::

    batch    = read(chunk)                bytes -> EventBatch + Rejects; identifiers keyed at the door
    state    = fold(batch)                per-account sketches, fixed size, mergeable
    profile  = profile(state)             named features with units, one row an account
    examined = examine(profile)           each detector: weight in bits | NotEnoughEvidence(reason)
    ranking  = combine(examined)          additive within capped groups of dependence
    assured  = assure(ranking)            probability, p- and q-values, how many ordinary accounts did more
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.detectors import capabilities
from stillwatch.detectors.calibration.own import calibrated
from stillwatch.engine.local import LocalEngine, workers
from stillwatch.ingest.accounts import EMPTY, AccountFile
from stillwatch.ingest.read import read_source, with_engine_counts
from stillwatch.ingest.sources import INTERRUPTED, OpenSource
from stillwatch.looking import UNKNOWN, Against, look
from stillwatch.model.errors import InputError
from stillwatch.model.event import EVENT_SCHEMA, Clock, Identity, Provenance
from stillwatch.model.scan import ScanResult, SourceCount
from stillwatch.sketches.corpus import NO_CORPUS
from stillwatch.sketches.warmth import is_cold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.engine.local import Folded
    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.ingest.read import Progress, Reading
    from stillwatch.ingest.sources import Source
    from stillwatch.model.campaign import Campaigns
    from stillwatch.model.event import Reject
    from stillwatch.model.finding import Ranking

    Finder: TypeAlias = Callable[[LocalEngine, AccountFile, Ranking, Config], Campaigns | None]
    """Finds campaigns among folded accounts; None where it did not look."""


SUREST: Final = 5
"""Members of a reported campaign whose prompts are kept on request."""


@dataclass(slots=True)
class Tally:
    """Running counts of one scan, for the progress line."""

    events: int = 0
    """Events folded."""
    rejected: int = 0
    """Records refused."""
    accounts: int = 0
    """Accounts seen."""
    bytes_done: int = 0
    """Bytes of the inputs consumed."""
    bytes_all: int = 0
    """Bytes of all inputs; 0 where unknown."""


UNREAD: Final = Provenance("unknown", Identity.ABSENT, Clock.INGEST)
"""Provenance of a source that could not be read to its end."""


class Scan:
    """One scan: sources in, result out. Holds what grows: the engine and the first rejects."""

    def __init__(self, reading: Reading, key: PseudonymKey, corpus: NDArray[np.uint64] = NO_CORPUS) -> None:
        self.config: Config = reading.config
        self.reading = reading
        self.pool = ThreadPoolExecutor(workers(self.config), "stillwatch")
        self._folder = ThreadPoolExecutor(1, "folding")
        self.engine = LocalEngine(key.sketch_keys(), self.config, self.pool, corpus)
        self.rejects: list[Reject] = []
        self.counts: list[SourceCount] = []
        self.fields: set[str] = set()
        self.tally = Tally()
        self.partial = [0, 0, 0, 0, 0]
        """Read, accepted, rejected, duplicates, unattributed of the source being read."""
        self.stopped = False
        """Whether an interrupt ended the reading."""

    def read(self, sources: Sequence[Source], told: Callable[[Tally], None]) -> None:
        """Read and fold every source; an interrupt ends the reading, what was folded stays."""
        self.tally.bytes_all = sum(source.size for source in sources)
        done = 0
        failures: list[InputError] = []
        for at, source in enumerate(sources):
            self.partial = [0, 0, 0, 0, 0]
            try:
                self._read_one(source, done, told)
            except InputError as error:
                failures.append(error)
                self._ended_early(source, str(error))
            except KeyboardInterrupt:
                self._interrupted(sources[at:])
                break
            done += source.size
        if failures and len(failures) == len(self.counts) and not self.tally.events:
            raise failures[0]

    def _ended_early(self, source: Source, why: str) -> None:
        read, accepted, rejected, duplicates, unattributed = self.partial
        self.partial = [0, 0, 0, 0, 0]
        self.counts.append(SourceCount(source.path, UNREAD, read, accepted, rejected, duplicates, unattributed, why))

    def _interrupted(self, rest: Sequence[Source]) -> None:
        """Keep what was folded before an interrupt, and say that it is not all."""
        self.close()
        self.stopped = True
        if not (self.tally.events or self.tally.rejected):
            raise KeyboardInterrupt
        counted = bool(self.counts) and self.counts[-1].path == rest[0].path
        if counted:
            self.partial = [0, 0, 0, 0, 0]
        for source in rest[counted:]:
            self._ended_early(source, INTERRUPTED)

    def close(self) -> None:
        """Let the threads go, once what they are folding is folded."""
        # Folding hands work to the pool, so it ends first.
        self._folder.shutdown(wait=True)
        self.pool.shutdown(wait=True, cancel_futures=True)

    def _read_one(self, source: Source, done: int, told: Callable[[Tally], None]) -> None:
        opened = OpenSource(source)
        try:
            self._fold_source(opened, done, told)
        finally:
            opened.close()

    def _fold_source(self, opened: OpenSource, done: int, told: Callable[[Tally], None]) -> None:
        duplicates = unattributed = 0
        ended: list[SourceCount] = []
        folding: deque[tuple[Progress, Future[Folded]]] = deque()

        def settle() -> None:
            nonlocal duplicates, unattributed
            piece, job = folding.popleft()
            folded = job.result()
            duplicates += folded.duplicates
            unattributed += folded.unattributed
            self._note(piece, folded, done)
            told(self.tally)

        try:
            for piece in read_source(opened, self.reading, self.pool, workers(self.config) + 1, ended.append):
                # One batch folds while the next ones are read; batches fold one after the other.
                folding.append((piece, self._folder.submit(self.engine.fold, piece.batch)))
                if len(folding) > 1:
                    settle()
        finally:
            while folding:
                settle()
            self.counts += [with_engine_counts(count, duplicates, unattributed) for count in ended]

    def _note(self, piece: Progress, folded: Folded, done: int) -> None:
        accepted, rejected = len(piece.batch), len(piece.rejects)
        for at, count in enumerate((accepted + rejected, accepted, rejected, folded.duplicates, folded.unattributed)):
            self.partial[at] += count
        room = self.config.rejects_kept - len(self.rejects)
        self.rejects += piece.rejects[: max(room, 0)]
        columns = piece.batch.columns
        self.fields |= {name for name in EVENT_SCHEMA.names if columns.column(name).null_count < len(columns)}
        self.tally.events += folded.events
        self.tally.rejected += len(piece.rejects)
        self.tally.accounts = len(self.engine)
        self.tally.bytes_done = done + piece.position

    def settings(self, against: Against) -> Config:
        """Give the settings accounts are weighed with: those of the run, or those a reference calls for."""
        return calibrated(self.config, against.reference) if against.reference else self.config

    def result(
        self,
        accounts: AccountFile = EMPTY,
        against: Against = UNKNOWN,
        *,
        started_s: float = 0.0,
        cold: bool = False,
    ) -> ScanResult:
        """Profile, examine, rank and assure what was folded."""
        untimed = any(name == "ts_ms" for count in self.counts for name, _ in count.blanked)
        looked = look(self.engine, self.settings(against), accounts, against, untimed=untimed)
        return ScanResult(
            sources=tuple(self.counts),
            rejects=tuple(self.rejects),
            capabilities=capabilities(looked.examined, frozenset(self.fields)),
            profile=looked.profile,
            examined=looked.examined,
            ranking=looked.ranking,
            assurance=looked.assurance,
            exemplars={},
            cold_kernels=cold,
            elapsed_s=time.monotonic() - started_s if started_s else 0.0,
            known=frozenset(self.fields) | accounts.known_columns(),
        )


def scan(
    sources: Sequence[Source],
    reading: Reading,
    key: PseudonymKey,
    accounts: AccountFile = EMPTY,
    told: Callable[[Tally], None] = lambda _: None,
    *,
    keep_exemplars: int = 0,
    against: Against = UNKNOWN,
    corpus: NDArray[np.uint64] = NO_CORPUS,
    find: Finder | None = None,
) -> ScanResult:
    """Scan sources and rank their accounts.

    Parameters
    ----------
    sources
        Inputs, read in this order.
    reading
        How they are read.
    key
        Key of the pseudonyms.
    accounts
        The provider's account file.
    told
        Called after every batch with the running counts.
    keep_exemplars
        Prompts to keep of each reported account; needs a second reading of the sources.
    against
        What is ordinary at this provider, and which look this is.
    corpus
        Filter of public prompt sets.
    find
        Looks for campaigns once accounts are ranked; None does not look.

    Returns
    -------
    ScanResult
        What was read, what could run, and every account's evidence.

    Raises
    ------
    InputError
        A source cannot be opened or is in no known format.

    Notes
    -----
    Time grows with events, memory with accounts. The same sources under the same key give the same
    result, whatever the number of threads.
    """
    started, cold = time.monotonic(), is_cold()
    run = Scan(reading, key, corpus)
    try:
        run.read(sources, told)
    finally:
        run.close()
    result = run.result(accounts, against, started_s=started, cold=cold)
    if find:
        result = replace(result, campaigns=find(run.engine, accounts, result.ranking, run.settings(against)))
    if keep_exemplars > 0 and not run.stopped:
        result = replace(result, exemplars=exemplars(sources, reading, result, keep_exemplars))
    return result


def _surest(campaigns: Campaigns | None) -> NDArray[np.int64]:
    """Give the members of reported campaigns that belong most surely, a few of each."""
    reported = [one.members for one in campaigns.found if one.extracting] if campaigns else []
    surest = [one.account[np.lexsort((one.account, -one.total_bits))[:SUREST]] for one in reported]
    return np.concatenate([np.zeros(0, np.int64), *surest])


def exemplars(sources: Sequence[Source], reading: Reading, result: ScanResult, most: int) -> dict[int, tuple[str, ...]]:
    """Read the sources again and keep a few prompts of what is reported, a random few by event id.

    Parameters
    ----------
    sources
        Files; a pipe cannot be read twice and is passed over.
    reading
        How they were read.
    result
        Says which accounts are reported, and which campaigns: prompts of their surest members are kept.
    most
        Prompts kept an account.

    Returns
    -------
    dict
        Account -> prompts. Nothing of any other account is kept.
    """
    wanted = pa.array(np.union1d(result.profile.account[result.ranking.flagged], _surest(result.campaigns)))
    kept: dict[int, dict[int, str]] = {}
    with ThreadPoolExecutor(1) as pool:
        for source in sources:
            if not source.size or not len(wanted):
                continue
            opened = OpenSource(source)
            try:
                for piece in read_source(opened, reading, pool, 1, lambda _: None):
                    batch = piece.batch.columns.select(["account_id", "event_id", "prompt"])
                    found = batch.filter(pc.and_(pc.is_in(batch["account_id"], wanted), pc.is_valid(batch["prompt"])))
                    for account, event, prompt in zip(*(column.to_pylist() for column in found.columns), strict=True):
                        mine = kept.setdefault(account, {})
                        mine[event] = prompt.decode("utf-8", "replace")
                        if len(mine) > most:
                            del mine[max(mine)]
            except InputError:
                continue
            finally:
                opened.close()
    return {account: tuple(mine[event] for event in sorted(mine)) for account, mine in sorted(kept.items())}
