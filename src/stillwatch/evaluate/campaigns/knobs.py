"""What an operator can turn to be seen less, one knob at a time and one after the other, and what is then found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from stillwatch.evaluate.campaigns.figures import over_seeds, share
from stillwatch.evaluate.tables import Table
from stillwatch.simulate.campaigns.spec import TECHNIQUES, Campaign
from stillwatch.simulate.hydra import HYDRA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.evaluate.campaigns.found import Outcome
    from stillwatch.simulate import WorldSpec

PLAIN: Final = Campaign("plain", accounts=60, per_day=13.0)
"""Every campaign tried but for what is turned: half on shared cards, four in ten with throw-away mail."""
CAMPAIGNS: Final = 3
"""Campaigns of one kind in a world."""
NO_CARDS: Final[Mapping[str, Any]] = {"shared_cards": 0.0}
NO_MAIL: Final[Mapping[str, Any]] = {"disposable_mail": 0.0}
AT_HOME: Final[Mapping[str, Any]] = {"residential": 1.0}
FACELESS: Final[Mapping[str, Any]] = {"fingerprint_random": 1.0}
OUT_OF_STEP: Final[Mapping[str, Any]] = {"synchrony": 0.0}
SLOW: Final[Mapping[str, Any]] = {"signup_burst_h": 720.0}
REWORDED: Final[Mapping[str, Any]] = {"paraphrase": 0.7}
MIXED: Final[Mapping[str, Any]] = {"benign_mix": 0.9}
HIDDEN: Final[Mapping[str, Any]] = {**NO_CARDS, **NO_MAIL, **AT_HOME, **FACELESS, **OUT_OF_STEP, **SLOW}
"""Everything of infrastructure and payment at once: what is asked is all that is left."""
LADDER: Final = (
    ("no shared cards", NO_CARDS),
    ("no throw-away mail", NO_MAIL),
    ("all residential", AT_HOME),
    ("random fingerprints", FACELESS),
    ("no synchrony", OUT_OF_STEP),
    ("sign-up over a month", SLOW),
    ("seven in ten reworded", REWORDED),
    ("nine in ten requests of others", MIXED),
)
"""Knobs in the order in which they are turned one after the other: cheapest first, by our guess."""
ALIKE: Final = (("very different", 0.05), ("similar", 1.0), ("nearly alike", 50.0))
"""How alike the customers of the honest products of the hard world are."""
SIZES: Final = (60, 150, 300, 600)
"""Accounts of a campaign of the hard world."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One kind of campaign that is tried."""

    table: str
    """Table that its row belongs to."""
    name: str
    """Row."""
    change: Mapping[str, Any]
    """Fields of PLAIN that are otherwise."""
    alike: float = 0.0
    """How alike the customers of honest products are; 0 leaves the crowds as they are."""

    def spec(self, world: WorldSpec = HYDRA) -> WorldSpec:
        """Give the world: three such campaigns among the honest accounts of the HYDRA world, or of another."""
        campaigns = tuple(replace(PLAIN, **{**self.change, "name": f"c{n}"}) for n in range(1, CAMPAIGNS + 1))
        crowds = world.crowds
        if self.alike:
            crowds = tuple(replace(one, alike=self.alike) if one.kind == "saas" else one for one in crowds)
        return replace(world, campaigns=campaigns, crowds=crowds)


def _ladder() -> list[Setting]:
    turned: dict[str, Any] = {}
    made = [Setting("ladder", "0: plain", {})]
    for number, (name, change) in enumerate(LADDER, start=1):
        turned |= change
        made.append(Setting("ladder", f"{number}: {name}", dict(turned)))
    return made


def settings() -> tuple[Setting, ...]:
    """List everything that is tried, row by row."""
    knobs: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("plain", {}),
        *((f"technique {name}", {"technique": name}) for name in TECHNIQUES if name != "template"),
        *((f"reworded {part}", {"paraphrase": part}) for part in (0.7, 1.0)),
        *((f"benign mix {part}", {"benign_mix": part}) for part in (0.5, 0.9, 0.99)),
        ("no shared cards", NO_CARDS),
        ("no shared cards, no throw-away mail", {**NO_CARDS, **NO_MAIL}),
        ("all residential", AT_HOME),
        ("random fingerprints", FACELESS),
        ("no synchrony", OUT_OF_STEP),
        ("sign-up over a month", SLOW),
        *((f"{accounts} accounts", {"accounts": accounts}) for accounts in (4, 7, 10)),
        *((f"{calls:g} requests a day", {"per_day": calls}) for calls in (2.0, 280.0)),
    )
    made = [Setting("knobs", name, change) for name, change in knobs]
    made += [
        Setting("hard", f"{accounts} accounts, customers {word}", {**HIDDEN, "accounts": accounts}, alike)
        for accounts in SIZES
        for word, alike in ALIKE
    ]
    return (*made, *_ladder())


