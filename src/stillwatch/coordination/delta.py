"""What an hour changes: groups that gained or lost a member are tested again, the rest stays as it was.

How common values are is counted anew; how ordinary groups are alike, and when everybody is at work, is left as the
last full run measured it. Groups of values that nobody gained or lost keep their members and their tests; the
false-discovery rate, entities and members are worked out anew over all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.candidates.composites import ALONE, TOGETHER, alone, mixed, rare_together
from stillwatch.coordination.candidates.rhythm import bands, rhythms
from stillwatch.coordination.candidates.templates import Templates, of_pairs, pairs_of
from stillwatch.coordination.coordinate import (
    ALPHA,
    SAME,
    Candidates,
    Coordination,
    How,
    appended,
    concluded,
    joined_accounts,
    judged,
    parted,
)
from stillwatch.coordination.groups import Groups, gathered
from stillwatch.coordination.layers.partition import CONCENTRATION, Partition
from stillwatch.coordination.layers.together import InStep
from stillwatch.coordination.layers.values import Held
from stillwatch.coordination.outline import NO_PIECE, Outline
from stillwatch.coordination.patch import patched, put, put_registered
from stillwatch.coordination.rates import rates
from stillwatch.coordination.roster import AT, FIELDS, Roster, coded, memberships_of, strata_numbers
from stillwatch.coordination.shared import collapsed
from stillwatch.coordination.tested import ALL, Guards, Tested
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.shared import Left
    from stillwatch.model.registered import Registered

_OF_GROUPS: Final = ("template", "artefact")
"""Fields whose values are groups, and so are made anew."""


def _pieces(outline: Outline, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Give the pieces of some accounts, ascending in each row; NO_PIECE for all of an account that is unknown (-1)."""
    held = np.concatenate([outline.sample_piece[rows], outline.slot_piece[rows]], axis=1)
    held[rows < 0] = NO_PIECE
    held.sort(axis=1)
    return held


@kernel
def _differing(before: np.ndarray, after: np.ndarray, out: np.ndarray) -> int:
    """List what ascending rows hold in one of two tables alone, in any order; returns how many."""
    n = 0
    for i in range(before.shape[0]):
        b, a = 0, 0
        while b < before.shape[1] or a < after.shape[1]:
            if a == after.shape[1] or (b < before.shape[1] and before[i, b] < after[i, a]):
                value = before[i, b]
                out[n] = value
                n += 1
            elif b == before.shape[1] or after[i, a] < before[i, b]:
                value = after[i, a]
                out[n] = value
                n += 1
            else:
                value = after[i, a]
            while b < before.shape[1] and before[i, b] == value:
                b += 1
            while a < after.shape[1] and after[i, a] == value:
                a += 1
    return n


def _templates(old: Templates, outline: Outline, touched: NDArray[np.uint32]) -> tuple[Templates, NDArray[np.int64]]:
    """Read the templates of touched pieces anew; gives all, and the new number of each old one, -1 if it is gone."""
    # A template is read whole: all its pieces, touched or not.
    hit = np.unique(old.template[np.isin(old.piece, touched)])
    wanted = np.union1d(touched, old.piece[np.isin(old.template, hit)])
    fresh = of_pairs([pairs_of(outline, wanted)])
    kept = np.setdiff1d(np.arange(len(old.groups)), hit)
    number = np.full(len(old.groups), -1, np.int64)
    number[kept] = np.arange(kept.shape[0])
    stays = number[old.template] >= 0
    piece = np.concatenate([old.piece[stays], fresh.piece])
    template = np.concatenate([number[old.template[stays]], fresh.template + kept.shape[0]])
    order = np.argsort(piece, kind="stable")
    groups = gathered([old.groups.take(kept), fresh.groups])
    return Templates(groups, piece[order], template[order], old.left), number


def _roster(
    before: Roster, outline: Outline, registered: Registered, rows: NDArray[np.int64], groups: dict[str, Groups]
) -> tuple[Roster, dict[str, NDArray[np.int64]]]:
    """Code the changed accounts anew; gives the roster and the touched codes of each field."""
    n = outline.key.shape[0]
    some = Outline._make(column[rows] for column in outline)
    theirs = type(registered)(**{name: getattr(registered, name)[rows] for name in type(registered).__slots__})
    new = coded(some, theirs)
    # Known accounts keep their stratum until the next full run; new ones take that of their kind.
    stratum = np.concatenate([before.stratum, np.zeros(n - len(before), np.int32)])
    fresh = rows >= len(before)
    if fresh.any():
        numbers = strata_numbers(before.outline, before.registered)
        first = np.unique(numbers, return_index=True)
        place = np.searchsorted(first[0], strata_numbers(some, theirs)[fresh])
        stratum[rows[fresh]] = before.stratum[first[1][np.minimum(place, first[0].shape[0] - 1)]]
    fields, counted, touched = [], [], {}
    for at, field in enumerate(FIELDS):
        if field.name in _OF_GROUPS:
            made = memberships_of(groups[field.name], n)
            fields.append(made)
            counted.append(rates(made, stratum))
            continue
        change = patched(before.fields[at], rows, new[field.name], n)
        fields.append(change.field)
        counted.append(before.rates[at] if change.field is before.fields[at] else rates(change.field, stratum))
        touched[field.name] = change.touched
    return Roster(outline, registered, stratum, tuple(fields), tuple(counted), before.moments), touched


