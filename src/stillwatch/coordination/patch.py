"""A roster in which some accounts have changed: their values anew, everybody else's as they were.

Codes stay what they were; values never seen before take codes behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.groups import spans
from stillwatch.coordination.outline import Outline
from stillwatch.coordination.roster import Coded
from stillwatch.model.registered import Registered

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Patched:
    """One field after some accounts changed."""

    field: Coded
    """Values of all accounts."""
    touched: NDArray[np.int64]
    """Codes of the values that some account gained or lost."""


def put(outline: Outline, changed: Outline) -> tuple[Outline, NDArray[np.int64]]:
    """Write changed accounts into an outline; unknown ones are put behind.

    Parameters
    ----------
    outline
        All accounts; its columns are written to.
    changed
        The changed accounts, whole.

    Returns
    -------
    Outline, ndarray
        All accounts, and the row of each changed one.
    """
    rows, known = _places(outline.key, changed.key)
    for name in Outline._fields:
        getattr(outline, name)[rows[known]] = getattr(changed, name)[known]
    fresh = ~known
    if fresh.any():
        rows[fresh] = outline.key.shape[0] + np.arange(int(fresh.sum()))
        outline = Outline._make(
            np.concatenate([getattr(outline, name), getattr(changed, name)[fresh]]) for name in Outline._fields
        )
    return outline, rows


def put_registered(registered: Registered, changed: Registered, rows: NDArray[np.int64]) -> Registered:
    """Write what changed accounts registered into that of all; rows past the end are put behind."""
    made = {}
    n = len(registered)
    known = rows < n
    for name in Registered.__slots__:
        column = getattr(registered, name).copy()
        column[rows[known]] = getattr(changed, name)[known]
        made[name] = np.concatenate([column, getattr(changed, name)[~known]])
    return Registered(**made)


def _places(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], wanted)
    place[place == keys.shape[0]] = 0
    rows = order[place] if keys.shape[0] else np.zeros(wanted.shape[0], np.int64)
    return rows, keys[rows] == wanted if keys.shape[0] else np.zeros(wanted.shape[0], np.bool_)


def _same(field: Coded, rows: NDArray[np.int64], new: Coded) -> bool:
    """Say whether the accounts hold what they held before."""
    if (rows >= field.start.shape[0] - 1).any():
        return False
    start, places = spans(field.start, rows)
    return np.array_equal(start, new.start) and np.array_equal(field.token[field.value[places]], new.token[new.value])


def patched(field: Coded, rows: NDArray[np.int64], new: Coded, n: int) -> Patched:
    """Give some accounts new values.

    Parameters
    ----------
    field
        Values of all accounts so far.
    rows
        Accounts that change, some of them past the end; shape (k,).
    new
        Their values, coded on their own; account i of it is ``rows[i]``.
    n
        Accounts afterwards.

    Returns
    -------
    Patched
        Values of all n accounts, and which values were gained or lost.
    """
    if _same(field, rows, new):
        return Patched(field, np.zeros(0, np.int64))
    order = np.argsort(field.token, kind="stable")
    place = np.searchsorted(field.token[order], new.token)
    place[place == field.token.shape[0]] = 0
    code = order[place] if field.token.shape[0] else np.zeros(new.token.shape[0], np.int64)
    known = field.token[code] == new.token if field.token.shape[0] else np.zeros(new.token.shape[0], np.bool_)
    code = np.where(known, code, field.token.shape[0] + np.cumsum(~known) - 1)
    token = np.concatenate([field.token, new.token[~known]])
    value = code[new.value].astype(np.int32)
    before = field.start.shape[0] - 1
    lengths = np.zeros(n, np.int64)
    lengths[:before] = np.diff(field.start)
    old = rows < before
    kept_start, kept = spans(field.start, rows[old])
    was = np.repeat(rows[old], np.diff(kept_start)) * token.shape[0] + field.value[kept]
    now = np.repeat(rows, np.diff(new.start)) * token.shape[0] + value
    touched = np.unique(np.setxor1d(was, now) % token.shape[0]) if token.shape[0] else np.zeros(0, np.int64)
    lengths[rows] = np.diff(new.start)
    start = np.concatenate([[0], np.cumsum(lengths)])
    values = np.empty(int(start[-1]), np.int32)
    changed = np.zeros(n, np.bool_)
    changed[rows] = True
    same = np.flatnonzero(~changed[:before])
    values[spans(start, same)[1]] = field.value[spans(field.start, same)[1]]
    values[spans(start, rows)[1]] = value
    return Patched(Coded(start, values, token), touched)
