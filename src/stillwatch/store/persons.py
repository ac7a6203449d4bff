"""Who decides, and why: a person's id and a reason are asked for wherever a machine must not act alone."""

from __future__ import annotations

from typing import Final

from stillwatch.model.decision import POLICY
from stillwatch.model.errors import InputError

LONGEST_ID: Final = 64
"""Characters of a person's id."""
LONGEST_REASON: Final = 2_000
"""Characters of a reason."""


def person(by: str) -> str:
    """Check a person's id.

    Raises
    ------
    InputError
        It is empty, ``policy``, too long, or holds something unprintable.
    """
    who = by.strip()
    if not who or who.lower() == POLICY:
        raise InputError("say who decides: --by ID of a person; no machine may do this")
    if len(who) > LONGEST_ID or not who.isprintable():
        raise InputError(f"--by: a person's id is at most {LONGEST_ID} printable characters")
    return who


def reason(why: str) -> str:
    """Check a reason.

    Raises
    ------
    InputError
        It is empty or too long.
    """
    because = why.strip()
    if not because or len(because) > LONGEST_REASON:
        raise InputError(f"say why, in at most {LONGEST_REASON:,} characters: --why TEXT")
    return because
