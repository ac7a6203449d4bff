"""Groups of accounts, side by side: members in one array, where each group begins in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LAYERS: Final = ("product", "place", "money", "rhythm", "shards", "quotas", "life-cycle", "artefacts")
"""Layers of evidence; bit l of a group's ``made_by`` is layer l. *Product* is all that one product gives its users:
template, client program, TLS fingerprint, referral. They are one layer because they come together: the customers of
one application, the users of one open-source agent share all of them and are strangers to each other."""
PRODUCT, PLACE, MONEY, RHYTHM, SHARDS, QUOTAS, LIFECYCLE, ARTEFACTS = (1 << bit for bit in range(len(LAYERS)))


@dataclass(frozen=True, slots=True)
class Groups:
    """Candidate groups. Pairs of accounts are never written down."""

    start: NDArray[np.int64]
    """(g + 1,) where each group begins in ``members``."""
    members: NDArray[np.int32]
    """Rows of the roster, ascending within a group."""
    made_by: NDArray[np.uint8]
    """(g,) layers that brought the group together, a bit set; it is never tested on them."""
    token: NDArray[np.uint64]
    """(g,) what the members share, as a keyed hash."""
    kind: NDArray[np.uint8]
    """(g,) which field that is of, an index into ``names``."""
    names: tuple[str, ...]
    """Names of the fields."""

    def __len__(self) -> int:
        """Count the groups."""
        return int(self.start.shape[0]) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Members of each group, shape (g,)."""
        return np.diff(self.start)

    def of(self, group: int) -> NDArray[np.int32]:
        """Give the members of one group."""
        return self.members[self.start[group] : self.start[group + 1]]

    def take(self, which: NDArray[np.int64]) -> Groups:
        """Keep some groups, in the order given."""
        start, rows = spans(self.start, which)
        return Groups(start, self.members[rows], self.made_by[which], self.token[which], self.kind[which], self.names)


def spans(start: NDArray[np.int64], which: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the starts of some groups laid end to end, and the places their members come from."""
    sizes = start[which + 1] - start[which]
    made = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return made, np.repeat(start[which] - made[:-1], sizes) + np.arange(int(made[-1]), dtype=np.int64)


def gathered(parts: Sequence[Groups]) -> Groups:
    """Put the groups of several sources one after the other."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    at = {name: number for number, name in enumerate(names)}
    shift = np.cumsum([0, *(int(part.start[-1]) for part in parts)])
    kinds = [np.array([at[name] for name in part.names] or [0], np.uint8)[part.kind] for part in parts]
    return Groups(
        np.concatenate([[0], *(part.start[1:] + move for part, move in zip(parts, shift, strict=False))]).astype(
            np.int64
        ),
        np.concatenate([np.zeros(0, np.int32), *(part.members for part in parts)]),
        np.concatenate([np.zeros(0, np.uint8), *(part.made_by for part in parts)]),
        np.concatenate([np.zeros(0, np.uint64), *(part.token for part in parts)]),
        np.concatenate([np.zeros(0, np.uint8), *kinds]),
        names,
    )


def no_groups(name: str) -> Groups:
    """Give no groups at all."""
    return Groups(
        np.zeros(1, np.int64),
        np.zeros(0, np.int32),
        np.zeros(0, np.uint8),
        np.zeros(0, np.uint64),
        np.zeros(0, np.uint8),
        (name,),
    )
