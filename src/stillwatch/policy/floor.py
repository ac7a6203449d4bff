"""The floor under every clause: what no terms can permit, linted or not, written well or badly.

Lint proves that a clause never asks for less; the judge does not rely on lint having been run. Where nothing speaks of
extraction an account may be observed and nothing else: acting together is no ground to write to a customer either.
Where only weak evidence speaks, the customer may be told. Whatever a customer feels needs substantial evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import HUMAN_ONLY, Action
from stillwatch.model.dossier import STRENGTH
from stillwatch.policy.conditions.evidence.speaking import COUNTABLE, voice

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Clause

TELLS: Final = Action.NOTIFY
"""The mildest action that a customer learns of."""
RESTRICTS: Final = Action.THROTTLE
"""The mildest action that a customer feels."""
WEAK: Final = 1
"""Strength up to which evidence looks alike in honest work."""
LEAST_BITS: Final = 1.0
"""Bits, all detectors of a class together, below which the class carries no restriction, whatever terms ask for."""


def strongest(dossier: Dossier) -> int:
    """Give the strength of the strongest class that speaks against an account, 0 where none does."""
    return max((STRENGTH[one] for one in COUNTABLE if voice(one, LEAST_BITS, dossier)), default=0)


def carried(actions: tuple[Action, ...], dossier: Dossier) -> tuple[Action, ...]:
    """Give the actions that the evidence carries: all, those that a customer does not feel, or observation alone."""
    strength = strongest(dossier) if actions else 0
    if strength > WEAK:
        return actions
    limit = RESTRICTS if strength else TELLS
    return tuple(one for one in actions if one < limit)


def by_person(clause: Clause, permitted: tuple[Action, ...]) -> tuple[Action, ...]:
    """Give the permitted actions that only a person may take; some are, whatever the clause says."""
    return tuple(one for one in permitted if one in clause.by_person or one in HUMAN_ONLY)
