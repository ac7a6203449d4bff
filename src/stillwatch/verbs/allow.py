"""``stillwatch allow``: accounts that this provider vouches for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import read_key
from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.words import counted
from stillwatch.store.member import allowed
from stillwatch.store.member.file import MemberFile
from stillwatch.verbs.join import tell
from stillwatch.verbs.stores import now_ms

if TYPE_CHECKING:
    import argparse


def allow_verb(asked: argparse.Namespace) -> int:
    """Vouch for accounts; see ``stillwatch allow --help``."""
    path = Path(asked.member)
    if not path.exists():
        raise InputError(f"--member {path}: there is no member's file; `stillwatch join` makes one")
    file = MemberFile(path, create=False)
    try:
        if asked.act == "list":
            with file.reading() as connection:
                rows = allowed.listed(connection)
            told = [{"account": pseudonym_text(one), "why": why, "since": moment(at_ms)} for one, why, at_ms in rows]
            lines = ["  ".join(row.values()) for row in told]
            return tell(asked, {"allowed": told}, "\n".join(lines) or "nobody is vouched for")
        door = Door(read_key(Path(asked.key), asked.epoch))
        accounts = [door.account(name) for name in asked.accounts]
        with file.writing() as connection:
            count = (
                allowed.allow(connection, accounts, asked.why, now_ms())
                if asked.act == "add"
                else allowed.disallow(connection, accounts)
            )
    finally:
        file.close()
    return tell(asked, {"changed": count}, f"{counted(count, 'account')} changed")
