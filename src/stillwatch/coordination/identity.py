"""The same entity under the same name from day to day: matched by the accounts it has in common with yesterday's.

Each entity of today takes the name of the one of yesterday with which it shares most accounts, if that is at least half
of the smaller of the two; every name is given once, to the largest share first. What was divided or joined is recorded.

References
----------
Greene, Doyle & Cunningham (2010), Tracking the evolution of communities in dynamic social networks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import numpy as np

from stillwatch.model.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

What: TypeAlias = Literal["new", "kept", "split", "merged", "gone"]
SAME: Final = 0.5
"""Share of the smaller entity's accounts from which two are the same."""


@dataclass(frozen=True, slots=True)
class Known:
    """An entity as it was last seen."""

    name: str
    """Its name."""
    accounts: NDArray[np.int64]
    """Its accounts, ascending."""
    first_seen_ms: int
    """When it was first found (ms since 1970)."""
    last_seen_ms: int
    """When it was last found (ms since 1970)."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a name between two runs."""

    what: What
    """New name; kept; split off another; joined into another; no longer found."""
    name: str
    """The name it is about."""
    other: str
    """The name it was split off or joined into; empty otherwise."""
    at_ms: int
    """When the run was (ms since 1970)."""


@dataclass(frozen=True, slots=True)
class History:
    """What earlier runs found."""

    looks: int = 0
    """Runs so far: how often the same accounts were looked at."""
    known: tuple[Known, ...] = ()
    """Entities by name, those no longer found included."""
    changes: tuple[Change, ...] = ()
    """Everything that happened, oldest first."""


def _shared(old: Sequence[Known], new: Sequence[tuple[str, NDArray[np.int64]]]) -> list[tuple[int, int, int]]:
    """List (accounts in common, old, new) of entities that are the same by SAME, most in common first, then by name."""
    if not old or not new:
        return []
    account = np.concatenate([one.accounts for one in old])
    owner = np.repeat(np.arange(len(old)), [one.accounts.shape[0] for one in old])
    order = np.argsort(account, kind="stable")
    account, owner = account[order], owner[order]
    found = []
    for at, (_, accounts) in enumerate(new):
        low, high = np.searchsorted(account, accounts), np.searchsorted(account, accounts, side="right")
        hits = [owner[a:b] for a, b in zip(low.tolist(), high.tolist(), strict=True) if b > a]
        if not hits:
            continue
        which, counts = np.unique(np.concatenate(hits), return_counts=True)
        for was, both in zip(which.tolist(), counts.tolist(), strict=True):
            if both >= SAME * min(old[was].accounts.shape[0], accounts.shape[0]):
                found.append((both, was, at))
    return sorted(found, key=lambda one: (-one[0], old[one[1]].name, new[one[2]][0]))


def renamed(
    history: History, found: Sequence[tuple[str, NDArray[np.int64]]], now_ms: int
) -> tuple[tuple[str, ...], History]:
    """Give today's entities their names and write down what changed.

    Parameters
    ----------
    history
        What earlier runs found.
    found
        Name that an entity would have if it were new, and its accounts, ascending.
    now_ms
        When this run is (ms since 1970).

    Returns
    -------
    tuple of str, History
        Name of each entity of ``found``, and the history with this run in it.
    """
    pairs = _shared(history.known, found)
    names: dict[int, str] = {}
    taken: dict[int, int] = {}
    changes: list[Change] = []
    for _, was, at in pairs:
        if was not in taken and at not in names:
            names[at], taken[was] = history.known[was].name, at
            changes.append(Change("kept", history.known[was].name, "", now_ms))
    for _, was, at in pairs:
        if at not in names:
            names[at] = found[at][0]
            changes.append(Change("split", names[at], history.known[was].name, now_ms))
        elif was not in taken:
            taken[was] = at
            changes.append(Change("merged", history.known[was].name, names[at], now_ms))
    for at, (name, _) in enumerate(found):
        if at not in names:
            names[at] = name
            changes.append(Change("new", name, "", now_ms))
    changes += [Change("gone", one.name, "", now_ms) for at, one in enumerate(history.known) if at not in taken]
    before = {one.name: one for one in history.known}
    today = [
        Known(names[at], accounts, before[names[at]].first_seen_ms if names[at] in before else now_ms, now_ms)
        for at, (_, accounts) in enumerate(found)
    ]
    current = {one.name for one in today}
    rest = [one for one in history.known if one.name not in current]
    kept = [change for change in changes if not _repeats(change, history)]
    known = tuple(sorted([*today, *rest], key=lambda one: one.name))
    return tuple(names[at] for at in range(len(found))), History(history.looks + 1, known, (*history.changes, *kept))


def _repeats(change: Change, history: History) -> bool:
    """Say whether a change says nothing new: what is kept again, or gone or joined already."""
    if change.what == "kept":
        return True
    last = next((one for one in reversed(history.changes) if one.name == change.name), None)
    return last is not None and change.what in {"gone", "merged"} and last.what == change.what


FORMAT: Final = "stillwatch.campaign-history/1"
"""Layout of a written history."""


def to_json(history: History) -> str:
    """Write a history down; equal histories give equal text."""
    return json.dumps(
        {
            "format": FORMAT,
            "looks": history.looks,
            "known": [
                {
                    "name": one.name,
                    "accounts": [str(account) for account in one.accounts.tolist()],
                    "first_seen_ms": one.first_seen_ms,
                    "last_seen_ms": one.last_seen_ms,
                }
                for one in history.known
            ],
            "changes": [[one.what, one.name, one.other, one.at_ms] for one in history.changes],
        },
        indent=1,
    )


def from_json(written: str) -> History:
    """Read a history back.

    Raises
    ------
    CheckpointError
        It is no history, or of another version.
    """
    try:
        read = json.loads(written)
        if read["format"] != FORMAT:
            raise CheckpointError(f"the campaign history is of format {read['format']!r}, this version reads {FORMAT}")
        known = tuple(
            Known(
                str(one["name"]),
                np.sort(np.array([int(account) for account in one["accounts"]], np.int64)),
                int(one["first_seen_ms"]),
                int(one["last_seen_ms"]),
            )
            for one in read["known"]
        )
        changes = tuple(
            Change(_what(what), str(name), str(other), int(at)) for what, name, other, at in read["changes"]
        )
        return History(int(read["looks"]), known, changes)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError("the campaign history is damaged; restore it, or begin a new one") from error


def _what(word: str) -> What:
    found = next((one for one in get_args(What) if one == word), None)
    if found is None:
        raise ValueError(word)
    return found
