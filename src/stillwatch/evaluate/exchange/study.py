"""What an exchange gains, over worlds: alone against together, false accusations, what left, and what a liar does."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from stillwatch.evaluate.campaigns.figures import over_seeds, share
from stillwatch.evaluate.campaigns.knobs import HIDDEN
from stillwatch.evaluate.exchange.gain import CAMPAIGNS, FIELDS_SENT, Gain, Spread, gain, providers
from stillwatch.evaluate.exchange.lies import LIES, Harm, Lie, harm
from stillwatch.evaluate.pages import MADE, machine
from stillwatch.evaluate.tables import Table, markdown
from stillwatch.offers import Bounds
from stillwatch.reports.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from stillwatch.config import Config

FIRST_SEED: Final = 4_001
"""Worlds that nothing was built on have seeds from here on."""
_WIDE: Final = Bounds(share=0.3, accounts=900)
SPREADS: Final = (
    Spread(
        "300 accounts over 3, nothing of payment or infrastructure in common", 3, {**HIDDEN, "accounts": 300}, _WIDE
    ),
    Spread("600 accounts over 5, the same", 5, {**HIDDEN, "accounts": 600}, _WIDE),
    Spread("12 accounts over 3, half on shared cards", 3, {"accounts": 12}),
    Spread("15 accounts over 5, half on shared cards", 5, {"accounts": 15}),
)
"""Campaigns that are tried."""
INTRO: Final = """\
Campaigns whose accounts are spread over several providers, each with honest accounts of its own; the honest crowds of
the same world (offices, classes, one product's customers) are spread over them, too. *Alone* is what each provider
finds by itself, *together* what comes of offers of groups that none of them can decide about. **Everything here is
simulated.** Tags are compared as they are: matching them through key holders compares the same things."""


@dataclass(frozen=True, slots=True)
class World:
    """What came of one world."""

    gain: Gain
    """Alone and together."""
    harm: tuple[Harm, ...]
    """What each lie of the first provider did."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What is tried."""

    spreads: tuple[Spread, ...] = SPREADS
    """Campaigns."""
    lies: tuple[Lie, ...] = LIES
    """Lies of the first provider."""
    first_seed: int = FIRST_SEED
    """Seed of the first world of each."""


EVERYTHING: Final = Tried()
"""What the main page is made of."""


def run_world(spread: Spread, seed: int, config: Config, lies: Sequence[Lie] = LIES) -> World:
    """Build a world, let its providers look, compare, lie."""
    seen = providers(spread, seed, config)
    return World(gain(seen, config), tuple(harm(seen, lie, config, seed=seed) for lie in lies))


def run(
    seeds: int, config: Config, told: Callable[[str], None], *, workers: int = 1, tried: Tried = EVERYTHING
) -> Mapping[str, tuple[World, ...]]:
    """Run every spread over so many worlds; gives spread -> worlds, by seed."""
    jobs = [(spread, tried.first_seed + at) for spread in tried.spreads for at in range(seeds)]
    made: dict[tuple[str, int], World] = {}

    def note(spread: Spread, seed: int, world: World) -> None:
        made[spread.name, seed] = world
        told(f"{len(made)} of {len(jobs)}: {spread.name}, seed {seed}")

    if workers == 1:
        for spread, seed in jobs:
            note(spread, seed, run_world(spread, seed, config, tried.lies))
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            waiting = {pool.submit(run_world, *job, replace(config, threads=1), tried.lies): job for job in jobs}
            try:
                for done in as_completed(waiting):
                    note(*waiting[done], done.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return {one.name: tuple(made[one.name, tried.first_seed + at] for at in range(seeds)) for one in tried.spreads}


def tables(found: Mapping[str, Sequence[World]]) -> tuple[Table, ...]:
    """Lay the results out."""
    return (_gained(found), _left(found), _harmed(found))


def _gained(found: Mapping[str, Sequence[World]]) -> Table:
    rows = []
    for name, worlds in found.items():
        caught = [one for world in worlds for one in world.gain.caught]
        gains = [world.gain for world in worlds]
        honest = sum(one.honest for one in gains)
        rows.append((
            name,
            share(sum(one.half_alone for one in caught), len(caught)),
            share(sum(one.half_together for one in caught), len(caught)),
            over_seeds([_recall(one, together=False) for one in gains]),
            over_seeds([_recall(one, together=True) for one in gains]),
            f"{sum(one.false for one in gains)} of {sum(one.joint for one in gains)}",
            f"{sum(one.accused_alone for one in gains)} / {sum(one.accused_together for one in gains)} of {honest:,}",
        ))  # fmt: skip
    return Table(
        "exchange_gain",
        "What is found alone and together",
        ("campaigns", "half found alone", "half found together", "accounts alone", "accounts together",
         "false joint campaigns", "honest accused: alone / together"),
        tuple(rows),
        f"{CAMPAIGNS} campaigns a world. Found is: reported as extraction. False: most of its accounts are honest.",
    )  # fmt: skip


def _recall(one: Gain, *, together: bool) -> float:
    accounts = sum(caught.accounts for caught in one.caught)
    return sum(caught.together if together else caught.alone for caught in one.caught) / accounts


def _left(found: Mapping[str, Sequence[World]]) -> Table:
    rows = []
    for name, worlds in found.items():
        gains = [world.gain for world in worlds]
        offered = [sum(one.offered) / sum(one.accounts) for one in gains]
        nbytes = [float(sum(one.nbytes)) / len(one.nbytes) for one in gains]
        rows.append((name, over_seeds(offered), over_seeds(nbytes), len(FIELDS_SENT)))
    return Table(
        "exchange_left",
        "What left each provider",
        ("campaigns", "share of accounts behind offers", "bytes a provider", "fields a group"),
        tuple(rows),
        "Fields: " + ", ".join(FIELDS_SENT) + ". No account, prompt, network or name is among them.",
    )


def _harmed(found: Mapping[str, Sequence[World]]) -> Table:
    rows = []
    for name, worlds in found.items():
        for at, lie in enumerate(LIES):
            harms = [world.harm[at] for world in worlds]
            honest = sum(one.honest for one in harms)
            rows.append((
                name, lie, f"{sum(one.accused for one in harms)} of {honest:,}",
                f"{sum(one.accused > 0 for one in harms)} of {len(harms)}", sum(one.lost for one in harms),
            ))  # fmt: skip
    return Table(
        "exchange_lies",
        "What one member that lies does to the others",
        ("campaigns", "lie", "honest accounts accused", "worlds with any", "extracting accounts lost"),
        tuple(rows),
        "The liar knows every tag that the others offer, which no member does.",
    )


def write_page(found: Mapping[str, Sequence[World]], path: Path, *, command: str, today: date, seeds: int) -> None:
    """Write the page.

    Raises
    ------
    StoreError
        It could not be written.
    """
    how = f"`{command}`, {today.isoformat()}, {machine()}: {seeds} worlds a row, seeds from {FIRST_SEED:,} on."
    text = [MADE.format(command=command), "# Evaluation of the exchange", "", INTRO, "", how, ""]
    for table in tables(found):
        text += [*markdown(table), f"*`{command}`*", ""]
    write_atomically(path, ("\n".join(text).rstrip() + "\n").encode())
