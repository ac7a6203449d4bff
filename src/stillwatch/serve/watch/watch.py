"""Fold what the spool holds, look at the accounts that changed, and be able to go on after any crash.

::

    drain       frames of the spool -> one batch -> fold; the position moves on
    examine     accounts that changed since the last look -> dossiers -> whoever judges
    campaigns   all accounts -> campaigns, names kept over runs
    checkpoint  state and position become valid in one step; only then are segments dropped

Everything taken in lies in the spool until a checkpoint holds it. After a crash the state of the last checkpoint is
restored and what lies behind its position is folded again: nothing is lost, nothing counts twice. Accounts are looked
at before a checkpoint is written, so that none is forgotten between the two.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa

from stillwatch.campaigns import find_campaigns
from stillwatch.coordination import identity
from stillwatch.detectors.calibration.assure import refer
from stillwatch.dossiers import Known, belonging, dossiers, strongest
from stillwatch.enforcement.situation import NOT_MEASURED, Fresh
from stillwatch.engine.local import LocalEngine
from stillwatch.looking import UNKNOWN, Against, look
from stillwatch.model.errors import SpoolFull, StoreError
from stillwatch.model.event import EventBatch
from stillwatch.since import Since
from stillwatch.sketches.corpus import NO_CORPUS
from stillwatch.store.spool.batches import open_batch
from stillwatch.store.spool.reader import Frames
from stillwatch.store.spool.segment import START, Position
from stillwatch.store.spool.writer import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.model.campaign import Campaigns
    from stillwatch.model.dossier import Agreement, Belonging, Dossier
    from stillwatch.model.scan import Looked
    from stillwatch.serve.watch.measures import Measures

DRAINED_EVENTS: Final = 65_536
"""Events of one turn, about: enough to fold at full speed, few enough to look at accounts every few seconds."""
STATE: Final = "state"
SPOOL: Final = "spool"
HISTORY: Final = "campaigns.json"
"""Names in the folder of a watch."""


class Judge(Protocol):
    """Whoever judges what a watch sees. Times are ms since 1970."""

    def admits(self, looked: Looked, reported: NDArray[np.bool_], now_ms: int) -> NDArray[np.bool_]:
        """Say which accounts are to be judged; ``reported``: those of campaigns reported as extraction."""
        ...

    def judge(self, seen: Sequence[Dossier], now_ms: int, fresh: Fresh = NOT_MEASURED) -> int:
        """Judge dossiers and record what is decided; gives how many decisions."""
        ...

    def followed(self, now_ms: int) -> Mapping[int, int]:
        """Say of every account under a step since when what it does counts as after it (ms since 1970)."""
        ...

    def counted(self, looked: Looked, known: Known, now_ms: int) -> None:
        """Take note of who there is; ``looked`` is everybody."""
        ...

    def waiting(self) -> int:
        """Say how many decisions wait for a person."""
        ...


class Observer:
    """Judges nobody: a watch without terms only observes."""

    def admits(self, looked: Looked, reported: NDArray[np.bool_], now_ms: int) -> NDArray[np.bool_]:
        """Nobody."""
        del looked, now_ms
        return np.zeros_like(reported)

    def judge(self, seen: Sequence[Dossier], now_ms: int, fresh: Fresh = NOT_MEASURED) -> int:
        """Nothing."""
        del seen, now_ms, fresh
        return 0

    def followed(self, now_ms: int) -> Mapping[int, int]:
        """Nobody."""
        del now_ms
        return {}

    def counted(self, looked: Looked, known: Known, now_ms: int) -> None:
        """Nothing."""
        del looked, known, now_ms

    def waiting(self) -> int:
        """None."""
        return 0


def _alone(now_ms: int) -> Mapping[int, Belonging]:
    """Say nothing: this provider is in no exchange."""
    del now_ms
    return {}


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch looks at and by what it is judged."""

    config: Config
    """Prior, threshold, bounds."""
    accounts: AccountFile
    """The provider's account file."""
    against: Against = UNKNOWN
    """What is ordinary at this provider."""
    agreements: Mapping[int, tuple[Agreement, ...]] | None = None
    """Account or organisation -> what was agreed."""
    corpus: NDArray[np.uint64] = field(default_factory=lambda: NO_CORPUS)
    """Filter of public prompt sets."""
    judge: Judge = field(default_factory=Observer)
    """Whoever judges."""
    joint: Callable[[int], Mapping[int, Belonging]] = _alone
    """What an exchange says at a moment (ms since 1970): account -> joint campaign it belongs to."""


