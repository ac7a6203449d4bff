"""Everything ends: clauses, and decisions no later than their clause."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stillwatch.policy.lint.remark import can_restrict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.policy.lint.remark import Looked, Remark

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
LONG_D: Final = 400
"""Days from which a clause is not looked at again soon enough."""
LONG_H: Final = 24.0 * 90
"""Hours from which a restriction lasts long."""
_LAST_MS: Final = 253_402_300_799_999


def ends(looked: Looked) -> Iterator[Remark]:
    """Find clauses and decisions without an end, with a far one, or with one in the past."""
    for clause in looked.terms.clauses:
        if not 0 < clause.until_ms <= _LAST_MS:
            do = "write until: with a date within a year"
            yield looked.remark("expiry", "error", clause, "until", "has no end", do)
        elif clause.until_ms - clause.from_ms > LONG_D * _DAY_MS:
            says = f"is not looked at again for more than {LONG_D} days"
            yield looked.remark("expiry", "warning", clause, "until", says, "write an earlier until")
        elif clause.until_ms <= looked.now_ms:
            do = "look at it again: write a later until, or leave it out"
            yield looked.remark("expiry", "warning", clause, "until", "has ended", do)
        if not (math.isfinite(clause.lasts_h) and clause.lasts_h > 0):
            do = "write lasts: such as 72h"
            yield looked.remark("expiry", "error", clause, "lasts", "makes decisions without an end", do)


def lasts(looked: Looked) -> Iterator[Remark]:
    """Find decisions that outlive their clause, and restrictions that last long."""
    for clause in looked.terms.clauses:
        if not math.isfinite(clause.lasts_h):
            continue
        if clause.lasts_h * _HOUR_MS > clause.until_ms - clause.from_ms:
            says = "makes decisions that last longer than the clause itself"
            yield looked.remark("outlives", "error", clause, "lasts", says, "write a shorter lasts or a later until")
        elif clause.lasts_h > LONG_H and can_restrict(clause):
            says = f"can restrict for more than {LONG_H / 24:.0f} days without a new look"
            yield looked.remark("outlives", "warning", clause, "lasts", says, "write a shorter lasts")
