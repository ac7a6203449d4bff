"""What the index of carried reasoning says about each account, as features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.profile import Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns

REPLAY: Final = (
    Feature("artefacts_distinct", "artefacts", "Different reasoning artefacts the account sent back."),
    Feature("foreign_distinct", "artefacts", "Of these, how many were born in answers to another owner's account."),
    Feature("foreign_owners", "owners", "Other owners those came from."),
    Feature("owner_known", "1 or 0", "Whether the organisations involved are known; else teams look like strangers."),
)


@dataclass(frozen=True, slots=True)
class ReplayColumns:
    """The artefact index read by account; row i is the i-th account in ascending order of pseudonym."""

    artefacts_distinct: NDArray[np.float64]
    """Different artefacts carried, shape (n,)."""
    foreign_distinct: NDArray[np.float64]
    """Different artefacts carried that were born under an account of another owner, shape (n,).

    The owner is the organisation, or the account itself where none is known.
    """
    foreign_owners: NDArray[np.float64]
    """How many other owners that were, shape (n,)."""
    owner_known: NDArray[np.bool_]
    """Whether an organisation is known for the account *and* for those it shares artefacts with, shape (n,)."""


def replay_columns(replay: ReplayColumns | None, n: int) -> Columns:
    """Turn the index into feature columns; all NaN where no index was made."""
    if replay is None:
        return {feature.name: np.full(n, np.nan) for feature in REPLAY}
    return {feature.name: getattr(replay, feature.name).astype(np.float64) for feature in REPLAY}
