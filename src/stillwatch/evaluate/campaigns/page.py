"""The study of campaigns as a page of the documentation: tables, pictures, the command, the machine and the date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.evaluate.charts import bars, curve, lines
from stillwatch.evaluate.pages import MADE, machine
from stillwatch.evaluate.tables import markdown
from stillwatch.reports.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from stillwatch.evaluate.campaigns.plan import Plan
    from stillwatch.evaluate.campaigns.study import Study
    from stillwatch.evaluate.tables import Table

INTRO: Final = """\
How much of a campaign is found, who is wrongly called one, whether the false-discovery rate is kept, and what an
operator gains by hiding. **Everything here is simulated**, the campaigns after published reports and the honest crowds
after what such crowds share: no public data has request logs with the truth about who worked together. It shows that
a mechanism works, and where it does not; how often it is right at a provider it cannot show."""
LABELLED: Final = """\
# Real coordination

Public sets with labels of coordination, or without; none of them is API traffic. A use of a trait (a tweet retweeted, a
product given so many stars) is taken as a request whose system text is the trait. Nothing else is known, so beside the
shared thing there are rhythm and evenness of volumes; our method wants both, and so joins few or none."""
READING: Final = """\
* An **entity** is a group of accounts that were found to belong together. That accuses nobody: a class is one, rightly.
  Only an entity **called extraction** is a report about somebody, and only an honest account in one is wrongly accused.
* A campaign is **half found** where one entity holds at least half of its accounts and is mostly theirs.
* A group or entity is **false** where fewer than half of its members share a real bond. Bonds are: one campaign, a
  class, a household, an office, one organisation, an agency, a research group, sub-accounts of one reseller, one
  hackathon. No bonds are: one product's customers, one agent's users, neighbours behind one gateway, a launch day.
* The detector was not changed for these worlds, but its authors know the simulator. Others may hide in ways it has
  not."""
SECTIONS: Final = (
    ("What is found", ("campaigns_found", "campaigns_methods", "campaigns_honest")),
    ("Whether the rate is kept", ("campaigns_fdr", "campaigns_guards", "campaigns_fdr_counts")),
    ("Who is wrong", ("campaigns_wrong",)),
    ("What hiding costs", ("campaigns_knobs", "campaigns_ladder", "campaigns_curve")),
    ("The hard world", ("campaigns_hard", "campaigns_shards")),
    ("In a large background", ("campaigns_background", "campaigns_background_10", "campaigns_background_100")),
    ("What each layer adds", ("campaigns_ablation",)),
    ("What is lost before detection", ("campaigns_leak",)),
    ("Whether probabilities are kept", ("campaigns_reliability_extraction", "campaigns_reliability_one_operator")),
)
"""Sections and the tables in each."""
PICTURES: Final[tuple[tuple[str, Callable[[Table], str]], ...]] = (
    ("campaigns_fdr", lines),
    ("campaigns_guards", lines),
    ("campaigns_curve", curve),
    ("campaigns_reliability_extraction", bars),
    ("campaigns_reliability_one_operator", bars),
)
"""Tables that are drawn, too."""


def _drawn(study: Study, folder: Path) -> dict[str, str]:
    """Draw the pictures beside the page; returns table key -> file name."""
    keys = {table.key for table in study.tables}
    made = {}
    for key, draw in PICTURES:
        if key in keys and study.table(key).rows:
            name = f"{key.replace('_', '-')}.svg"
            write_atomically(folder / name, draw(study.table(key)).encode())
            made[key] = name
    return made


def write_labelled(tables: Sequence[Table], path: Path, *, command: str, today: date) -> None:
    """Write the page of the real sets.

    Raises
    ------
    StoreError
        The file could not be written.
    """
    text = [MADE.format(command=command), LABELLED, "", f"`{command}`, {today.isoformat()}, {machine()}.", ""]
    for table in tables:
        text += markdown(table)
    write_atomically(path, ("\n".join(text).rstrip() + "\n").encode())


def write_page(study: Study, plan: Plan, path: Path, *, command: str, today: date) -> None:
    """Write the page and its pictures.

    Raises
    ------
    StoreError
        A file could not be written.
    """
    pictures = _drawn(study, path.parent)
    text = [
        MADE.format(command=command),
        "# Evaluation of campaigns",
        "",
        INTRO,
        "",
        (
            f"`{command}`, {today.isoformat()}, {machine()}: {study.worlds:,} worlds, {study.accounts:,} accounts;"
            f" {plan.seeds} seeds of the main world from 2,001 on."
        ),
        "",
        READING,
        "",
    ]
    for title, keys in SECTIONS:
        tables = [table for table in study.tables if table.key in keys]
        text += [f"## {title}", ""] if tables else []
        for table in tables:
            text += [*markdown(table), f"*`{command}`*", ""]
            if table.key in pictures:
                text += [f"![{table.title}]({pictures[table.key]})", ""]
    write_atomically(path, ("\n".join(text).rstrip() + "\n").encode())
