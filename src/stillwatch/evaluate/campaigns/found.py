"""What is found in worlds of campaigns and crowds: recall of campaigns, honest accounts in entities, other methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.campaigns.figures import over_seeds, share
from stillwatch.evaluate.campaigns.peers import PEERS
from stillwatch.evaluate.campaigns.scores import measure
from stillwatch.evaluate.campaigns.views import identity, shares
from stillwatch.evaluate.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from stillwatch.coordination.roster import Roster
    from stillwatch.evaluate.campaigns.look import Looked
    from stillwatch.evaluate.campaigns.peers import Peer
    from stillwatch.evaluate.campaigns.scores import Measures
    from stillwatch.evaluate.campaigns.shares import Grouping
    from stillwatch.evaluate.tables import Cell

OURS: Final = "stillwatch, every entity"
CALLED: Final = "stillwatch, called extraction"


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of one campaign in one world."""

    campaign: str
    """Its name."""
    technique: str
    """What it asks."""
    members: int
    """Its accounts that sent something."""
    best: float
    """Share of them in the entity that holds most of them, 0 to 1."""
    pure: bool
    """Whether at least half of that entity is the campaign's."""
    called: bool
    """Whether that entity is called extraction."""
    recall: float
    """Share of them in any entity called extraction, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Honest:
    """What became of one kind of honest accounts in one world."""

    accounts: int
    """Accounts."""
    grouped: int
    """Those in an entity."""
    accused: int
    """Those in an entity called extraction."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of everybody in one world."""

    caught: tuple[Caught, ...]
    """Campaigns."""
    honest: Mapping[str, Honest]
    """Honest accounts by kind."""
    measures: Mapping[str, Measures]
    """Method -> agreement with the truth."""
    reasons: Mapping[str, str]
    """Method -> why it could not be asked."""
    accounts: int
    """Accounts that sent something."""
    days: int
    """Length of the world (days)."""


def caught(looked: Looked) -> tuple[Caught, ...]:
    """Say of each campaign how much of it was found, and as what."""
    known, found = looked.known, looked.campaigns.found
    name = np.array(known.campaign)
    called = looked.grouping(extracting=True).labels >= 0
    made = []
    for campaign in sorted({one for one in known.campaign if one}):
        mine = name == campaign
        inside = [int(mine[looked.inside(one)].sum()) for one in found]
        most = int(np.argmax(inside)) if any(inside) else -1
        made.append(
            Caught(
                campaign=campaign,
                technique=known.kind[int(np.flatnonzero(mine)[0])],
                members=int(mine.sum()),
                best=inside[most] / int(mine.sum()) if most >= 0 else 0.0,
                pure=most >= 0 and 2 * inside[most] >= len(found[most].members),
                called=most >= 0 and found[most].extracting,
                recall=float(called[mine].mean()),
            )
        )
    return tuple(made)


def honest(looked: Looked) -> dict[str, Honest]:
    """Count honest accounts in entities, by kind."""
    grouped = looked.grouping().labels >= 0
    accused = looked.grouping(extracting=True).labels >= 0
    taking = looked.known.extracting
    made = {}
    for kind in sorted({one for one, takes in zip(looked.known.kind, taking, strict=True) if not takes}):
        mine: NDArray[np.bool_] = (np.array(looked.known.kind) == kind) & ~taking
        made[kind] = Honest(int(mine.sum()), int(grouped[mine].sum()), int(accused[mine].sum()))
    return made


def outcome(looked: Looked, roster: Roster | None = None, peers: Sequence[Peer] = PEERS) -> Outcome:
    """Judge what was found in one world; other methods run where its roster is given."""
    asked: dict[str, Grouping] = {OURS: looked.grouping(), CALLED: looked.grouping(extracting=True)}
    if roster is not None:
        used, identities = shares(looked, roster), identity(looked)
        asked |= {peer.name: peer(used, identities) for peer in peers}
    truth = looked.known.truth()
    return Outcome(
        caught=caught(looked),
        honest=honest(looked),
        measures={name: measure(truth, grouping) for name, grouping in asked.items() if not grouping.reason},
        reasons={name: grouping.reason for name, grouping in asked.items() if grouping.reason},
        accounts=len(looked.known.name),
        days=looked.spec.days,
    )


