"""Tables of methods that find groups, side by side on the same accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.config import DEFAULT
from stillwatch.evaluate.campaigns.as_traffic import ours
from stillwatch.evaluate.campaigns.labelled import FOLDER, LOADERS, Labelled
from stillwatch.evaluate.campaigns.peers import PEERS
from stillwatch.evaluate.campaigns.scores import Truth, measure
from stillwatch.evaluate.tables import Table, rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from stillwatch.config import Config
    from stillwatch.evaluate.campaigns.peers import Peer
    from stillwatch.evaluate.campaigns.shares import Grouping, Shares
    from stillwatch.evaluate.tables import Cell

CAMPAIGN_NOTE = (
    "Of so many campaigns, how many have half (four fifths) of their accounts in one group; pure: at least half of"
    " that group is the campaign's. False: fewer than half of a group's accounts are of one campaign (one operator)."
)
ACCOUNT_NOTE = (
    "Precision and recall of accounts in any group. B-cubed: over accounts in a true or a found group,"
    " one that is in none standing alone."
)


def compare(
    shares: Shares,
    identity: pa.Table | None,
    truth: Truth | None,
    groupings: Mapping[str, Grouping] | None = None,
    *,
    peers: Sequence[Peer] = PEERS,
    key: str = "campaigns",
) -> tuple[Table, ...]:
    """Run other methods on the accounts and lay their agreement with the truth beside groupings already made.

    Parameters
    ----------
    shares
        Uses of traits.
    identity
        Identity table, None where there is none.
    truth
        Who belongs together; None where nobody knows, then only sizes and agreement are shown.
    groupings
        Answers of further methods, by name; shown first.
    peers
        Methods to run.
    key
        Start of the tables' keys.

    Returns
    -------
    tuple of Table
        Campaigns (where known), accounts (where labelled), agreement of methods with one another.

    Raises
    ------
    InputError
        A grouping or the truth speaks of another number of accounts.
    """
    found = dict(groupings or {}) | {peer.name: peer(shares, identity) for peer in peers}
    asked = {name: grouping for name, grouping in found.items() if not grouping.reason}
    silent = "; ".join(f"{name}: {grouping.reason}" for name, grouping in found.items() if grouping.reason)
    note = f" Not asked: {silent}." if silent else ""
    tables = [agreement_table(asked, key=key, note=note.strip())]
    if truth is not None:
        tables.insert(0, account_table(truth, asked, key=key, note=note))
        if truth.campaigns_known:
            tables.insert(0, campaign_table(truth, asked, key=key, note=note))
    return tuple(tables)


def campaign_table(truth: Truth, asked: Mapping[str, Grouping], *, key: str, note: str = "") -> Table:
    """Lay out recall of campaigns and the false groups."""
    rows: list[tuple[Cell, ...]] = []
    for name, grouping in asked.items():
        seen = measure(truth, grouping)
        shares = (rate(count, seen.campaigns) for count in (seen.at_50, seen.at_50_pure, seen.at_80, seen.at_80_pure))
        operator = rate(seen.false_operator, seen.groups) if seen.false_operator >= 0 else "-"
        rows.append((name, *shares, rate(seen.false_groups, seen.groups), operator))
    head = ("method", "half", "half, pure", "four fifths", "four fifths, pure", "false groups", "false, by operator")
    return Table(f"{key}_found", "Campaigns found", head, tuple(rows), CAMPAIGN_NOTE + note)


def account_table(truth: Truth, asked: Mapping[str, Grouping], *, key: str, note: str = "") -> Table:
    """Lay out precision and recall of accounts, B-cubed and the honest accounts in groups."""
    bad = int((truth.campaign >= 0).sum())
    honest = len(truth.campaign) - bad
    rows: list[tuple[Cell, ...]] = []
    for name, grouping in asked.items():
        seen = measure(truth, grouping)
        caught = round(seen.recall * bad) if bad else 0
        cells = (rate(caught, seen.grouped), rate(caught, bad), rate(seen.grouped - caught, honest))
        cubed = (seen.bcubed_precision, seen.bcubed_recall, seen.bcubed_f1)
        rows.append((name, *cells, *(cubed if truth.campaigns_known else (rate(seen.false_groups, seen.groups),))))
    tail = ("B-cubed precision", "B-cubed recall", "B-cubed F1")
    mostly = ("groups mostly of honest accounts",)
    head = ("method", "precision", "recall", "honest in a group", *(tail if truth.campaigns_known else mostly))
    told = ACCOUNT_NOTE if truth.campaigns_known else "Who belongs together is not known: accounts are judged alone."
    base = f" {rate(bad, len(truth.campaign))} of all accounts are bad." + note
    return Table(f"{key}_accounts", "Accounts in groups", head, tuple(rows), told + base)


def agreement_table(asked: Mapping[str, Grouping], *, key: str, note: str = "") -> Table:
    """Lay out sizes of groups, and how far methods group the same accounts (Jaccard index, 0 to 1)."""
    inside = {name: grouping.labels >= 0 for name, grouping in asked.items()}
    rows: list[tuple[Cell, ...]] = []
    for name, grouping in asked.items():
        sizes = np.unique(grouping.labels[inside[name]], return_counts=True)[1]
        likeness = (_jaccard(inside[name], other) for other in inside.values())
        counts = (len(sizes), int(sizes.sum()), int(sizes.max(initial=0)))
        rows.append((name, *counts, float(np.median(sizes)) if len(sizes) else float("nan"), *likeness))
    head = ("method", "groups", "accounts", "largest", "median size", *(f"as {name}" for name in asked))
    return Table(
        f"{key}_groups", "Groups, and accounts grouped by both methods of those by either", head, tuple(rows), note
    )


def _jaccard(left: np.ndarray, right: np.ndarray) -> float:
    either = int((left | right).sum())
    return int((left & right).sum()) / either if either else float("nan")


def run_labelled(folder: Path = FOLDER, config: Config = DEFAULT, peers: Sequence[Peer] = PEERS) -> tuple[Table, ...]:
    """Run our detector and the other methods over the real labelled sets, each set under its own name.

    Raises
    ------
    InputError
        A file is not there, or is another (FormatError).
    """
    tables: list[Table] = []
    for labelled in (load(folder) for load in LOADERS):
        mine = {"stillwatch": ours(labelled.shares, config)} if len(labelled.shares.account) else {}
        made = compare(labelled.shares, None, labelled.truth, mine, peers=peers, key=labelled.name)
        tables += _titled(labelled, made)
    return tuple(tables)


def _titled(labelled: Labelled, tables: Iterable[Table]) -> list[Table]:
    """Put a set's name and what it is before its tables; one row where it gives a method nothing to see."""
    if not len(labelled.shares.account):
        cells = ((labelled.shares.n_accounts, labelled.title),)
        return [Table(f"{labelled.name}_nothing", f"{labelled.name}: not run", ("accounts", "why"), cells)]
    return [
        Table(table.key, f"{labelled.name}: {table.title}", table.head, table.rows, f"{labelled.title}. {table.note}")
        for table in tables
    ]
