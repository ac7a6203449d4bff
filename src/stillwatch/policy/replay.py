"""Old and new terms over recorded dossiers, in event time: whose verdict would change, before anything goes live.

Every clause is taken as in force and live from the first dossier on: a new clause begins tomorrow and in shadow, and
the question is what it would have permitted. What is compared is the strictest action that the broken clauses permit.
What would really have been done is less: decisions climb the ladder one step at a time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import Action
from stillwatch.policy.judge import judge_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Terms
    from stillwatch.model.verdict import Verdict

NOTHING: Final = "none"
"""Word for an account about which no clause permits anything."""
_FOREVER: Final = 1 << 62
_CHUNK: Final = 1024


@dataclass(frozen=True, slots=True)
class Moved:
    """An account whose strictest permitted action is another under the new terms."""

    account: int
    """Pseudonym."""
    plan: str
    """Plan at its last change, "" where unknown."""
    old: str
    """Strictest action that the old terms permitted over the time, or ``none``."""
    new: str
    """The same under the new terms."""
    first_ms: int
    """First dossier at which the two differed (ms since 1970)."""
    clauses: tuple[str, ...]
    """Clauses of either terms that make the difference."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to."""

    dossiers: int
    """Dossiers judged."""
    accounts: Mapping[str, int]
    """Plan -> accounts."""
    from_ms: int
    """Earliest dossier (ms since 1970), -1 where there was none."""
    until_ms: int
    """Latest dossier."""
    counts: Mapping[tuple[str, str], tuple[int, int]]
    """(plan, action) -> accounts whose strictest permitted action it is under old and under new terms."""
    moved: tuple[Moved, ...]
    """Accounts whose action changes, those that fare worse first."""


@dataclass(slots=True)
class _Account:
    plan: str
    old: int = -1
    new: int = -1
    first_ms: int = -1
    clauses: set[str] = field(default_factory=set)


def _always(terms: Terms) -> Terms:
    return replace(terms, clauses=tuple(replace(one, from_ms=0, until_ms=_FOREVER) for one in terms.clauses))


def _broken(verdicts: tuple[Verdict, ...]) -> dict[str, int]:
    return {one.clause: int(max(one.permitted)) for one in verdicts if one.outcome == "broken"}


def _word(action: int) -> str:
    return NOTHING if action < 0 else Action(action).name.lower()


def _meet(account: _Account, dossier: Dossier, old: dict[str, int], new: dict[str, int]) -> None:
    account.plan = dossier.plan or account.plan
    account.old, account.new = max([account.old, *old.values()]), max([account.new, *new.values()])
    if max(old.values(), default=-1) != max(new.values(), default=-1):
        account.clauses |= {name for name in {*old, *new} if old.get(name) != new.get(name)}
        if account.first_ms < 0:
            account.first_ms = dossier.at_ms


def _chunks(dossiers: Iterable[Dossier]) -> Iterator[list[Dossier]]:
    rest = iter(dossiers)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _counts(accounts: Iterable[_Account]) -> dict[tuple[str, str], tuple[int, int]]:
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    for one in accounts:
        before[one.plan, _word(one.old)] += 1
        after[one.plan, _word(one.new)] += 1
    return {key: (before[key], after[key]) for key in sorted({*before, *after})}


def replay(dossiers: Iterable[Dossier], old: Terms, new: Terms) -> Replayed:
    """Judge recorded dossiers by two versions of terms.

    Parameters
    ----------
    dossiers
        Recorded, each with its time; any order, an account may come many times.
    old, new
        The versions.

    Returns
    -------
    Replayed
        Counts by plan and action, and every account whose strictest permitted action changes.

    Notes
    -----
    Some microseconds a dossier and version; memory grows with accounts, not with dossiers. Blind spot: a dossier
    records what was known then, so detectors that came later speak in none of them.
    """
    versions = _always(old), _always(new)
    accounts: dict[int, _Account] = {}
    number, first, last = 0, _FOREVER, -1
    for chunk in _chunks(dossiers):
        judged = [judge_all(chunk, one, 0) for one in versions]
        for dossier, was, now in zip(chunk, *judged, strict=True):
            number, first, last = number + 1, min(first, dossier.at_ms), max(last, dossier.at_ms)
            account = accounts.setdefault(dossier.account, _Account(dossier.plan))
            _meet(account, dossier, _broken(was), _broken(now))
    moved = [
        Moved(name, one.plan, _word(one.old), _word(one.new), one.first_ms, tuple(sorted(one.clauses)))
        for name, one in accounts.items()
        if one.old != one.new
    ]
    rank = {_word(action): action for action in range(-1, len(Action))}
    moved.sort(key=lambda one: (rank[one.old] - rank[one.new], one.account))
    plans = Counter(one.plan for one in accounts.values())
    spans = (first, last) if number else (-1, -1)
    return Replayed(number, dict(sorted(plans.items())), *spans, _counts(accounts.values()), tuple(moved))
