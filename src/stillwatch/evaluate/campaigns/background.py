"""Published campaigns in a large honest background: ten and a hundred honest accounts to one of a campaign."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from stillwatch.evaluate.campaigns.figures import over_seeds, share
from stillwatch.evaluate.campaigns.knobs import honest_accounts
from stillwatch.evaluate.tables import Table
from stillwatch.simulate.campaigns.presets import PRESETS
from stillwatch.simulate.hydra import HYDRA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.evaluate.campaigns.found import Outcome
    from stillwatch.evaluate.tables import Cell
    from stillwatch.simulate import WorldSpec

TIMES: Final = (10, 100)
"""Honest accounts to one of a campaign."""
MOST_PER_DAY: Final = 86.0
"""Requests an account and day at most: a tenth of the fastest published rate, which the machine cannot take."""
ANCHORS: Final = ((10, "81 to 87 %", "2.4 to 3.1 %"), (100, "65.8 %", "-"))
"""Published recall and share of honest accounts of a related task at each background (arXiv 2605.31593)."""


def background_spec(times: int, honest: int) -> WorldSpec:
    """Give a world of all published campaigns, equally large, in a background of so many honest accounts."""
    each = max(4, round(honest / times / len(PRESETS)))
    campaigns = tuple(
        replace(one, accounts=max(each, 2 * one.pools), per_day=min(one.per_day, MOST_PER_DAY)) for one in PRESETS
    )
    return replace(HYDRA, campaigns=campaigns).with_background(float(times))


def background_table(found: Mapping[int, Sequence[Outcome]], *, key: str, title: str) -> Table:
    """Lay out recall and accusations by background, beside what is published of a related task."""
    rows: list[tuple[Cell, ...]] = []
    for times, worlds in found.items():
        caught = [one for world in worlds for one in world.caught]
        accused = sum(one.accused for world in worlds for one in world.honest.values())
        recall = [
            sum(one.recall * one.members for one in world.caught) / sum(one.members for one in world.caught)
            for world in worlds
        ]
        rows.append(
            (
                f"{times}x, here",
                sum(one.members for one in caught),
                honest_accounts(worlds),
                over_seeds(recall),
                share(sum(one.best >= 0.5 and one.pure for one in caught), len(caught)),
                share(accused, honest_accounts(worlds)),
            )
        )
    rows += [(f"{times}x, published", "-", "-", recalled, "-", benign) for times, recalled, benign in ANCHORS]
    head = ("background", "campaign accounts", "honest accounts", "account recall", "campaigns half found")
    note = (
        f"{max((len(worlds) for worlds in found.values()), default=0)} worlds each; accounts of all worlds together."
        " Recall and honest accounts: those in entities called extraction. Nine published campaigns of equal size,"
        f" their rates cut to {MOST_PER_DAY:g} requests a day. The published rows are of a related task on other data"
        " (arXiv 2605.31593): a place to stand, no comparison."
    )
    return Table(key, title, (*head, "honest in extraction entities"), tuple(rows), note)
