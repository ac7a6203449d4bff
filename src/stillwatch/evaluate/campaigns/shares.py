"""What methods that look for groups are given, and what they give back.

A share is an account's use of a trait: a prompt template, an address range, a card. It is all that a method sees;
the truth is kept apart from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.int64]

TEMPLATE: Final = 0
"""Layer of what is sent: recurring templates and prompts."""
INFRASTRUCTURE: Final = 1
"""Layer of what it is sent through: address range, client, user agent."""
MONEY: Final = 2
"""Layer of who pays and signed up: card, e-mail domain, referral."""
IDENTITY: Final = ("card", "bin", "email_domain", "referral", "net", "ja4", "user_agent")
"""Columns of an identity table beside ``account``; text, null where the log does not say."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Uses of traits by accounts, one row an (account, trait) pair or one row a use.

    Raises
    ------
    InputError
        Columns of different length, or an account outside ``0..n_accounts - 1``.
    """

    account: Ints
    """(rows,) account, from 0."""
    trait: Ints
    """(rows,) trait; a number means one trait, whatever the layer."""
    ts_s: Ints
    """(rows,) time of the use, or of the first one, seconds since 1970."""
    count: Ints
    """(rows,) uses the row stands for."""
    layer: NDArray[np.uint8]
    """(rows,) TEMPLATE, INFRASTRUCTURE or MONEY."""
    n_accounts: int
    """Accounts there are, those without a row among them."""

    def __post_init__(self) -> None:
        rows = self.account.shape[0]
        for name in ("trait", "ts_s", "count", "layer"):
            if getattr(self, name).shape != (rows,):
                raise InputError(f"column {name} has {getattr(self, name).shape[0]} rows, column account {rows}")
        if rows and not 0 <= self.account.min() <= self.account.max() < self.n_accounts:
            raise InputError(f"an account is outside 0..{self.n_accounts - 1}")

    def only(self, layers: Sequence[int]) -> Shares:
        """Keep the rows of some layers; every account stays."""
        at = np.isin(self.layer, np.array(layers, np.uint8))
        return Shares(self.account[at], self.trait[at], self.ts_s[at], self.count[at], self.layer[at], self.n_accounts)


@dataclass(frozen=True, slots=True)
class Grouping:
    """A method's answer: which accounts belong together."""

    labels: Ints
    """(n_accounts,) number of the group, -1 in none."""
    reason: str = ""
    """Why the method could not be asked; empty when it was."""


def shares_of(
    account: ArrayLike,
    trait: ArrayLike,
    ts_s: ArrayLike = 0,
    *,
    count: ArrayLike = 1,
    layer: ArrayLike = TEMPLATE,
    n_accounts: int | None = None,
) -> Shares:
    """Put columns together; a single time, count or layer stands for all rows.

    Examples
    --------
    >>> shares_of([0, 2], [7, 7]).n_accounts
    3
    """
    accounts = np.asarray(account, np.int64)
    rows = accounts.shape
    return Shares(
        account=accounts,
        trait=np.asarray(trait, np.int64),
        ts_s=_spread(ts_s, rows),
        count=_spread(count, rows),
        layer=_spread(layer, rows).astype(np.uint8),
        n_accounts=(int(accounts.max(initial=-1)) + 1) if n_accounts is None else n_accounts,
    )


def _spread(column: ArrayLike, rows: tuple[int, ...]) -> Ints:
    values = np.asarray(column, np.int64)
    return np.full(rows, values) if values.ndim == 0 else values


def no_groups(n_accounts: int, reason: str = "") -> Grouping:
    """Give the answer that no account belongs to any other."""
    return Grouping(np.full(n_accounts, -1, np.int64), reason)


def identity_table(n_accounts: int, **columns: Sequence[str | None]) -> pa.Table:
    """Build an identity table from the columns there are; the others are null.

    Raises
    ------
    InputError
        A column is none of IDENTITY.
    """
    for name in columns:
        if name not in IDENTITY:
            raise InputError(f"identity column {name!r} is none of {', '.join(IDENTITY)}")
    made = {name: pa.array(columns.get(name, [None] * n_accounts), pa.string()) for name in IDENTITY}
    return pa.table({"account": pa.array(range(n_accounts), pa.int64()), **made})
