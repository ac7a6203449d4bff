"""Old and new terms over recorded dossiers, in event time: whose verdict would change, before anything goes live.

Every clause is taken as in force from the first dossier on: a new clause begins tomorrow and in shadow, and the
question is what it would have permitted. What is compared is what the broken clauses permit; what would really have
been done is less, since decisions climb the ladder one step at a time. Each dossier is judged alone, at its own time,
by what it holds: nothing that came later can change what is said of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stillwatch.model.decision import Action
from stillwatch.policy.judge import judge_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Terms
    from stillwatch.model.verdict import Verdict

    _Told: TypeAlias = Mapping[str, tuple[tuple[Action, ...], tuple[Action, ...], bool]]
    """Broken clause -> what it permits, what of that only to a person, whether it is only watched."""

Turn: TypeAlias = Literal["new", "stricter", "milder", "gone", "other"]
"""*new*: nothing was permitted about the account and now something is. *stricter*, *milder*: its strictest permitted
action is another. *gone*: nothing is permitted any more. *other*: the strictest is the same, and comes from another
clause, with other steps, with or without a person, or at another time."""

TURNS: Final[tuple[Turn, ...]] = ("new", "stricter", "other", "milder", "gone")
"""Turns, those that a customer fares worse by first."""
NOTHING: Final = "none"
"""Word for an account about which no clause permits anything."""
AHEAD_MS: Final = 3_600_000
"""Time by which a request may lie after the dossier that counts it, since clocks differ (ms)."""
_FOREVER: Final = 1 << 62
_CHUNK: Final = 1024


@dataclass(frozen=True, slots=True)
class Moved:
    """An account about which the new terms permit something else."""

    account: int
    """Pseudonym."""
    plan: str
    """Plan in its latest dossier that names one, "" where unknown."""
    turn: Turn
    """How it changes."""
    old: str
    """Strictest action that the old terms permitted over the time, or ``none``."""
    new: str
    """The same under the new terms."""
    first_ms: int
    """Earliest dossier at which the two differed (ms since 1970)."""
    clauses: tuple[str, ...]
    """Clauses of either terms that make the difference."""
    watched: bool
    """Whether all of these are in shadow, so that nothing in force would change yet."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to."""

    dossiers: int
    """Dossiers judged."""
    outside: int
    """Dossiers left out since they lie outside the time that was asked for."""
    ahead: int
    """Dossiers left out since they count requests from after their own time."""
    accounts: Mapping[str, int]
    """Plan -> accounts."""
    from_ms: int
    """Earliest dossier (ms since 1970), -1 where there was none."""
    until_ms: int
    """Latest dossier."""
    counts: Mapping[tuple[str, str], tuple[int, int]]
    """(plan, action) -> accounts whose strictest permitted action it is under old and under new terms."""
    turns: Mapping[Turn, int]
    """Turn -> accounts, every turn."""
    moved: tuple[Moved, ...]
    """Accounts about which something else is permitted, those that fare worse first."""


@dataclass(slots=True)
class _Account:
    plan: str = ""
    plan_ms: int = -1
    old: int = -1
    new: int = -1
    first_ms: int = _FOREVER
    clauses: set[str] = field(default_factory=set)
    watched: bool = True


def _always(terms: Terms) -> Terms:
    return replace(terms, clauses=tuple(replace(one, from_ms=0, until_ms=_FOREVER) for one in terms.clauses))


def _told(verdicts: tuple[Verdict, ...]) -> _Told:
    return {
        one.clause: (one.permitted, one.by_person, one.shadow)
        for one in verdicts
        if one.outcome == "broken" and one.permitted
    }


def _asks(told: _Told, clause: str) -> tuple[tuple[Action, ...], ...]:
    return told[clause][:2] if clause in told else ()


def _strictest(told: _Told) -> int:
    return max((int(max(permitted)) for permitted, _, _ in told.values()), default=-1)


def _word(action: int) -> str:
    return NOTHING if action < 0 else Action(action).name.lower()


