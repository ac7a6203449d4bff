"""What every call says, and small tools to lay texts on calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.simulate.cast import LANGUAGE_SHARES, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Bools, Calls, Ints

_OTHER_LANGUAGE: Final = 0.1
_BLOCK: Final = 1 << 15


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of some calls."""

    prompt: pa.Array
    """Text of the last typed turn; shape (n,)."""
    system: pa.Array
    """System text, or null; shape (n,)."""
    simulated: bool
    """Whether the grammar wrote it."""

    def where(self, keep: Bools) -> Wording:
        """Keep the texts of some calls.

        Parameters
        ----------
        keep
            Which calls stay; shape (n,).

        Returns
        -------
        Wording
            Their texts.
        """
        mask = pa.array(keep)
        return Wording(self.prompt.filter(mask), self.system.filter(mask), self.simulated)


def spoken(rng: np.random.Generator, cast: Cast, account: Ints) -> Ints:
    """Draw the language of each session or call: the account's own, or with one chance in ten any.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    account
        Whose session or call; shape (n,).

    Returns
    -------
    Ints
        Indices into LANGUAGES; shape (n,).
    """
    other = rng.choice(len(LANGUAGES), size=len(account), p=LANGUAGE_SHARES)
    return np.where(rng.random(len(account)) < _OTHER_LANGUAGE, other, cast.language[account]).astype(np.int64)


def typed(calls: Calls) -> tuple[Ints, Ints]:
    """Find the typed turns among calls; the calls of a tool loop belong to one.

    Parameters
    ----------
    calls
        Arrivals.

    Returns
    -------
    tuple of Ints
        First call of each typed turn, shape (turns,), and the turn each call belongs to, shape (n,).
    """
    fresh = np.ones(len(calls), dtype=np.bool_)
    fresh[1:] = (np.diff(calls.session) != 0) | (np.diff(calls.turn) != 0)
    return np.flatnonzero(fresh).astype(np.int64), (np.cumsum(fresh) - 1).astype(np.int64)


def ordinal(account: Ints) -> Ints:
    """Count the rows of each account in their order.

    Parameters
    ----------
    account
        Account of each row; shape (n,).

    Returns
    -------
    Ints
        0, 1, 2... within each account; shape (n,).
    """
    order = np.argsort(account, kind="stable")
    counts = np.bincount(account)
    numbers = np.empty(len(account), dtype=np.int64)
    numbers[order] = np.arange(len(account)) - np.repeat(np.cumsum(counts) - counts, counts)
    return numbers


def in_blocks(n: int, write: Callable[[slice], pa.Array]) -> pa.Array:
    """Write long columns of text some thousand rows at a time, so that what is joined on the way stays small.

    Parameters
    ----------
    n
        Rows.
    write
        Writes the texts of a stretch of rows.

    Returns
    -------
    pa.Array
        Text, shape (n,).
    """
    stretches = [slice(at, min(at + _BLOCK, n)) for at in range(0, max(n, 1), _BLOCK)]
    return pa.concat_arrays([write(stretch) for stretch in stretches])


def silent(n: int) -> pa.Array:
    """Give no system text to n calls.

    Parameters
    ----------
    n
        Calls.

    Returns
    -------
    pa.Array
        Nulls, shape (n,).
    """
    return pa.nulls(n, pa.large_string())