def figures(worlds: Sequence[Outcome]) -> tuple[str, ...]:
    """Give the cells of one row: campaigns found, as extraction, joined to others, accounts, honest ones accused."""
    caught = [one for world in worlds for one in world.caught]
    n = len(caught)
    return (
        share(sum(one.best >= 0.5 and one.pure for one in caught), n),
        share(sum(one.best >= 0.8 and one.pure for one in caught), n),
        share(sum(one.best >= 0.5 and one.pure and one.called for one in caught), n),
        share(sum(one.best >= 0.5 and not one.pure for one in caught), n),
        over_seeds([sum(one.recall for one in world.caught) / len(world.caught) for world in worlds]),
        share(sum(one.accused for world in worlds for one in world.honest.values()), honest_accounts(worlds)),
    )


def honest_accounts(worlds: Sequence[Outcome]) -> int:
    """Count the honest accounts of some worlds."""
    return sum(one.accounts for world in worlds for one in world.honest.values())


def curve_table(found: Mapping[tuple[str, str], Sequence[Outcome]], *, key: str, title: str) -> Table:
    """Lay the ladder out as a curve: number of knobs turned against shares found."""
    rows = []
    for number, worlds in enumerate(_of(found, "ladder")):
        caught = [one for world in worlds for one in world.caught]
        half = sum(one.best >= 0.5 and one.pure for one in caught) / len(caught)
        called = sum(one.best >= 0.5 and one.pure and one.called for one in caught) / len(caught)
        joined = sum(one.best >= 0.5 for one in caught) / len(caught)
        rows.append((number, joined, half, called, recall(worlds)))
    head = ("knobs turned", "half found", "and apart from others", "and called extraction", "accounts found")
    return Table(key, title, head, tuple(rows), "The rows of the table above as a picture.")


HEAD: Final = (
    "half found",
    "four fifths found",
    "half found and called extraction",
    "half found, joined with others",
    "accounts in extraction entities",
    "honest in extraction entities",
)
NOTE: Final = (
    "Campaigns over all worlds, 95 % intervals after Wilson (campaigns of one world share its crowds); accounts: mean"
    " over worlds, drawn again. Joined with others: half of the campaign lies in one entity that is not mostly its own,"
    " here one of several such campaigns; its accounts are found, its operator is not told apart. "
)


def knob_table(found: Mapping[tuple[str, str], Sequence[Outcome]], table: str, *, key: str, title: str) -> Table:
    """Lay out the rows of one table of settings."""
    rows = tuple((name, *figures(worlds)) for (of, name), worlds in found.items() if of == table)
    told = NOTE
    if table == "ladder":
        told += knee([(row[0], recall(worlds)) for row, worlds in zip(rows, _of(found, table), strict=True)])
    return Table(key, title, ("campaigns", *HEAD), rows, f"{told.strip()} {missed(found, table)}")


def missed(found: Mapping[tuple[str, str], Sequence[Outcome]], table: str) -> str:
    """Name the rows of which fewer than half of the accounts are in entities called extraction."""
    names = [name for (of, name), worlds in found.items() if of == table and recall(worlds) < 0.5]
    return f"Fewer than half of the accounts found: {'; '.join(names) or 'in none of these rows'}."


def _of(found: Mapping[tuple[str, str], Sequence[Outcome]], table: str) -> list[Sequence[Outcome]]:
    return [worlds for (of, _), worlds in found.items() if of == table]


def recall(worlds: Sequence[Outcome]) -> float:
    """Give the share of campaign accounts in extraction entities, mean over campaigns."""
    caught = [one.recall for world in worlds for one in world.caught]
    return sum(caught) / len(caught)


def knee(steps: Sequence[tuple[str, float]]) -> str:
    """Name the step at which recall falls most.

    Examples
    --------
    >>> knee([("0: plain", 1.0), ("1: cards", 0.9), ("2: mail", 0.2)])
    'Recall of accounts falls most, from 0.90 to 0.20, at step 2: mail.'
    """
    falls = [before[1] - after[1] for before, after in pairwise(steps)]
    if not falls or max(falls) <= 0.0:
        return "Recall of accounts falls at no step."
    at = falls.index(max(falls)) + 1
    return f"Recall of accounts falls most, from {steps[at - 1][1]:.2f} to {steps[at][1]:.2f}, at step {steps[at][0]}."
