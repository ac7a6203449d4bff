"""What the verbs over a store share: opening it, the clock, how accounts and decisions are shown."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.store.database import Database
from stillwatch.store.written import plain

if TYPE_CHECKING:
    import argparse

    from stillwatch.model.decision import OnRecord


def now_ms() -> int:
    """Read the clock (ms since 1970)."""
    return time.time_ns() // 1_000_000


def open_store(asked: argparse.Namespace) -> Database:
    """Open the store that is there; no verb but the watch makes one."""
    path = Path(asked.store)
    if not path.exists():
        raise InputError(
            f"--store {path}: there is no store; `stillwatch watch` and `stillwatch appeals serve` make one"
        )
    return Database(path, create=False)


def state_of(one: OnRecord, at_ms: int) -> str:
    """Say in a word how a decision stands."""
    if one.lifted_ms >= 0:
        return "undone"
    if one.decision.shadow:
        return "shadow"
    if at_ms < one.decision.from_ms:
        return "not begun"
    if one.ended_ms >= 0:
        return "ended"
    return "in force" if at_ms < one.decision.until_ms else "over"


def shown(one: OnRecord, at_ms: int) -> dict[str, object]:
    """Lay a decision out for JSON."""
    return {
        **plain(one.decision),
        "account": pseudonym_text(one.decision.account),
        "action": one.decision.action.name,
        "case": one.case,
        "state": state_of(one, at_ms),
        "lifted_ms": one.lifted_ms,
        "until": moment(one.until_ms),
    }
