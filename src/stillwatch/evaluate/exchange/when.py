"""The time that an exchange gains: the first day on which half of a campaign is found, alone and together.

Every provider looks at the end of every day and knows nothing of later. A campaign that is not found by the last day
has no day, and no day is made up for it: it is counted as never found.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.evaluate.campaigns.figures import share
from stillwatch.evaluate.exchange.gain import CAMPAIGNS, gain, providers, worlds
from stillwatch.evaluate.exchange.study import SPREADS
from stillwatch.evaluate.pages import MADE, machine
from stillwatch.evaluate.tables import Table, markdown
from stillwatch.reports.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from stillwatch.config import Config
    from stillwatch.evaluate.exchange.gain import Gain, Spread

FIRST_SEED: Final = 5_001
"""Seeds from here on: no world of the study of what is gained is looked at here."""
TIMED: Final = (SPREADS[0], SPREADS[2])
"""Campaigns that are timed."""
INTRO: Final = """\
How many days sooner campaigns are found when providers exchange what none of them can decide about. Every provider
looks at the end of every day, at what it has seen until then. A campaign counts as found on the first day on which
half of all the accounts that it ever uses are reported as extraction: *alone* by their own providers, *together* in
joint campaigns. **Everything here is simulated**, and an exchange is taken to answer on the same day; how long a
real one takes is set by its epochs."""


@dataclass(frozen=True, slots=True)
class When:
    """When one campaign was found."""

    alone: int | None
    """First day on which half of it is found without an exchange, from 1; None never."""
    together: int | None
    """First day on which half of it is found in joint campaigns, from 1; None never."""

    @property
    def gained(self) -> int | None:
        """Days that it is found sooner together; None where it is not found in both ways."""
        return None if self.alone is None or self.together is None else self.alone - self.together

    @property
    def first(self) -> int | None:
        """First day on which half of it is found in either way: members with an exchange still look by themselves."""
        return min((day for day in (self.alone, self.together) if day is not None), default=None)


def run_world(spread: Spread, seed: int, config: Config) -> tuple[When, ...]:
    """Build a world, let its providers look at the end of every day; gives one row a campaign."""
    made, days = worlds(spread, seed), range(1, spread.spec().days + 1)
    return whens([gain(providers(spread, seed, config, made=made, days=day), config) for day in days])


def whens(days: Sequence[Gain]) -> tuple[When, ...]:
    """Find the first days.

    Parameters
    ----------
    days
        What was found by the end of each day of the world, the last one last.
    """
    every = {one.name: one.accounts for one in days[-1].caught}

    def first(name: str, *, together: bool) -> int | None:
        for day, seen in enumerate(days, start=1):
            for one in seen.caught:
                if one.name == name and 2 * (one.together if together else one.alone) >= every[name]:
                    return day
        return None

    return tuple(When(first(name, together=False), first(name, together=True)) for name in every)


def run(
    seeds: int, config: Config, told: Callable[[str], None], *, spreads: Sequence[Spread] = TIMED
) -> Mapping[str, tuple[When, ...]]:
    """Run every spread over so many worlds; gives spread -> campaigns."""
    found: dict[str, list[When]] = {spread.name: [] for spread in spreads}
    # World by world through all spreads, so that a run that is stopped has told of each.
    for at in range(seeds):
        for spread in spreads:
            found[spread.name] += run_world(spread, FIRST_SEED + at, config)
            told(f"{spread.name}, seed {FIRST_SEED + at}: {found[spread.name][-CAMPAIGNS:]}")
    return {name: tuple(rows) for name, rows in found.items()}


def tables(found: Mapping[str, Sequence[When]]) -> tuple[Table, ...]:
    """Lay the results out."""
    rows = []
    for name, all_of in found.items():
        gained = [one.gained for one in all_of if one.gained is not None]
        rows.append((
            name,
            share(sum(one.alone is not None for one in all_of), len(all_of)),
            share(sum(one.together is not None for one in all_of), len(all_of)),
            spanned([one.alone for one in all_of]),
            spanned([one.together for one in all_of]),
            f"{spanned(gained)} of {len(gained)}",
            sum(one.alone is None and one.together is not None for one in all_of),
            sum(one.alone is not None and one.together is None for one in all_of),
            sum(one.first is None for one in all_of),
        ))  # fmt: skip
    return (Table(
        "exchange_when",
        "When half of a campaign is found",
        ("campaigns", "found alone by the last day", "found together by the last day", "day alone", "day together",
         "days gained, where found both ways", "together, never alone", "alone, never together", "never"),
        tuple(rows),
        f"{CAMPAIGNS} campaigns a world. Days are medians with their range, of those that were found: the two columns "
        "of days are not of the same campaigns. A member of an exchange still has what it finds alone.",
    ),)  # fmt: skip


def spanned(days: Sequence[int | None]) -> str:
    """Write the median and the range of days; None is left out.

    Examples
    --------
    >>> spanned([2, 5, None, 3]), spanned([None])
    ('3 [2, 5]', '-')
    """
    known = [day for day in days if day is not None]
    return f"{statistics.median(known):g} [{min(known)}, {max(known)}]" if known else "-"


def write_page(found: Mapping[str, Sequence[When]], path: Path, *, command: str, today: date, seeds: int) -> None:
    """Write the page.

    Raises
    ------
    StoreError
        It could not be written.
    """
    how = f"`{command}`, {today.isoformat()}, {machine()}: {seeds} worlds a row, seeds from {FIRST_SEED:,} on."
    text = [MADE.format(command=command), "# The time that an exchange gains", "", INTRO, "", how, ""]
    for table in tables(found):
        text += [*markdown(table), f"*`{command}`*", ""]
    write_atomically(path, ("\n".join(text).rstrip() + "\n").encode())
