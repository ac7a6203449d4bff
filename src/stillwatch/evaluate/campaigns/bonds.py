"""What makes accounts belong together in truth, whoever they are. A group of others is a false discovery.

Coordination is not abuse: a class, an office or a household really belongs together, and a group of its accounts is no
error of the tests. What two strangers share because they bought the same product or live behind the same gateway is no
bond, however surprising it looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Bond:
    """One kind of accounts and whether its groups are really bound."""

    persona: str
    """Persona or kind of crowd, as the truth names it."""
    by: Literal["operator", "crowd", ""]
    """Column of the truth that names the bound accounts; empty where nothing binds them."""
    why: str
    """Reason."""


BONDS: Final = (
    Bond("household", "crowd", "one home, one card: they know each other"),
    Bond("classroom", "crowd", "one class, one set of exercises"),
    Bond("office", "crowd", "one employer's office"),
    Bond("company_team", "operator", "one organisation that pays for all"),
    Bond("developer", "operator", "colleagues of one organisation"),
    Bond("router", "operator", "accounts of one organisation"),
    Bond("agency", "operator", "one agency runs the accounts of its clients"),
    Bond("benign_distillers", "operator", "one research group, declared"),
    Bond("subaccounts", "operator", "accounts of one licensed reseller"),
    Bond("hackathon", "crowd", "one event: they met, signed up and work together"),
    Bond("saas", "", "customers of one product are strangers to each other"),
    Bond("agent_users", "", "users of one open-source agent are strangers to each other"),
    Bond("cgnat", "", "neighbours behind one carrier's gateway are strangers to each other"),
    Bond("launch_surge", "", "readers of one tutorial, on one day"),
    Bond("independent", "", "nothing in common"),
)
"""Every kind of honest accounts with groups. Accounts that extract are bound by their operator; of a persona that is
not here, those of one organisation are."""
_BY: Final = {bond.persona: bond.by for bond in BONDS}


def bound(
    persona: Sequence[str],
    extracting: Sequence[bool],
    operator: Sequence[str | None],
    crowd: Sequence[str | None],
) -> NDArray[np.int64]:
    """Give the real bonds of accounts numbers.

    Parameters
    ----------
    persona, extracting, operator, crowd
        Columns of the truth, one row an account.

    Returns
    -------
    ndarray
        (n,) accounts with one number are really bound; -1 is bound to nobody.

    Examples
    --------
    >>> persona = ["saas", "saas", "household", "household", "hydra_template"]
    >>> bound(persona, [False] * 4 + [True], [None] * 4 + ["mill"], ["s-1", "s-1", "h-1", "h-1", None]).tolist()
    [-1, -1, 0, 0, 1]
    """
    numbers: dict[tuple[str, str], int] = {}
    made = np.full(len(persona), -1, np.int64)
    for at, (who, takes, hand, group) in enumerate(zip(persona, extracting, operator, crowd, strict=True)):
        by = "operator" if takes else _BY.get(who, "operator")
        name = {"operator": hand, "crowd": group, "": None}[by]
        if name is not None:
            made[at] = numbers.setdefault((by, name), len(numbers))
    return made


def unbound(members: NDArray[np.int64], bond: NDArray[np.int64]) -> bool:
    """Say whether a group is a false discovery: fewer than half of its members share one bond.

    Examples
    --------
    >>> bond = np.array([0, 0, -1, -1, -1])
    >>> unbound(np.array([0, 1, 2, 3]), bond), unbound(np.array([0, 1, 2, 3, 4]), bond)
    (False, True)
    """
    mine = bond[members]
    most = int(np.bincount(mine[mine >= 0]).max(initial=0)) if mine.shape[0] else 0
    return bool(2 * most < mine.shape[0])