def campaign_table(worlds: Sequence[Outcome], *, key: str, title: str) -> Table:
    """Lay out recall of campaigns, one row a campaign."""
    rows: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys(one.campaign for world in worlds for one in world.caught):
        mine = [one for world in worlds for one in world.caught if one.campaign == name]
        n = len(mine)
        rows.append(
            (
                name,
                mine[0].technique,
                round(float(np.mean([one.members for one in mine]))),
                share(sum(one.best >= 0.5 and one.pure for one in mine), n),
                share(sum(one.best >= 0.8 and one.pure for one in mine), n),
                share(sum(one.best >= 0.5 and one.pure and one.called for one in mine), n),
                over_seeds([one.recall for one in mine]),
            )
        )
    head = ("campaign", "technique", "accounts", "half found", "four fifths found", "half found and called extraction")
    note = (
        "Of so many worlds, in how many half (four fifths) of the campaign's accounts lie in one entity that is mostly"
        " theirs; 95 % intervals after Wilson. Last column: share of its accounts in any entity called extraction,"
        " interval over worlds drawn again. Accounts that sent nothing are in no log and not counted."
    )
    return Table(key, title, (*head, "accounts in extraction entities"), tuple(rows), note)


def method_table(worlds: Sequence[Outcome], *, key: str, title: str) -> Table:
    """Lay out all methods on the same accounts."""
    rows: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys(name for world in worlds for name in world.measures):
        asked = [world for world in worlds if name in world.measures]
        seen = [world.measures[name] for world in asked]
        campaigns = sum(one.campaigns for one in seen)
        per_day = [1e4 * world.measures[name].groups / world.accounts / world.days for world in asked]
        rows.append(
            (
                name,
                share(sum(one.at_50_pure for one in seen), campaigns),
                share(sum(one.at_80_pure for one in seen), campaigns),
                over_seeds([one.precision for one in seen]),
                over_seeds([one.recall for one in seen]),
                over_seeds([one.bcubed_f1 for one in seen]),
                over_seeds([one.benign_grouped for one in seen]),
                over_seeds(per_day),
            )
        )
    head = ("method", "campaigns, half", "campaigns, four fifths", "account precision", "account recall")
    reasons = {name: why for world in worlds for name, why in world.reasons.items()}
    silent = "".join(f" Not asked: {name}: {why}." for name, why in reasons.items())
    note = (
        "Every method sees the same accounts; it groups, and only the row *called extraction* also says which groups"
        " extract: for the others every honest team it rightly finds counts against precision. Reviews: groups per"
        " 10,000 accounts and day. Shares of campaigns after Wilson, the rest over worlds drawn again." + silent
    )
    return Table(key, title, (*head, "B-cubed F1", "honest grouped", "reviews"), tuple(rows), note)


def honest_table(worlds: Sequence[Outcome], *, key: str, title: str) -> Table:
    """Lay out honest accounts in entities, one row a kind."""
    rows = [
        _honest_row(kind, [world.honest[kind] for world in worlds if kind in world.honest])
        for kind in sorted({kind for world in worlds for kind in world.honest})
    ]
    rows.append(_honest_row("all", [_summed(world.honest.values()) for world in worlds]))
    head = ("honest accounts", "accounts", "in an entity", "in an extraction entity", "worlds with one accused")
    note = (
        "Accounts of a group are found or not together, so that intervals over accounts are too narrow; the last"
        " column counts worlds. Being in an entity accuses nobody: a class is one, rightly."
    )
    return Table(key, title, head, tuple(rows), note)


def _summed(worlds: Iterable[Honest]) -> Honest:
    found = list(worlds)
    return Honest(
        sum(one.accounts for one in found), sum(one.grouped for one in found), sum(one.accused for one in found)
    )


def _honest_row(kind: str, mine: Sequence[Honest]) -> tuple[Cell, ...]:
    whole = _summed(mine)
    return (
        kind,
        whole.accounts,
        share(whole.grouped, whole.accounts),
        share(whole.accused, whole.accounts),
        share(sum(one.accused > 0 for one in mine), len(mine)),
    )
