"""What a provider knows of accounts before their first request: keyed, in columns, for campaigns alone.

No single account is weighed by any of it; nationality, country and language are not among it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Registered:
    """Sign-up and payment of some accounts; row i of each column is the i-th account asked for."""

    plan: NDArray[np.int64]
    """Number of the plan, 0 where unknown; equal numbers are equal plans."""
    signup_ms: NDArray[np.int64]
    """Sign-up (ms since 1970), -1 where unknown."""
    closed_ms: NDArray[np.int64]
    """When the provider closed the account (ms since 1970), -1 where it did not."""
    organisation: NDArray[np.int64]
    """Pseudonym of the organisation the account says it belongs to, 0 where unknown."""
    payment: NDArray[np.int64]
    """Pseudonym of the means of payment, 0 where unknown."""
    card_bin: NDArray[np.int64]
    """Pseudonym of the card's issuer number, 0 where unknown."""
    email_domain: NDArray[np.int64]
    """Pseudonym of the sign-up domain, 0 where unknown."""
    email_class: NDArray[np.int64]
    """Pseudonym of the kind of domain, 0 where unknown."""
    referral: NDArray[np.int64]
    """Pseudonym of the promotion or referrer, 0 where unknown."""
    disposable: NDArray[np.bool_]
    """Whether the sign-up address is a throw-away one, as the kind of domain says."""
    declared: NDArray[np.bool_]
    """Whether a purpose was declared."""
    reseller: NDArray[np.bool_]
    """Whether the account resells access under a contract."""

    def __len__(self) -> int:
        """Count the accounts."""
        return int(self.plan.shape[0])


def unregistered(n: int) -> Registered:
    """Give n accounts of which nothing is known."""
    zeros, never, no = np.zeros(n, np.int64), np.full(n, -1, np.int64), np.zeros(n, np.bool_)
    return Registered(zeros, never, never, zeros, zeros, zeros, zeros, zeros, zeros, no, no, no)
