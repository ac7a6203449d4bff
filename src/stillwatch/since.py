"""What accounts did since their last step began, folded apart: whether they heeded it.

A notice or a limit counts as ignored where enough evidence lies in the requests that came after it. The state of an
account has no end and no beginning to be cut at, so these requests are folded a second time, for accounts on record
alone, and looked at by the same detectors. A campaign's members are looked at as if they were one account, too: alone
none of them may stand out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.campaigns import group_bits, heard_together
from stillwatch.coordination.extraction import harvested
from stillwatch.detectors import combine, examine_all
from stillwatch.enforcement.situation import Fresh
from stillwatch.engine.local import LocalEngine
from stillwatch.engine.union import unions
from stillwatch.features.assemble import profile
from stillwatch.looking import profile_engine
from stillwatch.model.event import EventBatch
from stillwatch.sketches.corpus import NO_CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.model.dossier import Belonging
    from stillwatch.sketches.state import Keys

_SLOTS: Final = ("since-a", "since-b")
"""Folders of its state, written in turn; which of them counts stands in the notes of the watch's own."""
_NEVER: Final = np.iinfo(np.int64).max


class Since:
    """Accounts that are followed from a moment of each on.

    Parameters
    ----------
    keys, config, corpus
        As of the engine that everything is folded in.

    Notes
    -----
    Blind spots: requests that were folded before an account was followed are missing, which only makes evidence less.
    Fewer requests lie after a step than in all, so that some detectors cannot tell.
    """

    def __init__(self, keys: Keys, config: Config, corpus: NDArray[np.uint64] = NO_CORPUS) -> None:
        self.engine = LocalEngine(keys, _small(config), corpus=corpus)
        """What came since."""
        self._from: dict[int, int] = {}
        self._index()
        self._slot = ""

    def _index(self) -> None:
        self._accounts = np.array(sorted(self._from), np.int64)
        self._begin = np.array([self._from[account] for account in self._accounts.tolist()] or [_NEVER], np.int64)

    def __len__(self) -> int:
        """Count the accounts followed."""
        return len(self._from)

    def follow(self, begin: Mapping[int, int]) -> None:
        """Follow these accounts and no others.

        Parameters
        ----------
        begin
            Account -> moment from which its requests count (ms since 1970). Where it is later than before, what came
            until now is forgotten.
        """
        if begin == self._from:
            return
        over = [account for account, at_ms in self._from.items() if begin.get(account, _NEVER) > at_ms]
        if over:
            self.engine.forget(np.array(over, np.int64))
        self._from = dict(begin)
        self._index()

    def fold(self, batch: EventBatch, kept: NDArray[np.bool_]) -> None:
        """Fold what followed accounts did since their moment; ``kept``: events that count at all, shape (n,)."""
        if not self._from:
            return
        account, ts_ms = (
            pc.fill_null(batch.columns.column(name), 0).to_numpy(zero_copy_only=False)
            for name in ("account_id", "ts_ms")
        )
        at = np.searchsorted(self._accounts, account)
        at[at == self._accounts.shape[0]] = 0
        wanted = kept & (self._accounts[at] == account) & (ts_ms >= self._begin[at])
        if wanted.any():
            self.engine.fold(EventBatch(batch.columns.filter(pa.array(wanted)), batch.provenance))

    def fresh(
        self,
        accounts: Iterable[int],
        campaigns: Mapping[int, Belonging],
        everybody: LocalEngine,
        known: AccountFile,
        config: Config,
    ) -> Fresh:
        """Measure the evidence in what came since.

        Parameters
        ----------
        accounts
            Accounts wanted; those that nobody follows are left out.
        campaigns
            Account -> campaign it belongs to.
        everybody
            Where all events are folded: whose an artefact is depends on everybody.
        known
            The provider's account file.
        config
            Prior, threshold and caps.

        Returns
        -------
        Fresh
            0 bits where nothing came. Of a campaign: all followed members as one account.
        """
        wanted = sorted(set(accounts) & self._from.keys())
        if not wanted:
            return Fresh()
        names = {campaigns[account].name for account in wanted if account in campaigns}
        members: dict[str, list[int]] = defaultdict(list)
        for account in self._from:
            if account in campaigns and campaigns[account].name in names:
                members[campaigns[account].name].append(account)
        only = np.array(sorted({*wanted, *(one for each in members.values() for one in each)}), np.int64)
        made = profile_engine(self.engine, known, only, everybody)
        ranking = combine(examine_all(made, config), config)
        bits = dict(zip(made.account.tolist(), (ranking.total_bits - ranking.prior_bits).tolist(), strict=True))
        replayed = dict(
            zip(made.account.tolist(), group_bits(ranking.contributions, ("provenance",)).tolist(), strict=True)
        )
        return Fresh(
            {account: bits.get(account, 0.0) for account in wanted},
            {name: self._together(sorted(each), replayed, config) for name, each in sorted(members.items())},
        )

    def _together(self, members: list[int], replayed: Mapping[int, float], config: Config) -> float:
        rows = self.engine.rows(np.array(members, np.int64))
        if not rows.key.shape[0]:
            return 0.0
        heard = heard_together(profile(unions([rows]), 1, None, None), config)[0]
        seen = [replayed[account] for account in rows.key.tolist()]
        return harvested(replace(heard, provenance=float(np.mean(seen))))

    def checkpoint(self, folder: Path) -> dict[str, Any]:
        """Write its state beside that of the watch; gives what makes it valid once the watch notes it."""
        if not self._from:
            return {}
        slot = _SLOTS[1] if self._slot == _SLOTS[0] else _SLOTS[0]
        self.engine.checkpoint(folder / slot)
        return {"slot": slot, "from": sorted(self._from.items())}

    def noted(self, notes: Mapping[str, Any]) -> None:
        """Take what :meth:`checkpoint` gave for valid."""
        self._slot = str(notes.get("slot", ""))

    @classmethod
    def restore(
        cls,
        folder: Path,
        notes: Mapping[str, Any],
        keys: Keys,
        config: Config,
        corpus: NDArray[np.uint64] = NO_CORPUS,
    ) -> Since:
        """Go on from what :meth:`checkpoint` wrote; from nothing where it gave nothing.

        Raises
        ------
        CheckpointError
            It is missing, damaged, or was made under another key, version or setting.
        """
        made = cls(keys, config, corpus)
        if notes:
            made.engine.close()
            made.engine = LocalEngine.restore(folder / notes["slot"], keys, _small(config), corpus=corpus)
            made._from = {int(account): int(at_ms) for account, at_ms in notes["from"]}
            made._index()
        made.noted(notes)
        return made

    def close(self) -> None:
        """Let the threads go."""
        self.engine.close()


def _small(config: Config) -> Config:
    """Give settings for few accounts; repeats are left out before."""
    return replace(config, threads=1, buckets=1, dedupe_window=1024)