def _take(tested: Tested, which: NDArray[np.int64], renamed: dict[int, NDArray[np.int64]]) -> Tested:
    """Keep some groups of a test; ``renamed`` gives new codes of fields whose values are groups."""
    held = []
    for at, one in enumerate(tested.held):
        kept = Held(*(getattr(one, name)[which] for name in Held.__slots__))
        if at in renamed:
            codes = np.append(renamed[at], -1)
            kept = replace(kept, value=codes[kept.value])
        held.append(kept)
    step = tested.in_step
    return replace(
        tested,
        groups=tested.groups.take(which),
        held=tuple(held),
        in_step=InStep(*(getattr(step, name)[which] for name in InStep.__slots__)),
        successors=tested.successors[which],
        log_p=tested.log_p[which],
        joined=tested.joined[which],
        rest=tested.rest[which],
    )


def _of_kind(groups: Groups, name: str) -> NDArray[np.bool_]:
    return groups.kind == groups.names.index(name) if name in groups.names else np.zeros(len(groups), np.bool_)


def _known_shards(before: Coordination, found: Templates, number: NDArray[np.int64]) -> Partition:
    """Carry over what is known of how work is divided in templates whose accounts are nearly what they were."""
    old, seen = before.templates, before.partition.members > 0
    was = np.full(len(found.groups), -1, np.int64)
    kept = np.flatnonzero(number >= 0)
    was[number[kept]] = kept
    # A template that was read anew has pieces of the one it was.
    place = np.minimum(np.searchsorted(old.piece, found.piece), max(old.piece.shape[0] - 1, 0))
    same = np.flatnonzero(old.piece[place] == found.piece) if old.piece.shape[0] else np.zeros(0, np.int64)
    fresh, first = np.unique(found.template[same], return_index=True)
    for new, earlier in zip(fresh.tolist(), old.template[place[same[first]]].tolist(), strict=True):
        if was[new] < 0 and seen[earlier] and _alike(old.groups.of(earlier), found.groups.of(new)):
            was[new] = earlier
    return before.partition.of(was)


def _alike(first: NDArray[np.int32], second: NDArray[np.int32]) -> bool:
    both = np.intersect1d(first, second, assume_unique=True).shape[0]
    return bool(both >= SAME * (first.shape[0] + second.shape[0] - both))


def recoordinate(
    before: Coordination,
    changed: Outline,
    registered: Registered,
    artefacts: tuple[NDArray[np.int64], NDArray[np.int64]],
    *,
    seed: int = 0,
    alpha: float = ALPHA,
    concentration: float = CONCENTRATION,
    look: int = 1,
    guards: Guards = ALL,
) -> Coordination:
    """Go on from an earlier run with what has changed since.

    Parameters
    ----------
    before
        The last run; its outline is written to, so it is used up.
    changed
        Accounts that sent something since, whole; new ones too.
    registered
        Sign-up and payment of those accounts, in the same order.
    artefacts
        All pairs (artefact, account) that more than one account bore or carried.
    seed, alpha, concentration, look, guards
        As for ``coordinate``.

    Returns
    -------
    Coordination
        Groups, tests, entities of all accounts.

    Notes
    -----
    Time grows with the groups that gained or lost a member, plus a pass over all accounts a field. Blind spot until
    the next full run: strata, everybody's moments and how ordinary groups are alike are those of the last one, and
    members who only sent more of the same do not bring their groups up again, nor is it looked at again how the work
    of a template is divided whose accounts are nine tenths the same.
    """
    how = How(seed, alpha, concentration, look, guards)
    was = before.roster
    old_rows = _rows_of(was.outline.key, changed.key)
    old_pieces = _pieces(was.outline, old_rows)
    old_mixed: dict[tuple[str, ...], NDArray[np.uint64]] = {
        names: _mixed_of(was, names, old_rows) for names in TOGETHER
    }
    outline, rows = put(was.outline, changed)
    new_pieces = _pieces(outline, rows)
    differing = np.empty(2 * new_pieces.size, np.uint32)
    pieces = np.unique(differing[: _differing(old_pieces, new_pieces, differing)])
    pieces = pieces[pieces != NO_PIECE]
    found, number = _templates(before.templates, outline, pieces)
    joined_by = joined_accounts(outline, artefacts)
    everybody = put_registered(was.registered, registered, rows)
    roster, touched = _roster(was, outline, everybody, rows, {"template": found.groups, "artefact": joined_by})
    fresh, gone, hours, left = _candidates(before, roster, touched, old_mixed, rows)
    kept_templates = int((number >= 0).sum())
    new_templates = found.groups.take(np.arange(kept_templates, len(found.groups)))
    groups = gathered([new_templates, *fresh, joined_by])
    template = np.full(len(groups), -1, np.int64)
    template[: len(new_templates)] = np.arange(kept_templates, len(found.groups))
    shards = _known_shards(before, found, number)
    tested, divided = judged(groups, template, roster, found, before.tested.spreads, how, shards)
    parts = parted(tested, roster, how)
    return _with_kept(
        before,
        number,
        gone,
        Candidates(roster, found, divided, tested, template, hours, left),
        parts,
        how,
    )


