"""The whole evaluation in one run: accounts, unseen sources, peers, error rates, simulated worlds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.accounts import draw_accounts, fold_draws, mix_accounts
from stillwatch.evaluate.drift import error_control
from stillwatch.evaluate.fractions import by_fraction
from stillwatch.evaluate.learnt import learnt_weigher
from stillwatch.evaluate.peer_tables import by_window, flags
from stillwatch.evaluate.reliability_table import reliability
from stillwatch.evaluate.unseen import detectors_asked, examine_accounts
from stillwatch.evaluate.unseen_tables import (
    Weigher,
    ablation,
    by_size,
    error_rates,
    headline,
    languages,
    matrix,
    operating_points,
    worst_ranked,
)
from stillwatch.evaluate.worlds import persona_rates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stillwatch.config import Config
    from stillwatch.evaluate.sources import Source
    from stillwatch.evaluate.tables import Table

SIZES: Final = (10, 30, 100, 500, 1_500)
"""Requests an account."""
FRACTIONS: Final = (0.05, 0.10, 0.25, 0.50, 1.0)
"""Shares of an account's requests that are attack."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is run."""

    per: int
    """Accounts of each source and size."""
    training_per: int
    """Accounts of each source and size that the shape model is learnt from."""
    windows: int
    """Accounts of each row of the peers' tables."""
    peer_size: int
    """Prompts of an account in the peers' table."""
    peer_sizes: tuple[int, ...]
    """Prompts a window in the published table."""
    seeds: int
    """Seeds of the error-control runs and of the simulated worlds."""
    world_scale: float
    """Size of the simulated worlds."""


FULL: Final = Scale(40, 20, 12, 400, (100, 200, 500, 1_500), 20, 1.0)
"""What the documentation quotes: about half an hour on two cores."""
SMALL: Final = Scale(10, 8, 3, 100, (100,), 4, 0.3)
"""What a test run can afford."""


@dataclass(frozen=True, slots=True)
class Study:
    """Results, in the order they are read."""

    tables: tuple[Table, ...]
    """All tables."""
    accounts: int
    """Accounts built from prompt sources."""
    events: int
    """Their requests."""

    def table(self, key: str) -> Table:
        """Give a table by its key; a StopIteration names none."""
        return next(table for table in self.tables if table.key == key)


def run(
    sources: Sequence[Source],
    config: Config,
    *,
    seed: int,
    scale: Scale,
    peers: bool,
    told: Callable[[str], None],
) -> Study:
    """Run the evaluation.

    Parameters
    ----------
    sources
        Prompt sources.
    config
        Prior and threshold.
    seed
        Same seed, same accounts.
    scale
        How much is run.
    peers
        Whether other methods are run too (scikit-learn).
    told
        Called with what is being done, for a progress line.
    """
    rng = np.random.default_rng(seed)
    told("building accounts")
    training = fold_draws(sources, draw_accounts(sources, SIZES, scale.training_per, rng), config, rng)
    accounts = fold_draws(sources, draw_accounts(sources, SIZES, scale.per, rng), config, rng)
    exam = examine_accounts(accounts, config, training)
    names = detectors_asked(exam.examined)
    weighers: dict[str, Weigher] = {"shape of a harvest alone": exam.shapes, "all detectors": exam.totals}
    if peers:
        told("a learnt model, for comparison")
        weighers["HistGradientBoosting + isotonic (not shipped)"] = learnt_weigher(exam, training)
    told("ranking unseen sources")
    tables = [
        headline(exam, weighers, rng),
        by_size(exam, exam.totals, rng),
        matrix(exam, exam.totals),
        operating_points(exam),
        error_rates(exam),
        languages(exam),
        reliability(exam),
    ]
    told("attack fractions")
    mixed = fold_draws(sources, mix_accounts(sources, SIZES, FRACTIONS, max(scale.per // 8, 2), rng), config, rng)
    tables.append(by_fraction(exam, examine_accounts(mixed, config, training), FRACTIONS))
    told("switching detectors off")
    tables += [ablation(exam, names), worst_ranked(exam)]
    if peers:
        told("peers: flags")
        tables.append(flags(sources, training, config, size=scale.peer_size, windows=scale.windows, rng=rng))
        told("peers: windows")
        tables.append(
            by_window(sources, training, config, sizes=scale.peer_sizes, windows=max(scale.windows // 4, 1), rng=rng)
        )
    told("error rates over seeds and under drift")
    tables.append(error_control(sources, training, config, seeds=scale.seeds, rng=rng))
    told("simulated worlds")
    tables += persona_rates(config, seeds=scale.seeds, scale=scale.world_scale)
    events = sum(draw.rows.shape[0] for draw in accounts.draws)
    return Study(tuple(tables), len(accounts.draws), events)
