"""Whether the false-discovery rate is kept: false groups among those validated, with every guard on and with each off.

A group or entity is false when fewer than half of its members share a real bond (``bonds``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.tested import Guards
from stillwatch.evaluate.campaigns.bonds import unbound
from stillwatch.evaluate.campaigns.figures import over_seeds, share
from stillwatch.evaluate.scores import drawn, resampled
from stillwatch.evaluate.tables import Table, spanned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.coordination.groups import Groups
    from stillwatch.evaluate.campaigns.look import Looked

LEVELS: Final = (1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2)
"""Nominal rates."""
WITHOUT: Final = (
    ("strata off", Guards(stratified=False)),
    ("own layer counted", Guards(left_out=False)),
    ("no spread of ordinary groups", Guards(spread=False)),
)
"""Each guard switched off."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one world had at one nominal rate."""

    what: str
    """What is counted."""
    level: float
    """Nominal rate."""
    false: int
    """False discoveries."""
    discovered: int
    """All discoveries."""


def false_groups(groups: Groups, bond: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which groups are false discoveries, shape (g,).

    Parameters
    ----------
    groups
        Groups of rows.
    bond
        Real bond of each row, -1 for none.

    Notes
    -----
    The same as asking :func:`unbound` of each, over all groups at once.
    """
    g = len(groups)
    group = np.repeat(np.arange(g), groups.sizes)
    mine = bond[groups.members]
    tied = mine >= 0
    width = int(bond.max(initial=0)) + 1
    cells, many = np.unique(group[tied] * width + mine[tied], return_counts=True)
    most = np.zeros(g, np.int64)
    np.maximum.at(most, cells // width, many)
    return np.asarray(2 * most < groups.sizes)


def rates(looked: Looked, found: Coordination, *, what: str = "", guards: bool = True) -> list[Rate]:
    """Count one world: groups and entities at every level, groups without each guard.

    Parameters
    ----------
    looked
        The world.
    found
        Its groups, with every guard on.
    what
        Put before the names of what is counted.
    guards
        Whether to switch guards off, too.
    """
    bond = looked.known.bond
    made = _groups(found, bond, f"{what}groups")
    for level in LEVELS:
        again = looked.coordinated(alpha=level)
        core = false_groups(again.core, bond)
        made.append(Rate(f"{what}groups without bystanders", level, int(core.sum()), len(again.core)))
        entities = [one.rows for one in again.memberships()]
        made.append(Rate(f"{what}entities", level, sum(unbound(rows, bond) for rows in entities), len(entities)))
    for name, without in WITHOUT if guards else ():
        made += _groups(looked.coordinated(guards=without), bond, f"{what}{name}")
    return made


def _groups(found: Coordination, bond: NDArray[np.int64], what: str) -> list[Rate]:
    false = false_groups(found.tested.groups, bond)
    made = []
    for level in LEVELS:
        validated = found.q <= level
        made.append(Rate(what, level, int((false & validated).sum()), int(validated.sum())))
    return made


def _by(seen: Sequence[Rate], what: str, level: float) -> list[tuple[int, int]]:
    return [(one.false, one.discovered) for one in seen if one.what == what and one.level == level]


def _pooled(pairs: Sequence[tuple[int, int]]) -> Callable[[np.random.Generator | None], float]:
    """Give the share of false ones among all, whole worlds drawn again under a generator."""
    counts = np.array(pairs, np.float64)

    def figure(rng: np.random.Generator | None) -> float:
        picked = drawn(np.arange(counts.shape[0], dtype=np.float64), rng).astype(np.int64)
        false, discovered = counts[picked].sum(axis=0)
        return float(false / discovered) if discovered else 0.0

    return figure


def rate_table(seen: Sequence[Rate], *, key: str, title: str, guards: bool = False) -> Table:
    """Lay out measured against nominal rates: mean over worlds of the false share, none where nothing was found.

    Parameters
    ----------
    seen
        Counts of all worlds.
    key, title
        Of the table.
    guards
        Lay out groups without each guard; otherwise everything counted with all guards on.
    """
    off = {name for name, _ in WITHOUT}
    every = tuple(dict.fromkeys(one.what for one in seen))
    counted = tuple(what for what in every if (what in off) == guards or (guards and what == "groups"))
    rows = []
    for level in LEVELS:
        cells = [
            over_seeds([false / found if found else 0.0 for false, found in _by(seen, what, level)]) for what in counted
        ]
        rows.append((f"{level:g}", *cells))
    note = (
        "Mean over worlds of the share of false ones among those validated at a nominal rate, 0 in a world where none"
        " was; intervals over worlds drawn again. A group is false when fewer than half of its members share a real"
        " bond, also where a campaign is a large part of it: such bystanders are left out before entities are made, and"
        " the columns say both. Groups of one campaign overlap and are counted each."
    )
    return Table(key, title, ("nominal", *counted), tuple(rows), note)


def count_table(seen: Sequence[Rate], *, key: str, title: str, level: float) -> Table:
    """Lay out how many false groups and entities there were at one rate."""
    rows = []
    for what in dict.fromkeys(one.what for one in seen):
        pairs = _by(seen, what, level)
        false, found = (int(number) for number in np.sum(pairs, axis=0))
        worlds = sum(wrong > 0 for wrong, _ in pairs)
        pooled = spanned(resampled(_pooled(pairs), np.random.default_rng(1)))
        rows.append((what, found, false, pooled, share(worlds, len(pairs))))
    head = ("counted", "validated", "false", "false share, all worlds together", "worlds with a false one")
    note = f"At the rate of {level:g}. Intervals over worlds drawn again; [0, 0] says only that none was seen."
    return Table(key, title, head, tuple(rows), note)