def _mixed_of(roster: Roster, names: tuple[str, ...], rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash the values of some fields of some accounts together; 0 where one is unknown, or the account."""
    made = np.zeros(rows.shape[0], np.uint64)
    made[rows >= 0] = mixed(roster, names, rows[rows >= 0])
    return made


def _rows_of(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], wanted)
    place[place == keys.shape[0]] = 0
    rows = order[place] if keys.shape[0] else np.zeros(wanted.shape[0], np.int64)
    return np.where(keys[rows] == wanted, rows, -1) if keys.shape[0] else np.full(wanted.shape[0], -1)


def _candidates(
    before: Coordination,
    roster: Roster,
    touched: dict[str, NDArray[np.int64]],
    old_mixed: dict[tuple[str, ...], NDArray[np.uint64]],
    rows: NDArray[np.int64],
) -> tuple[list[Groups], NDArray[np.bool_], NDArray[np.uint32], tuple[Left, ...]]:
    """Find the candidates of touched values, the old groups they take the place of, and everybody's hours."""
    old = before.tested.groups
    gone = _of_kind(old, "artefact") | _of_kind(old, "template")
    fresh = []
    for name in ALONE:
        if not touched[name].shape[0]:
            continue
        groups, _ = alone(roster, name, touched[name])
        fresh.append(collapsed(groups)[0])
        gone |= _of_kind(old, name) & np.isin(old.token, roster.fields[AT[name]].token[touched[name]])
    for names in TOGETHER:
        was, now = old_mixed[names], mixed(roster, names, rows)
        differs = was != now
        if not differs.any():
            continue
        keys = np.unique((np.concatenate([was[differs], now[differs]]) >> np.uint64(32)).astype(np.uint32))
        groups, _ = rare_together(roster, names, keys)
        fresh.append(collapsed(groups)[0])
        gone |= _of_kind(old, "+".join(names)) & np.isin(old.token, keys.astype(np.uint64))
    hours = np.concatenate(
        [before.hours, np.zeros((len(roster) - before.hours.shape[0], before.hours.shape[1]), np.uint32)]
    )
    was_hours, now_hours = hours[rows], bands(roster.outline, rows)
    moved = was_hours != now_hours
    keys = np.unique(np.concatenate([was_hours[moved], now_hours[moved]]))
    hours[rows] = now_hours
    if moved.any():
        fresh.append(rhythms(roster.outline, hours, keys[keys != 0])[0])
    gone |= _of_kind(old, "hours") & np.isin(old.token, keys.astype(np.uint64))
    return fresh, gone, hours, before.left


def _with_kept(
    before: Coordination,
    number: NDArray[np.int64],
    gone: NDArray[np.bool_],
    base: Candidates,
    parts: tuple[Tested, NDArray[np.int64]] | None,
    how: How,
) -> Coordination:
    """Put the groups that nobody joined or left beside the fresh ones, and conclude over all."""
    old = before.tested
    own = before.origin < 0
    of_template = _of_kind(old.groups, "template") & own
    stays = np.where(of_template, number[np.maximum(before.template, 0)] >= 0, ~gone)
    stays &= own
    stays |= ~own & stays[np.maximum(before.origin, 0)]
    codes = {
        AT["template"]: number,
        AT["artefact"]: np.full(int(before.roster.fields[AT["artefact"]].token.shape[0]), -1, np.int64),
    }
    first, rest = np.flatnonzero(stays & own), np.flatnonzero(stays & ~own)
    place = np.full(len(old.groups), -1, np.int64)
    place[first] = np.arange(first.shape[0])
    kept = _take(old, first, codes)
    template = np.where(before.template[first] >= 0, number[np.maximum(before.template[first], 0)], -1)
    whole = replace(
        base, tested=appended(kept, base.tested), template=np.concatenate([template, base.template]).astype(np.int64)
    )
    kept_parts = _take(old, rest, codes)
    origins = place[before.origin[rest]]
    if parts is not None:
        kept_parts = appended(kept_parts, parts[0])
        origins = np.concatenate([origins, parts[1] + first.shape[0]])
    return concluded(whole, (kept_parts, origins) if origins.shape[0] else None, how)
