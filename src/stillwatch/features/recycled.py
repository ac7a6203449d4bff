"""What the index of prints of text says about each account, as features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.profile import Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns

RECYCLED: Final = (
    Feature("prints_distinct", "prints", "Different prints of passages the account sent in prompts, 0 to 4 a prompt."),
    Feature("foreign_prints", "prints", "Of these, how many came from answers that only other owners got, and before."),
    Feature("foreign_print_owners", "owners", "Other owners whose answers those were."),
    Feature("print_owner_known", "1 or 0", "Whether the organisations of the account and of those owners are known."),
)


@dataclass(frozen=True, slots=True)
class RecycledColumns:
    """The index of prints read by account; row i is the i-th account in ascending order of pseudonym."""

    prints_distinct: NDArray[np.float64]
    """Different prints carried in prompts, shape (n,)."""
    foreign_prints: NDArray[np.float64]
    """Different prints carried that were first born in an answer to another owner, shape (n,).

    The owner is the organisation, or the account itself where none is known. A passage that anybody sent
    at or before its first birth, that the sender's own owner got too, or that more than three owners got
    is nobody's.
    """
    foreign_print_owners: NDArray[np.float64]
    """How many other owners that were, shape (n,)."""
    print_owner_known: NDArray[np.bool_]
    """Whether an organisation is known for the account *and* for the owners of its foreign prints, shape (n,)."""


def recycled_columns(recycled: RecycledColumns | None, n: int) -> Columns:
    """Turn the index into feature columns; all NaN where the log holds no answers."""
    if recycled is None:
        return {feature.name: np.full(n, np.nan) for feature in RECYCLED}
    return {feature.name: getattr(recycled, feature.name).astype(np.float64) for feature in RECYCLED}
