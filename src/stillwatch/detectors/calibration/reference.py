"""A provider's own traffic, summed up without labels: how many bits ordinary accounts have.

Per cohort (plan and size class) it keeps the distribution of the evidence bits and how often each detector
speaks against an account at all. It holds no account, no pseudonym, no content and no key.

It has no labels, so it may hold campaigns. The guard: a share ``trim`` of each cohort is not taken to be
ordinary. Those accounts stay among the ones with more bits, where they make others look less rare, but do not
count among the m that vouch. If no more than that share of a cohort extracts, every p-value is at least what
its honest accounts alone would have given, wherever among them the campaigns lie. What contamination costs is
recall: campaigns in the reference hide their like.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.detectors.calibration.cohorts import LARGEST_CLASS, UNKNOWN_CLASS, plan_codes, size_classes
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

VERSION: Final = 1
"""Raised when the meaning of the written form changes."""
FEWEST: Final = 50
"""Fewest accounts that make a cohort; those of smaller ones are compared with one another."""
REST: Final = -1
"""Place of the accounts whose own cohort is too small."""
WHOLE: Final = -2
"""Place of all accounts together."""
MOST_POINTS: Final = 4096
"""Most different values kept of a cohort. Beyond it the upper half of them stays exact and the rest is thinned."""
MOST_BYTES: Final = 64 << 20
"""Largest written reference that is read."""
STEPS_BITS: Final = (0.0, 2.0, 4.0, 6.0)
"""Weights for which it is counted how many accounts a detector gives more."""
_DECIMALS: Final = 6
_AGAIN: Final = "write it again with `stillwatch calibrate`"


@dataclass(frozen=True, slots=True)
class Shown:
    """How often one detector speaks against the accounts of a cohort."""

    told: int
    """Accounts it could tell about."""
    over: tuple[int, ...]
    """Those with a weight above each of STEPS_BITS."""

    def share(self, weight_bits: float) -> float:
        """Give the share of accounts that show the same: a weight above the last step below this one.

        1 for a weight of 0 or less, NaN where the detector could tell about nobody.
        """
        if not self.told:
            return float("nan")
        passed = [count for step, count in zip(STEPS_BITS, self.over, strict=True) if weight_bits > step]
        return passed[-1] / self.told if passed else 1.0


@dataclass(frozen=True, slots=True)
class Cohort:
    """The accounts of one plan and size class."""

    plan: str
    """Plan; empty where the account file gives none, and for the rest and the whole."""
    size: int
    """Size class as in ``cohorts.size_classes``; UNKNOWN_CLASS also for the rest and the whole."""
    accounts: int
    """Accounts with enough evidence."""
    points: NDArray[np.float64]
    """Different values of their bits, ascending, shape (k,); all of them, or thinned."""
    above: NDArray[np.int64]
    """Accounts with strictly more bits than each point, shape (k,), descending to 0."""
    shown: Mapping[str, Shown]
    """Detector name -> how often it speaks against these accounts."""

    def at_least(self, bits: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the accounts with as many bits or more; between thinned points the largest it can be."""
        below = np.searchsorted(self.points, np.round(bits, _DECIMALS), side="left")
        return np.concatenate([[self.accounts], self.above])[below]


