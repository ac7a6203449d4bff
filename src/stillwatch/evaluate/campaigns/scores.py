"""How found groups agree with true campaigns: recall of campaigns and accounts, B-cubed, false groups.

Shares and counts only; nothing here knows how a group was found. A group of one account is a group: methods
that find none below two say so themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.evaluate.campaigns.shares import Grouping

    Ints = NDArray[np.int64]

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Truth:
    """Who really belongs together."""

    campaign: Ints
    """(n_accounts,) campaign, -1 for an honest account."""
    operator: Ints | None = None
    """(n_accounts,) the one who runs it, honest organisations with several accounts among them; -1 one who runs
    no other account; None where that is not known."""
    campaigns_known: bool = True
    """False where ``campaign`` only says which accounts are bad (0) and not who belongs together: what counts
    campaigns and clusters is then NaN."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Agreement of a grouping with the truth; a share lies in 0 to 1 and is NaN where it has no denominator."""

    groups: int
    """Found groups."""
    grouped: int
    """Accounts in them."""
    largest: int
    """Accounts in the largest."""
    campaigns: int
    """True campaigns; 0 where they are not known."""
    at_50: int
    """Campaigns of which at least half the members lie in one group."""
    at_50_pure: int
    """The same, where at least half of that group's members belong to the campaign."""
    at_80: int
    """Campaigns of which at least four fifths of the members lie in one group."""
    at_80_pure: int
    """The same, where at least half of that group's members belong to the campaign."""
    precision: float
    """Share of accounts in found groups that belong to any campaign."""
    recall: float
    """Share of campaign accounts that are in any found group."""
    benign_grouped: float
    """Share of honest accounts that are in any found group."""
    bcubed_precision: float
    """See :func:`bcubed`."""
    bcubed_recall: float
    """See :func:`bcubed`."""
    bcubed_f1: float
    """Harmonic mean of the two."""
    false_groups: int
    """Found groups of which fewer than half the members belong to one campaign (to any, if they are not known)."""
    false_operator: int
    """Found groups of which fewer than half the members belong to one operator; -1 where operators are not known."""


class Overlap(NamedTuple):
    """Cells of the table group x class that are not empty."""

    group: Ints
    """(cells,) found group, numbered from 0."""
    klass: Ints
    """(cells,) true class, numbered from 0."""
    both: Ints
    """(cells,) accounts in both."""
    group_size: Ints
    """(groups,) accounts of each group, those of no class among them."""
    class_size: Ints
    """(classes,) accounts of each class, those in no group among them."""


def overlap(labels: Ints, classes: Ints) -> Overlap:
    """Count accounts by found group and true class.

    Parameters
    ----------
    labels
        Found groups; shape (n,), -1 in none.
    classes
        True classes; shape (n,), -1 in none.

    Raises
    ------
    InputError
        They speak of different numbers of accounts.
    """
    if labels.shape != classes.shape:
        raise InputError(f"labels of {labels.shape[0]} accounts, truth of {classes.shape[0]}")
    group, group_size = _numbered(labels)
    klass, class_size = _numbered(classes)
    at = (group >= 0) & (klass >= 0)
    cells, both = np.unique(group[at] * max(len(class_size), 1) + klass[at], return_counts=True)
    return Overlap(*np.divmod(cells, max(len(class_size), 1)), both, group_size, class_size)


def _numbered(labels: Ints) -> tuple[Ints, Ints]:
    """Give groups numbers from 0, and their sizes; -1 stays."""
    numbered = np.full(labels.shape, -1, np.int64)
    inside = labels >= 0
    _, numbered[inside], sizes = np.unique(labels[inside], return_inverse=True, return_counts=True)
    return numbered, sizes.astype(np.int64)


