"""``stillwatch custodian``: hold the second key of oblivious matching."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.epochs import DAY_MS, Calendar
from stillwatch.store.exchange.holder import (
    HolderBase,
    admit,
    calendar_of,
    dismiss,
    settle_calendar,
    spent_of,
)
from stillwatch.store.exchange.keys import records_of
from stillwatch.verbs.stores import now_ms

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_MEMBER: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def custodian_verb(asked: argparse.Namespace) -> int:
    """Do one act; see ``stillwatch custodian --help``."""
    path = Path(asked.store)
    if asked.act != "init" and not path.exists():
        raise InputError(f"--store {path}: there is no store; `stillwatch custodian init` makes one")
    base = HolderBase(path, create=asked.act == "init")
    try:
        if asked.act == "serve":
            from stillwatch.verbs.custodian_serve import serve

            return serve(asked, base, settled(base, path))
        return ACTS[asked.act](asked, base)
    finally:
        base.close()


def settled(base: HolderBase, path: Path) -> Calendar:
    """Give the calendar of a store.

    Raises
    ------
    InputError
        None is settled.
    """
    found = calendar_of(base)
    if found is None:
        raise InputError(f"--store {path}: no calendar is settled; run `stillwatch custodian init`")
    return Calendar(*found)


def calendar_asked(starts: str, days: int, overlap_days: int) -> Calendar:
    """Read when epochs are to be.

    Raises
    ------
    InputError
        The start is no day.
    """
    try:
        day = dt.datetime.strptime(starts, "%Y-%m-%d").replace(tzinfo=dt.UTC)
    except ValueError as error:
        raise InputError(f"--starts {starts[:40]}: write a day such as 2026-12-07") from error
    return Calendar(int(day.timestamp()) * 1_000, days * DAY_MS, overlap_days * DAY_MS)


def _init(asked: argparse.Namespace, base: HolderBase) -> int:
    made = calendar_asked(asked.starts, asked.days, asked.overlap_days)
    settle_calendar(base, made.start_ms, made.length_ms, made.overlap_ms)
    _told(asked, {"starts": moment(made.start_ms), "days": asked.days, "overlap_days": asked.overlap_days})
    return 0


def _admit(asked: argparse.Namespace, base: HolderBase) -> int:
    if not _MEMBER.fullmatch(asked.member):
        raise InputError("a member's name has 1 to 64 small letters, digits, dots, hyphens or underscores")
    secret = secrets.token_urlsafe(32)
    admit(base, asked.member, secret, now_ms())
    _told(asked, {"member": asked.member, "secret": secret})
    return 0


def _dismiss(asked: argparse.Namespace, base: HolderBase) -> int:
    if not dismiss(base, asked.member):
        raise InputError(f"there is no member {asked.member[:80]}")
    _told(asked, {"member": asked.member, "dismissed": True})
    return 0


def _spent(asked: argparse.Namespace, base: HolderBase) -> int:
    rows = [{"epoch": epoch, "member": member, "elements": count} for epoch, member, count in spent_of(base)]
    _rows(asked, rows, "nothing was spent")
    return 0


def _keys(asked: argparse.Namespace, base: HolderBase) -> int:
    rows: list[dict[str, object]] = [
        {
            "epoch": one.epoch,
            "public_key": one.public.hex(),
            "made": moment(one.made_ms),
            "destroyed": moment(one.destroyed_ms) if one.destroyed_ms >= 0 else None,
        }
        for one in records_of(base)
    ]
    _rows(asked, rows, "no key was made; `stillwatch custodian serve` makes them")
    return 0


def _told(asked: argparse.Namespace, told: dict[str, object]) -> None:
    print(json.dumps(told) if asked.json else "\n".join(f"{name} {value}" for name, value in told.items()))


def _rows(asked: argparse.Namespace, rows: list[dict[str, object]], none: str) -> None:
    if asked.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print("  ".join(f"{name} {'-' if value is None else value}" for name, value in row.items()))
    if not rows:
        print(none)


ACTS: Final[dict[str, Callable[[argparse.Namespace, HolderBase], int]]] = {
    "init": _init,
    "admit": _admit,
    "dismiss": _dismiss,
    "spent": _spent,
    "keys": _keys,
}
