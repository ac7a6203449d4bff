"""What each account would have been told by a model that never saw its source.

Every detector but one works from rates that were written down beforehand. The shape of a harvest is learnt,
so it is learnt anew for every pair that is compared: without the honest source, and without any source of
the same kind as the extracting one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.detectors import combine, examine_all
from stillwatch.detectors.content import harvest_shape
from stillwatch.detectors.content.shape_model import shapes_of, weigh
from stillwatch.evaluate.learn import fit, kin, source_middles

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.detectors.content.shape_model import ShapeModel
    from stillwatch.evaluate.accounts import AccountSet
    from stillwatch.model.finding import Examined


@dataclass(frozen=True, slots=True)
class Examination:
    """Accounts with every detector's answer, and what is needed to answer again without some sources."""

    accounts: AccountSet
    """The accounts."""
    examined: tuple[Examined, ...]
    """Answers with the shipped shape model."""
    middles: NDArray[np.float64]
    """Middles of the *training* sources, shape (sources, measures)."""
    classes: NDArray[np.str_]
    """Class of each source."""
    config: Config
    """Prior and threshold."""

    def totals(self, left_out: Collection[int], without: Collection[str] = ()) -> NDArray[np.float64]:
        """Give every account's total in bits with a shape model that never saw some sources.

        Parameters
        ----------
        left_out
            Numbers of those sources.
        without
            Detectors that are switched off, for ablation.
        """
        model = fit(self.middles, self.classes, left_out=left_out)
        again = [
            _with_model(one, self.accounts, model, self.config.permitted_share)
            for one in self.examined
            if one.detector not in without
        ]
        return combine(again, self.config).total_bits

    def shapes(self, left_out: Collection[int]) -> NDArray[np.float64]:
        """Give the weight of the shape of a harvest alone, bits."""
        return weigh(
            fit(self.middles, self.classes, left_out=left_out),
            shapes_of(self.accounts.profile),
            self.config.permitted_share,
        )[0]

    def of_unseen(self, number: int, without: Collection[str] = ()) -> NDArray[np.float64]:
        """Give every account's total by a model that did not see one source and its kin."""
        return self.totals(kin(self.accounts, number), without)


def _with_model(one: Examined, accounts: AccountSet, model: ShapeModel, permitted: float) -> Examined:
    if one.detector != harvest_shape.NAME:
        return one
    weight, low, high = weigh(model, shapes_of(accounts.profile), permitted)
    able = one.reason == 0
    parts = [np.where(able, part, 0.0) for part in (weight, low, high)]
    return replace(one, weight_bits=parts[0], low_bits=parts[1], high_bits=parts[2])


def examine_accounts(accounts: AccountSet, config: Config, training: AccountSet | None = None) -> Examination:
    """Ask every detector about some accounts.

    Parameters
    ----------
    accounts
        Whom.
    config
        Prior and threshold.
    training
        Accounts the shape model is learnt from, of the same sources; these themselves by default.
    """
    classes = np.array([source.cls for source in accounts.sources])
    middles = source_middles(training or accounts)
    return Examination(accounts, examine_all(accounts.profile, config), middles, classes, config)


def detectors_asked(examined: Sequence[Examined]) -> tuple[str, ...]:
    """Name the detectors that could tell about any account."""
    return tuple(one.detector for one in examined if (one.reason == 0).any())
