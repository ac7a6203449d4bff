"""One account's features over one window, for all accounts at once, in columns.

A feature that the source could not show is NaN, never zero; detectors answer
``NotEnoughEvidence`` for it. Panels are small arrays an account, kept for pictures and for
detectors that need a whole distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Feature:
    """What one named column of the profile means."""

    name: str
    """Column name, unit included where one exists."""
    unit: str
    """Unit, or what the value counts."""
    meaning: str
    """One sentence: what low and high mean and how it is computed."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the provider's own account file says, joined by account; row i is row i of the profile.

    Nothing of it is required. A value the file does not give is null: an empty string, or -1.
    """

    label: tuple[str, ...]
    """Name to show a person: the pseudonym, or the account file's ``display`` column if it has one."""
    plan: tuple[str, ...]
    """Plan or tier."""
    signup_ms: NDArray[np.int64]
    """Sign-up time in ms since 1970; -1 where unknown."""
    declared_purpose: tuple[str, ...]
    """Purpose the customer declared, such as ``research`` or ``own-model distillation``."""
    reseller: NDArray[np.int8]
    """1 a declared reseller, 0 declared not, -1 unknown."""


@dataclass(frozen=True, slots=True)
class Profile:
    """All accounts, one row each, ordered by account pseudonym."""

    account: NDArray[np.int64]
    """Account pseudonym, shape (n,), ascending."""
    columns: Mapping[str, NDArray[np.float64]]
    """Feature name -> value, shape (n,); NaN where the source could not show it."""
    panels: Mapping[str, NDArray[np.float64]]
    """Panel name -> shape (n, k): ``hour_of_week`` (168), ``topics`` (64), ``timeline`` (24), ``tokens_out`` (16)."""
    facts: AccountFacts
    """Joined account facts."""

    def __len__(self) -> int:
        """Count the accounts."""
        return int(self.account.shape[0])

    def column(self, name: str) -> NDArray[np.float64]:
        """Give one feature; a KeyError names a feature that does not exist."""
        return self.columns[name]