@dataclass(frozen=True, slots=True)
class Reference:
    """What is ordinary at one provider."""

    made: date
    """Day it was made."""
    trim: float
    """Share of every cohort that is not taken to be ordinary, 0 to below 0.5."""
    whole: Cohort
    """All accounts."""
    rest: Cohort
    """Accounts of plans and sizes too small for a cohort, together; however few."""
    cohorts: tuple[Cohort, ...]
    """Cohorts of FEWEST accounts or more, by plan and size."""

    def place(self, plans: Sequence[str], events: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give each account's place in ``cohorts``; REST where its own cohort is too small or was never seen.

        Parameters
        ----------
        plans
            Plan of each account.
        events
            Events an account, shape (n,); NaN where unknown.
        """
        at = {(cohort.plan, cohort.size): place for place, cohort in enumerate(self.cohorts)}
        keys = zip(plans, size_classes(events).tolist(), strict=True)
        return np.fromiter((at.get(key, REST) for key in keys), np.int64, len(plans))

    def cohort(self, place: int) -> Cohort:
        """Give the cohort of a place; REST and WHOLE are places as well."""
        return self.whole if place == WHOLE else self.rest if place == REST else self.cohorts[place]

    def vouching(self, cohort: Cohort) -> int:
        """Count the accounts of a cohort taken to be ordinary: all but the trimmed share, rounded up."""
        return cohort.accounts - ceil(self.trim * cohort.accounts)


def build_reference(
    bits: NDArray[np.float64],
    weights: Mapping[str, NDArray[np.float64]],
    plans: Sequence[str],
    events: NDArray[np.float64],
    *,
    made: date,
    trim: float = 0.005,
) -> Reference:
    """Sum up a provider's accounts.

    Parameters
    ----------
    bits
        Evidence without prior, shape (n,); NaN where no detector could tell.
    weights
        Detector name -> its bits, shape (n,); NaN where it could not tell.
    plans
        Plan of each account, n of them.
    events
        Events an account, shape (n,); NaN where unknown.
    made
        The day, for the reader.
    trim
        Largest share of a cohort that may be extracting.

    Returns
    -------
    Reference
        Two references are not merged: merge the states and build again, so that small cohorts count.

    Raises
    ------
    InputError
        Bits are infinite, or ``trim`` is not a share below 0.5.

    Examples
    --------
    >>> plans, events = ["free"] * 60 + ["pro"] * 40, np.full(100, 20.0)
    >>> reference = build_reference(np.arange(100.0), {}, plans, events, made=date(2026, 1, 31))
    >>> [(cohort.plan, cohort.size, cohort.accounts) for cohort in reference.cohorts]
    [('free', 1, 60)]
    >>> reference.place(["free", "pro"], np.array([99.0, 20.0])).tolist()
    [0, -1]

    Notes
    -----
    O(n log n); at most MOST_POINTS numbers a cohort are kept. Bits are rounded to a millionth, so that another
    prior cannot break ties. The rest is not compared with the whole: small plans are unlike large ones, so honest
    accounts of them would be rare far too often. Blind spot: a workload unusual for its plan and size is rare.
    """
    if not 0 <= trim < 0.5:
        raise InputError(f"trim is the share of accounts that may be extracting, 0 to below 0.5, not {trim}")
    if np.isinf(bits).any():
        raise InputError("bits are finite; give NaN where there is not enough evidence")
    known = np.flatnonzero(~np.isnan(bits))
    sizes = size_classes(events)
    key = (plan_codes(plans) * (LARGEST_CLASS + 2) + sizes)[known]
    order = np.argsort(key, kind="stable")
    starts = np.unique(key[order], return_index=True)[1]
    groups = np.split(known[order], starts[1:])
    few = np.concatenate([known[:0], *(group for group in groups if group.shape[0] < FEWEST)])
    cohorts = [
        _summary(plans[group[0]], int(sizes[group[0]]), group, bits, weights)
        for group in groups
        if group.shape[0] >= FEWEST
    ]
    cohorts.sort(key=lambda cohort: (cohort.plan, cohort.size))
    whole, rest = (_summary("", UNKNOWN_CLASS, rows, bits, weights) for rows in (known, few))
    return Reference(made, trim, whole, rest, tuple(cohorts))


def _summary(
    plan: str,
    size: int,
    rows: NDArray[np.int64],
    bits: NDArray[np.float64],
    weights: Mapping[str, NDArray[np.float64]],
) -> Cohort:
    # Adding 0 turns -0.0 into 0.0, which JSON would tell apart.
    points, count = np.unique(np.round(bits[rows], _DECIMALS) + 0.0, return_counts=True)
    upto = np.cumsum(count)
    if points.shape[0] > MOST_POINTS:
        half = MOST_POINTS // 2
        body = points.shape[0] - half
        wanted = np.linspace(upto[0], upto[body - 1], half)
        kept = np.append(np.unique(np.searchsorted(upto[:body], wanted)), np.arange(body, points.shape[0]))
        points, upto = points[kept], upto[kept]
    shown = {}
    for name in sorted(weights):
        told = weights[name][rows]
        told = told[~np.isnan(told)]
        shown[name] = Shown(told.shape[0], tuple(int((told > step).sum()) for step in STEPS_BITS))
    return Cohort(plan, size, rows.shape[0], points, rows.shape[0] - upto, shown)


def to_json(reference: Reference) -> str:
    """Write a reference down, with a SHA-256 over its content.

    Parameters
    ----------
    reference
        What :func:`build_reference` made.

    Returns
    -------
    str
        The same text for the same reference. The digest tells damage, not who wrote it.

    Examples
    --------
    >>> reference = build_reference(np.arange(9.0), {}, [""] * 9, np.ones(9), made=date(2026, 1, 31))
    >>> to_json(from_json(to_json(reference))) == to_json(reference)
    True
    """
    body = {
        "version": VERSION,
        "made": reference.made.isoformat(),
        "trim": float(reference.trim),
        "whole": _plain(reference.whole),
        "rest": _plain(reference.rest),
        "cohorts": [_plain(cohort) for cohort in reference.cohorts],
    }
    return json.dumps({**body, "sha256": _digest(body)}, sort_keys=True) + "\n"


def _digest(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _plain(cohort: Cohort) -> dict[str, object]:
    return {
        "plan": cohort.plan,
        "size": cohort.size,
        "accounts": cohort.accounts,
        "points": cohort.points.tolist(),
        "above": cohort.above.tolist(),
        "shown": {name: [one.told, *one.over] for name, one in cohort.shown.items()},
    }


def from_json(text: str | bytes) -> Reference:
    """Read a reference back, believing nothing of it.

    Parameters
    ----------
    text
        What :func:`to_json` wrote.

    Returns
    -------
    Reference
        Equal to the one written.

    Raises
    ------
    InputError
        It is too large, no JSON, nested too deep, of another version, damaged, or its numbers contradict each
        other; the message says which.

    Examples
    --------
    >>> from_json("[]")
    Traceback (most recent call last):
    stillwatch.model.errors.InputError: the reference is not an object; write it again with `stillwatch calibrate`
    """
    if len(text) > MOST_BYTES:
        raise InputError(f"the reference is larger than {MOST_BYTES >> 20} MiB; {_AGAIN}")
    try:
        body = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
        _need(isinstance(body, dict), "is not an object")
        _need("version" in body, "names no version")
        version = body["version"]
        _need(type(version) is int and version == VERSION, f"is not of version {VERSION}, the one read here")
        digest = body.pop("sha256", None)
        _need(digest == _digest(body), "is damaged or was edited: its digest does not match")
        return _reference(body)
    except RecursionError as error:
        raise InputError(f"the reference is nested too deep; {_AGAIN}") from error
    except ValueError as error:
        raise InputError(f"the reference is not the JSON it should be: {error}; {_AGAIN}") from error


def _need(true: bool, otherwise: str) -> None:
    if not true:
        raise InputError(f"the reference {otherwise}; {_AGAIN}")


def _no_number(name: str) -> float:
    raise InputError(f"the reference holds {name} where a number belongs; {_AGAIN}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _need(len({name for name, _ in pairs}) == len(pairs), "names something twice")
    return dict(pairs)


def _whole(value: object, least: int, most: int, what: str) -> int:
    _need(type(value) is int and least <= value <= most, f"gives no whole number of {least} to {most} for {what}")
    assert isinstance(value, int)
    return value


def _numbers(value: object, kind: type, what: str) -> list[Any]:
    _need(isinstance(value, list) and all(type(one) is kind for one in value), f"gives no list of numbers for {what}")
    assert isinstance(value, list)
    return value


def _reference(body: dict[str, Any]) -> Reference:
    _need(set(body) == {"version", "made", "trim", "whole", "rest", "cohorts"}, "misses a part or has one too many")
    trim = body["trim"]
    _need(type(trim) is float and 0 <= trim < 0.5, "gives no share below 0.5 for trim")
    _need(isinstance(body["made"], str), "gives no day on which it was made")
    _need(isinstance(body["cohorts"], list), "gives no list of cohorts")
    whole = _cohort(body["whole"], 0, MOST_BYTES * 1024)
    rest = _cohort(body["rest"], 0, whole.accounts)
    cohorts = tuple(_cohort(one, FEWEST, whole.accounts) for one in body["cohorts"])
    names = [(cohort.plan, cohort.size) for cohort in cohorts]
    _need(names == sorted(set(names)), "gives cohorts twice or out of order")
    parts = rest.accounts + sum(cohort.accounts for cohort in cohorts)
    _need(parts == whole.accounts, "has cohorts that do not add up to all accounts")
    return Reference(date.fromisoformat(body["made"]), trim, whole, rest, cohorts)


def _cohort(body: object, least: int, most: int) -> Cohort:
    names = {"plan", "size", "accounts", "points", "above", "shown"}
    _need(isinstance(body, dict) and set(body) == names, "has a cohort that misses a part or has one too many")
    assert isinstance(body, dict)
    plan, shown = body["plan"], body["shown"]
    _need(isinstance(plan, str) and isinstance(shown, dict), "has a cohort without plan or detectors")
    accounts = _whole(body["accounts"], least, most, "accounts")
    points = np.array(_numbers(body["points"], float, "bits"), np.float64)
    counts = [_whole(one, 0, accounts - 1, "accounts above") for one in _numbers(body["above"], int, "accounts above")]
    above = np.array(counts, np.int64)
    _need(points.shape == above.shape and points.shape[0] <= MOST_POINTS, "has too many bits, or not a count for each")
    _need(bool(np.isfinite(points).all() and (np.diff(points) > 0).all()), "has bits that are not finite or not sorted")
    _need(bool((np.diff(above) < 0).all()), "has counts that do not fall as bits rise")
    _need(counts[-1:] == [0] * (accounts > 0), "does not count its accounts down to 0")
    size = _whole(body["size"], UNKNOWN_CLASS, LARGEST_CLASS, "size")
    return Cohort(plan, size, accounts, points, above, {name: _shown(one, accounts) for name, one in shown.items()})


def _shown(body: object, accounts: int) -> Shown:
    counts = [_whole(one, 0, accounts, "a detector") for one in _numbers(body, int, "a detector")]
    _need(len(counts) == len(STEPS_BITS) + 1, "gives too few counts for a detector")
    _need(counts == sorted(counts, reverse=True), "has counts of a detector that do not fall as weights rise")
    return Shown(counts[0], tuple(counts[1:]))
