"""The cheap part of the evaluation on real prompts, for the regression test and for what it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.config import DEFAULT
from stillwatch.evaluate.accounts import draw_accounts, fold_draws
from stillwatch.evaluate.sources import read_sources
from stillwatch.evaluate.study import SIZES, SMALL
from stillwatch.evaluate.unseen import examine_accounts
from stillwatch.evaluate.unseen_tables import FEWEST, headline

if TYPE_CHECKING:
    from pathlib import Path

SEED = 1
WEIGHERS = ("shape", "all detectors")
AGAINST = ("A against B", "A against C")


@dataclass(frozen=True)
class Figures:
    """What a small run measured."""

    auc: dict[str, dict[str, list[float]]]
    """Weigher -> pair of classes -> figure, low and high."""
    reported: dict[str, list[float]]
    """Honest source -> [share reported, accounts]."""


def measure(prompts: Path) -> Figures:
    """Run the headline and the false accusations at the default threshold, small."""
    sources = read_sources(prompts)
    rng = np.random.default_rng(SEED)
    training = fold_draws(sources, draw_accounts(sources, SIZES, SMALL.training_per, rng), DEFAULT, rng)
    accounts = fold_draws(sources, draw_accounts(sources, SIZES, SMALL.per, rng), DEFAULT, rng)
    exam = examine_accounts(accounts, DEFAULT, training)
    table = headline(exam, dict(zip(WEIGHERS, (exam.shapes, exam.totals), strict=True)), rng)
    auc = {
        str(row[0]): {
            pair: [float(part.strip("[],")) for part in str(cell).split()]
            for pair, cell in zip(AGAINST, row[1:], strict=True)
        }
        for row in table.rows
    }
    reported = {}
    for number, source in enumerate(sources):
        mine = (accounts.source == number) & (accounts.size >= FEWEST)
        if source.cls != "A" and mine.any():
            totals = exam.of_unseen(number)[mine]
            reported[source.name] = [float((totals >= DEFAULT.threshold_bits).mean()), int(mine.sum())]
    return Figures(auc, reported)