def bcubed(labels: Ints, classes: Ints) -> tuple[float, float, float]:
    """Give B-cubed precision, recall and F1 over the accounts that are in a found group or in a true class.

    An account's precision is the share of its found group that is of its own class, its recall the share of its
    class that is in its own group. An account that is in no class is a class of its own, and one in no group a
    group of its own: an honest account in a group of ten counts with precision 1/10 and recall 1, a missed
    member of a campaign of ten with precision 1 and recall 1/10. Each is the mean over accounts, so a large
    campaign weighs as much as its members. Accounts in neither are left out: there are so many of them that
    they would hide the rest. Both are NaN where no account is left.

    Examples
    --------
    >>> precision, recall, f1 = bcubed(np.array([0, 0, -1, -1]), np.array([5, 5, 5, -1]))
    >>> round(precision, 3), round(recall, 3), round(f1, 3)
    (1.0, 0.556, 0.714)

    References
    ----------
    Bagga & Baldwin (1998), Entity-based cross-document coreferencing using the vector space model. Amigó,
    Gonzalo, Artiles & Verdejo (2009), A comparison of extrinsic clustering evaluation metrics: single items.
    """
    cells = overlap(labels, classes)
    both = cells.both.astype(np.float64)
    matched, grouped, classed = both.sum(), cells.group_size.sum(), cells.class_size.sum()
    accounts = grouped + classed - matched
    if not accounts:
        return NAN, NAN, NAN
    # A group's members without a class are each 1 / size precise; members of a class in no group are exact.
    loose = cells.group_size - np.bincount(cells.group, both, len(cells.group_size))
    missed = cells.class_size - np.bincount(cells.klass, both, len(cells.class_size))
    precise = (both**2 / cells.group_size[cells.group]).sum() + (loose / cells.group_size).sum() + classed - matched
    recalled = (both**2 / cells.class_size[cells.klass]).sum() + (missed / cells.class_size).sum() + grouped - matched
    precision, recall = float(precise / accounts), float(recalled / accounts)
    return precision, recall, 2 * precision * recall / (precision + recall)


def false_groups(labels: Ints, classes: Ints) -> int:
    """Count found groups of which fewer than half the members are of one class.

    Examples
    --------
    >>> false_groups(np.array([0, 0, 1, 1, 1]), np.array([3, -1, 4, -1, -1]))
    1
    """
    cells = overlap(labels, classes)
    most = np.zeros(len(cells.group_size), np.int64)
    np.maximum.at(most, cells.group, cells.both)
    return int((2 * most < cells.group_size).sum())


def _campaigns_found(cells: Overlap, tenths: int) -> tuple[int, int]:
    """Count campaigns with that many tenths of their members in one group; and in one that is mostly theirs."""
    whole = 10 * cells.both >= tenths * cells.class_size[cells.klass]
    pure = whole & (2 * cells.both >= cells.group_size[cells.group])
    return len(np.unique(cells.klass[whole])), len(np.unique(cells.klass[pure]))


def _share(part: int, of: int) -> float:
    return part / of if of else NAN


def measure(truth: Truth, grouping: Grouping) -> Measures:
    """Compare a grouping with the truth.

    Raises
    ------
    InputError
        They speak of different numbers of accounts.

    Notes
    -----
    O(n log n). Blind spot: honest accounts are counted alike, whether alone or in a team; ``false_operator``
    tells groups that mix operators from groups of one honest organisation.
    """
    labels, known = grouping.labels, truth.campaigns_known
    cells = overlap(labels, truth.campaign)
    bad, inside = truth.campaign >= 0, labels >= 0
    fifty, eighty = (_campaigns_found(cells, tenths) if known else (0, 0) for tenths in (5, 8))
    precise, recalled, f1 = bcubed(labels, truth.campaign) if known else (NAN, NAN, NAN)
    caught = int((bad & inside).sum())
    return Measures(
        groups=len(cells.group_size),
        grouped=int(inside.sum()),
        largest=int(cells.group_size.max(initial=0)),
        campaigns=len(cells.class_size) if known else 0,
        at_50=fifty[0],
        at_50_pure=fifty[1],
        at_80=eighty[0],
        at_80_pure=eighty[1],
        precision=_share(caught, int(inside.sum())),
        recall=_share(caught, int(bad.sum())),
        benign_grouped=_share(int((inside & ~bad).sum()), int((~bad).sum())),
        bcubed_precision=precise,
        bcubed_recall=recalled,
        bcubed_f1=f1,
        false_groups=false_groups(labels, truth.campaign),
        false_operator=-1 if truth.operator is None else false_groups(labels, truth.operator),
    )