class Watch:
    """One watch over one folder. All of it but ``spool.put`` belongs to one thread.

    Parameters
    ----------
    folder
        Where spool, state and history lie; made if missing.
    key
        Key of the pseudonyms.
    watched
        What it looks at.
    measures
        How it is doing.

    Raises
    ------
    StoreError
        Another watch has the folder, or a checkpoint or the spool is damaged or of another version.
    """

    def __init__(self, folder: Path, key: PseudonymKey, watched: Watched, measures: Measures) -> None:
        self._folder, self._watched, self._measures = folder, watched, measures
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.spool = Spool(folder / SPOOL)
        self.engine = _restored(folder / STATE, key, watched)
        self._since = Since.restore(
            folder, self.engine.notes.get("since", {}), key.sketch_keys(), watched.config, watched.corpus
        )
        self.position = Position(*self.engine.notes.get("position", (START.segment, START.frame, START.offset)))
        self.sources: dict[str, Any] = dict(self.engine.notes.get("sources", {}))
        """How far each source that is followed has been read, as far as it is folded."""
        self._frames = Frames(folder / SPOOL, self.position)
        self._changed: set[int] = set()
        self._folded_since = 0
        self.found: Campaigns | None = None
        self._known = Known(agreements=watched.agreements or {}, organisation=_organisations(watched.accounts))
        self._history = _history(folder / HISTORY)
        self._against = watched.against

    def told(self, watched: Watched) -> None:
        """Go on with what files say now; campaigns that were found stay known."""
        self._watched = watched
        self._known = Known(self._known.campaigns, watched.agreements or {}, _organisations(watched.accounts))
        if watched.against.reference is not None:
            self._against = watched.against

    @property
    def behind(self) -> bool:
        """Whether the spool holds frames that are not folded."""
        return self.position < self.spool.end

    def drain(self, now_ms: int, most: int = DRAINED_EVENTS) -> int:
        """Fold frames until about so many events; gives how many events came."""
        batches, events, oldest = [], 0, now_ms
        for content, behind in self._frames.read(self.spool.end):
            batch, notes = open_batch(content)
            batches.append(batch)
            events += len(batch)
            oldest = min(oldest, int(notes.get("at_ms", now_ms)))
            self.sources |= notes.get("sources", {})
            self.position = behind
            if events >= most:
                break
        else:
            # Behind the last frame of a segment the next one may begin.
            self.position = self._frames.position
        self._measures.put("lag_seconds", max(now_ms - oldest, 0) / 1000.0 if batches else 0.0)
        if batches:
            with self._measures.stage("fold"):
                self._fold(batches)
        return events

    def _fold(self, batches: list[EventBatch]) -> None:
        batch = batches[0] if len(batches) == 1 else _together(batches)
        folded = self.engine.fold(batch)
        self._since.fold(batch, folded.kept)
        self._folded_since += folded.events
        accounts = batch.columns.column("account_id")
        self._changed.update(accounts.drop_null().unique().to_pylist())
        self._measures.count("events_folded", folded.events)
        self._measures.count("events_repeated", folded.duplicates)
        self._measures.count("events_unattributed", folded.unattributed)
        self._measures.put("accounts", len(self.engine))

    def examine(self, now_ms: int) -> int:
        """Look at the accounts that changed since the last look; gives how many decisions came of it."""
        if not self._changed:
            return 0
        with self._measures.stage("examine"):
            looked = self._look(np.array(sorted(self._changed - {0}), np.int64))
        self._measures.count("accounts_examined", len(looked.profile))
        able = sum(bool((one.reason == 0).any()) for one in looked.examined)
        self._measures.put("detectors_able", able)
        self._measures.put("detectors_blind", len(looked.examined) - able)
        made = self._judge(looked, now_ms)
        self._changed.clear()
        return made

    def _look(self, only: NDArray[np.int64] | None = None) -> Looked:
        watched = self._watched
        return look(self.engine, watched.config, watched.accounts, self._against, only=only)

    def _judge(self, looked: Looked, now_ms: int) -> int:
        joint = self._watched.joint(now_ms)
        known = replace(self._known, campaigns=strongest(self._known.campaigns, joint)) if joint else self._known
        extracting = [account for account, one in known.campaigns.items() if one.extracting]
        reported = np.isin(looked.profile.account, np.array(extracting, np.int64))
        with self._measures.stage("judge"):
            rows = np.flatnonzero(self._watched.judge.admits(looked, reported, now_ms))
            seen = dossiers(rows.tolist(), looked, known, now_ms)
            made = self._watched.judge.judge(seen, now_ms, self._fresh(seen)) if seen else 0
            if made:
                self._since.follow(self._watched.judge.followed(now_ms))
        self._measures.count("dossiers", len(seen))
        self._measures.count("decisions", made)
        self._measures.put("waiting", self._watched.judge.waiting())
        return made

    def _fresh(self, seen: Sequence[Dossier]) -> Fresh:
        """Measure what came since the last step of those who had one."""
        watched, accounts = self._watched, (one.account for one in seen)
        return self._since.fresh(accounts, self._known.campaigns, self.engine, watched.accounts, watched.config)

    def campaigns(self, now_ms: int) -> int:
        """Look for campaigns among all accounts and judge their members; gives how many decisions came of it."""
        if not len(self.engine):
            return 0
        with self._measures.stage("campaigns"):
            looked = self._look()
            if self._watched.against.reference is None:
                # Until the next search, accounts that change are held against all there were.
                made = refer(looked.examined, looked.ranking, looked.profile, self._against.today)
                self._against = replace(self._against, reference=made, origin="all accounts of the last search")
            found, self._history = find_campaigns(
                self.engine,
                self._watched.accounts,
                looked.ranking,
                self._watched.config,
                history=self._history,
                now_ms=now_ms,
            )
        self.found = found
        self._known = Known(belonging(found), self._known.agreements, self._known.organisation)
        self._measures.count("campaign_runs")
        self._measures.put("campaigns", len(found.found))
        self._measures.put("campaigns_extracting", sum(one.extracting for one in found.found))
        _keep(self._folder / HISTORY, identity.to_json(self._history))
        self._watched.judge.counted(looked, self._known, now_ms)
        decided = self._judge(looked, now_ms)
        self._changed.clear()
        return decided

    def checkpoint(self, now_ms: int) -> bool:
        """Make state and position valid together, then drop what they hold; gives whether there was anything new."""
        if not self._folded_since and self.position == Position(*self.engine.notes.get("position", (0, 0, 0))):
            return False
        self.examine(now_ms)
        if not self.behind and self.spool.end.frame:
            # What is folded need not lie on the disk any longer: a new segment, so that the one before can go. On a
            # full disk there is none, and the checkpoint counts all the same.
            with contextlib.suppress(SpoolFull):
                self.spool.turn().result()
                self.drain(now_ms)
        position = self.position
        with self._measures.stage("checkpoint"):
            # What persons decided meanwhile is heard of here; it counts from a day after they did.
            self._since.follow(self._watched.judge.followed(now_ms))
            since = self._since.checkpoint(self._folder)
            notes = {
                "position": [position.segment, position.frame, position.offset],
                "sources": self.sources,
                "since": since,
            }
            self.engine.checkpoint(self._folder / STATE, notes)
            self._since.noted(since)
            self.engine.notes = notes
        self.spool.drop(position)
        self._folded_since = 0
        self._measures.count("checkpoints")
        return True

    def close(self) -> None:
        """Let the folder go; whatever is not in a checkpoint stays in the spool."""
        self._frames.close()
        self.spool.close()
        self._since.close()
        self.engine.close()


def _together(batches: list[EventBatch]) -> EventBatch:
    table = pa.Table.from_batches([one.columns for one in batches]).combine_chunks()
    return EventBatch(table.to_batches()[0], batches[0].provenance)


def _restored(folder: Path, key: PseudonymKey, watched: Watched) -> LocalEngine:
    if (folder / "manifest.json").exists():
        return LocalEngine.restore(folder, key.sketch_keys(), watched.config, corpus=watched.corpus)
    return LocalEngine(key.sketch_keys(), watched.config, corpus=watched.corpus)


def _organisations(accounts: AccountFile) -> dict[int, int]:
    known = np.flatnonzero(accounts.organisation)
    return dict(zip(accounts.account[known].tolist(), accounts.organisation[known].tolist(), strict=True))


def _history(file: Path) -> identity.History:
    return identity.from_json(file.read_text()) if file.exists() else identity.History()


def _keep(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    except OSError as error:
        raise StoreError(f"{file}: the history of campaigns cannot be written: {error.strerror}") from error
