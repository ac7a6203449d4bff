"""Keeps the dossiers of a watch beside judging them, so that changed terms can be replayed before they go live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.enforcement.situation import NOT_MEASURED, Fresh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.dossiers import Known
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.scan import Looked
    from stillwatch.serve.watch.watch import Judge
    from stillwatch.store.dossier_days import DossierDays

NEAR_BITS: Final = 0.0
"""Total from which a dossier is kept though no clause could speak of the account: terms may become stricter (bits)."""


class Recording:
    """Judges as another does, and keeps every dossier.

    Parameters
    ----------
    judge
        Who judges.
    days
        Where dossiers are kept.

    Notes
    -----
    Kept are accounts of which a clause could speak, members of reported campaigns, and whoever looks as likely as not
    to extract. Blind spot: terms that ask for less than that are replayed over too few accounts.
    """

    def __init__(self, judge: Judge, days: DossierDays) -> None:
        self._judge, self._days = judge, days

    def admits(self, looked: Looked, reported: NDArray[np.bool_], now_ms: int) -> NDArray[np.bool_]:
        """Say of which accounts a dossier is needed."""
        near: NDArray[np.bool_] = looked.ranking.total_bits >= NEAR_BITS
        return self._judge.admits(looked, reported, now_ms) | reported | near

    def judge(self, seen: Sequence[Dossier], now_ms: int, fresh: Fresh = NOT_MEASURED) -> int:
        """Keep, then judge."""
        self._days.keep(seen, now_ms)
        return self._judge.judge(seen, now_ms, fresh)

    def followed(self, now_ms: int) -> Mapping[int, int]:
        """Say since when what accounts under a step do counts as after it (ms since 1970)."""
        return self._judge.followed(now_ms)

    def counted(self, looked: Looked, known: Known, now_ms: int) -> None:
        """Take note of who there is."""
        self._judge.counted(looked, known, now_ms)

    def waiting(self) -> int:
        """Say how many decisions wait for a person."""
        return self._judge.waiting()
