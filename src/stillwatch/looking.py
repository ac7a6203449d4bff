"""Look at folded accounts: profile, examine, rank, assure. The part of the hall that a scan and a watch share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.detectors import combine, examine_all, withhold
from stillwatch.detectors.calibration.assure import THEMSELVES, assure, refer
from stillwatch.features.assemble import profile
from stillwatch.features.recycled import RecycledColumns
from stillwatch.features.replay import ReplayColumns
from stillwatch.ingest.accounts import EMPTY, AccountFile
from stillwatch.model.scan import Looked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.detectors.calibration.reference import Reference
    from stillwatch.engine.local import LocalEngine
    from stillwatch.model.profile import Profile
    from stillwatch.sketches.artefacts import Replay


@dataclass(frozen=True, slots=True)
class Against:
    """What a scan's accounts are held against."""

    reference: Reference | None = None
    """What is ordinary at this provider; None takes the accounts of the scan themselves."""
    origin: str = THEMSELVES
    """What the reference was made of, in words."""
    today: date = date(1970, 1, 1)
    """Day of the scan, for a reference made on the way."""
    look: int = 1
    """Which look at these accounts it is, from 1."""


UNKNOWN: Final = Against()
"""No reference, first look."""
TIMED: Final = ("rhythm", "person", "ramp", "canary_probing", "key_theft", "steady_history", "retry_storm")
"""Detectors that cannot tell where events carry the time of reading."""


def look(
    engine: LocalEngine,
    config: Config,
    accounts: AccountFile = EMPTY,
    against: Against = UNKNOWN,
    *,
    only: NDArray[np.int64] | None = None,
    untimed: bool = False,
) -> Looked:
    """Profile, examine, rank and assure accounts.

    Parameters
    ----------
    engine
        Folded events.
    config
        Prior, threshold and caps.
    accounts
        The provider's account file.
    against
        What is ordinary at this provider; where it says nothing, the accounts looked at are held against each other.
    only
        Pseudonyms of the accounts wanted; all where not given.
    untimed
        Whether events carry the time of reading, of which some detectors can tell nothing.

    Returns
    -------
    Looked
        One row an account, ascending.
    """
    made = profile_engine(engine, accounts, only)
    examined = examine_all(made, config)
    if untimed:
        reason = "some events have no time of their own and carry the time of reading"
        examined = tuple(withhold(one, reason) if one.detector in TIMED else one for one in examined)
    ranking = combine(examined, config)
    reference = against.reference or refer(examined, ranking, made, against.today)
    return Looked(
        made,
        examined,
        ranking,
        assure(examined, ranking, made, reference, origin=against.origin, look=against.look),
    )


def profile_engine(
    engine: LocalEngine,
    accounts: AccountFile = EMPTY,
    only: NDArray[np.int64] | None = None,
    beside: LocalEngine | None = None,
) -> Profile:
    """Turn an engine's state into the profile of all its accounts, or of some.

    Parameters
    ----------
    engine
        Folded events.
    accounts
        The provider's account file.
    only
        Pseudonyms of the accounts wanted; all where not given.
    beside
        Where all accounts were folded, if ``engine`` holds a part of what some did: whose an artefact is depends on
        everybody.

    Returns
    -------
    Profile
        One row an account, ascending.
    """
    arrays = engine.arrays() if only is None else engine.rows(only)
    account = np.sort(arrays.key)
    artefacts, prints = engine.artefacts, engine.prints
    if beside is not None:
        mine = np.concatenate([part.key for part in engine.parts()])
        artefacts, prints = artefacts.beside(beside.artefacts, mine), prints.beside(beside.prints, mine)
    # Whose an artefact is depends on accounts that are not wanted, too.
    everybody = account
    if beside is not None or only is not None:
        parts = [*engine.parts(), *(beside.parts() if beside is not None else ())]
        everybody = np.unique(np.concatenate([part.key for part in parts]))
    wanted = np.searchsorted(everybody, account)
    # What the log says of the organisation is in the index itself and counts first.
    owner = accounts.owner_of(everybody, np.zeros(everybody.shape[0], np.int64))
    replay = None
    if len(artefacts):
        replay = ReplayColumns(*_some(artefacts.replay(everybody, owner), wanted))
    recycled = None
    if prints.births:
        recycled = RecycledColumns(*_some(prints.replay(everybody, owner), wanted))
    corpus = engine.tables.corpus.shape[0] > 0
    return profile(arrays, account.shape[0], accounts.facts(account), replay, recycled=recycled, corpus=corpus)


def _some(found: Replay, rows: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
    columns = (found.artefacts_distinct, found.foreign_distinct, found.foreign_owners, found.owner_known)
    return tuple(column[rows] for column in columns)
