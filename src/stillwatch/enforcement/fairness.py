"""Fairness: whether decisions fall on some kind of customer more often than on others, and how often wrongly. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, get_args

from stillwatch.model.decision import Action
from stillwatch.model.fairness import LEVELS, Fairness, GroupShares, Kind, Share
from stillwatch.statistics.shares import clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stillwatch.model.decision import OnRecord
    from stillwatch.model.fairness import Fell

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
RATIO: Final = 2.0
"""From this ratio on a group is called unlike the others, where the intervals do not meet (times)."""
FEWEST: Final = 5
"""Accounts of a group at a level before anything is said of it (accounts)."""
CONFIDENCE: Final = 0.95
"""Chance that all intervals of a report hold at once, at least (0 to 1)."""


def strictest(records: Iterable[OnRecord], *, shadow: bool = False) -> dict[int, tuple[Action, bool]]:
    """Give each account's strictest action and whether anything it was told of was undone.

    Parameters
    ----------
    records
        All decisions on record. Undone ones count: they had fallen on somebody.
    shadow
        Look at shadow decisions instead of real ones.
    """
    found: dict[int, tuple[Action, bool]] = {}
    for one in records:
        if one.decision.shadow != shadow:
            continue
        action, undone = found.get(one.decision.account, (Action.OBSERVE, False))
        undone = undone or (one.lifted_ms >= 0 and one.decision.action > Action.OBSERVE)
        found[one.decision.account] = max(action, one.decision.action), undone
    return found


def fairness(fell: Sequence[Fell], *, truth: bool) -> Fairness:
    """Work the report out.

    Parameters
    ----------
    fell
        What fell on each account, on those nothing fell on, too.
    truth
        Whether it is known who extracts: those are then left out of the groups.

    Returns
    -------
    Fairness
        Shares with Clopper-Pearson intervals that all hold at once with ``CONFIDENCE`` (Bonferroni).

    Notes
    -----
    Linear in the accounts. Blind spots: where the truth is not known, a plan whose customers really extract more
    often looks as if it were treated unlike; accounts of one operator fall together, so that intervals of groups with
    few operators are too narrow.
    """
    honest = [one for one in fell if not (truth and one.extracting)]
    named = {kind: _members(honest, kind) for kind in KINDS}
    rows = sum(len(groups) for groups in named.values())
    intervals = (rows + 1 + truth) * len(LEVELS) + rows + 1
    alpha = (1 - CONFIDENCE) / intervals
    return Fairness(
        everybody=_shares(honest, alpha),
        undone=_undone(honest, alpha),
        groups=tuple(row for kind, groups in named.items() for row in _rows(kind, groups, alpha)),
        extracting=_shares([one for one in fell if one.extracting], alpha) if truth else None,
        unknown=tuple(kind for kind, groups in named.items() if not groups),
        confidence=CONFIDENCE,
        intervals=intervals,
    )


def _members(fell: Sequence[Fell], kind: Kind) -> dict[str, list[Fell]]:
    found: dict[str, list[Fell]] = defaultdict(list)
    for one in fell:
        if one.groups.get(kind):
            found[one.groups[kind]].append(one)
    return dict(found)


def _share(count: int, of: int, alpha: float) -> Share:
    return Share(count, of, *clopper_pearson(count, of, alpha))


def _shares(fell: Sequence[Fell], alpha: float) -> tuple[Share, ...]:
    return tuple(_share(sum(one.action >= least for one in fell), len(fell), alpha) for least in LEVELS.values())


def _undone(fell: Sequence[Fell], alpha: float) -> Share:
    noticed = [one for one in fell if one.action > Action.OBSERVE]
    return _share(sum(one.undone for one in noticed), len(noticed), alpha)


def _operators(fell: Sequence[Fell]) -> int:
    named = {one.operator for one in fell if one.operator}
    return len(named) + sum(not one.operator for one in fell)


def _rows(kind: Kind, groups: dict[str, list[Fell]], alpha: float) -> list[GroupShares]:
    shares = {name: _shares(group, alpha) for name, group in groups.items()}
    rows = []
    for name, group in groups.items():
        others = [one for other, members in groups.items() if other != name for one in members]
        apart = tuple(
            level
            for level, mine, theirs in zip(LEVELS, shares[name], _shares(others, alpha), strict=True)
            if _apart(mine, theirs)
        )
        rows.append(GroupShares(kind, name, len(group), _operators(group), shares[name], _undone(group, alpha), apart))
    return sorted(rows, key=lambda row: (*(-share.value for share in row.shares), row.name))


def _apart(mine: Share, theirs: Share) -> bool:
    """Say whether a group reaches a level out of proportion: so many times as often, and beyond chance."""
    if mine.count < FEWEST or not theirs.of:
        return False
    return mine.value >= RATIO * theirs.value and mine.low > theirs.high