def _meet(account: _Account, dossier: Dossier, old: _Told, new: _Told) -> None:
    if dossier.plan and dossier.at_ms >= account.plan_ms:
        account.plan, account.plan_ms = dossier.plan, dossier.at_ms
    account.old, account.new = max(account.old, _strictest(old)), max(account.new, _strictest(new))
    # The mode alone is no difference: what a clause would permit once it is live is the question.
    changed = {name for name in {*old, *new} if _asks(old, name) != _asks(new, name)}
    if changed:
        account.first_ms = min(account.first_ms, dossier.at_ms)
        account.clauses |= changed
        account.watched &= all(told[name][2] for told in (old, new) for name in changed if name in told)


def _turn(old: int, new: int) -> Turn:
    if old == new:
        return "other"
    if old < 0 or new < 0:
        return "new" if old < 0 else "gone"
    return "stricter" if new > old else "milder"


def _moved(accounts: Mapping[int, _Account]) -> tuple[Moved, ...]:
    found = [
        Moved(
            account=name,
            plan=one.plan,
            turn=_turn(one.old, one.new),
            old=_word(one.old),
            new=_word(one.new),
            first_ms=one.first_ms,
            clauses=tuple(sorted(one.clauses)),
            watched=one.watched,
        )
        for name, one in accounts.items()
        if one.clauses
    ]
    worse = {name: one.old - one.new for name, one in accounts.items()}
    return tuple(sorted(found, key=lambda one: (worse[one.account], TURNS.index(one.turn), one.account)))


def _counts(accounts: Iterable[_Account]) -> dict[tuple[str, str], tuple[int, int]]:
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    for one in accounts:
        before[one.plan, _word(one.old)] += 1
        after[one.plan, _word(one.new)] += 1
    return {key: (before[key], after[key]) for key in sorted({*before, *after})}


def _chunks(dossiers: Iterator[Dossier]) -> Iterator[list[Dossier]]:
    while chunk := list(islice(dossiers, _CHUNK)):
        yield chunk


def replay(
    dossiers: Iterable[Dossier], old: Terms, new: Terms, *, from_ms: int = 0, until_ms: int = _FOREVER
) -> Replayed:
    """Judge recorded dossiers by two versions of terms.

    Parameters
    ----------
    dossiers
        Recorded, each with its time; any order, an account may come many times.
    old, new
        The versions.
    from_ms, until_ms
        Time to look at, both ends included (ms since 1970).

    Returns
    -------
    Replayed
        Counts by plan, action and turn, and every account about which something else is permitted.

    Notes
    -----
    Some microseconds a dossier and version; memory grows with accounts, not with dossiers. A dossier that counts
    requests from after its own time was not recorded at that time; it is left out and counted. Blind spot: a dossier
    records what was known then, so detectors that came later speak in none of them; and an account of which no dossier
    was recorded, since no clause of that day could speak of it, is missing.
    """
    versions = _always(old), _always(new)
    accounts: dict[int, _Account] = {}
    number = outside = ahead = 0
    first, last = _FOREVER, -1

    def usable() -> Iterator[Dossier]:
        nonlocal outside, ahead
        for one in dossiers:
            if not from_ms <= one.at_ms <= until_ms:
                outside += 1
            elif one.last_ms > one.at_ms + AHEAD_MS:
                ahead += 1
            else:
                yield one

    for chunk in _chunks(usable()):
        judged = [judge_all(chunk, one, 0) for one in versions]
        for dossier, was, now in zip(chunk, *judged, strict=True):
            number, first, last = number + 1, min(first, dossier.at_ms), max(last, dossier.at_ms)
            _meet(accounts.setdefault(dossier.account, _Account()), dossier, _told(was), _told(now))
    moved = _moved(accounts)
    turned = Counter(one.turn for one in moved)
    plans = Counter(one.plan for one in accounts.values())
    return Replayed(
        dossiers=number,
        outside=outside,
        ahead=ahead,
        accounts=dict(sorted(plans.items())),
        from_ms=first if number else -1,
        until_ms=last,
        counts=_counts(accounts.values()),
        turns={one: turned[one] for one in TURNS},
        moved=moved,
    )
