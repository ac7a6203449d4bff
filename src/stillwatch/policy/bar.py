"""The weakest bar of terms: below it no clause can speak, so nobody needs to put a dossier together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.policy.conditions.account.numbers import Requests
from stillwatch.policy.conditions.campaign.reported import REPORTED
from stillwatch.policy.conditions.evidence.numbers import Chance, QValue, TotalBits
from stillwatch.policy.reasoning.prove import holding
from stillwatch.policy.reasoning.search import TooManyCases, boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.model.terms import Terms
    from stillwatch.policy.reasoning.search import Box
    from stillwatch.policy.reasoning.variables import Variable


@dataclass(frozen=True, slots=True)
class Need:
    """What an account must at least have for one way of breaking one clause."""

    total_bits: float
    """Least total (bits); -inf where it does not matter."""
    chance: float
    """Least chance; -inf where it does not matter."""
    q_value: float
    """Largest q-value; inf where it does not matter."""
    requests: float
    """Fewest requests."""
    reported: bool
    """Whether a campaign that is reported as extraction is needed."""

    def within(self, other: Need) -> bool:
        """Whether every account with this has the other, too."""
        above = self.total_bits >= other.total_bits and self.chance >= other.chance
        return (
            above
            and self.q_value <= other.q_value
            and self.requests >= other.requests
            and (self.reported or not other.reported)
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """The weakest bar of terms."""

    needs: tuple[Need, ...]
    """Ways to break a clause; none where no clause is in force."""
    everybody: bool = False
    """Whether nothing could be worked out, so that everybody must be looked at."""

    def admits(
        self,
        total_bits: NDArray[np.float64],
        chance: NDArray[np.float64],
        q_value: NDArray[np.float64],
        requests: NDArray[np.int64],
        reported: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Say for each account whether a clause could speak of it.

        Parameters
        ----------
        total_bits, chance, q_value, requests
            As in the dossier, shape (n,); NaN where unknown.
        reported
            Whether the account is in a campaign that is reported as extraction, shape (n,).

        Returns
        -------
        ndarray of bool
            False is a proof that no clause's conditions hold. True says nothing: classes of evidence are not looked at.
        """
        found = np.full(total_bits.shape, self.everybody)
        for need in self.needs:
            fits = (requests >= need.requests) & (reported | (not need.reported))
            # Where a number does not matter, it may be unknown; a comparison with NaN would leave the account out.
            fits &= (total_bits >= need.total_bits) | (need.total_bits == -np.inf)
            fits &= (chance >= need.chance) | (need.chance == -np.inf)
            fits &= (q_value <= need.q_value) | (need.q_value == np.inf)
            found |= fits
        return found


def _ends(box: Box, variable: Variable) -> tuple[float, float]:
    """Give the least and largest known value; infinite where the number does not matter or may be unknown."""
    domain = box.get(variable)
    if domain is None or domain.unknown:
        return -np.inf, np.inf
    return domain.values.least, domain.values.most  # type: ignore[union-attr]


def _need(box: Box) -> Need:
    return Need(
        total_bits=_ends(box, TotalBits.VARIABLE)[0],
        chance=_ends(box, Chance.VARIABLE)[0],
        q_value=_ends(box, QValue.VARIABLE)[1],
        requests=_ends(box, Requests.VARIABLE)[0],
        reported=_ends(box, REPORTED)[0] == 1.0,
    )


def clauses_could_speak(terms: Terms, now_ms: int) -> Bar:
    """Work out the weakest bar of the terms that are in force.

    Parameters
    ----------
    terms
        The terms.
    now_ms
        When (ms since 1970).

    Returns
    -------
    Bar
        Once for many accounts; ``Bar.admits`` is a few array operations.

    Notes
    -----
    As costly as one search a clause. Where there are too many alternatives the bar admits everybody.
    """
    needs: list[Need] = []
    for clause in terms.clauses:
        if not clause.in_force(now_ms):
            continue
        try:
            found = {_need(box) for box in boxes([holding(clause)])}
        except TooManyCases:
            return Bar((), everybody=True)
        for one in found:
            if not any(one.within(kept) for kept in needs):
                needs = [kept for kept in needs if not kept.within(one)] + [one]
    return Bar(tuple(needs))
