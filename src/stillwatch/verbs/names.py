"""``stillwatch key`` and ``stillwatch pseudonym``: between the provider's names and those of a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.ingest.accounts import account_names
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key, read_key, rotate_key
from stillwatch.model.pseudonym import PREFIX, pseudonym_text
from stillwatch.verbs.reading import CLEAN, PARTIAL

if TYPE_CHECKING:
    import argparse


def key_verb(asked: argparse.Namespace) -> int:
    """Make, rotate or show a key; see ``stillwatch key --help``."""
    path = Path(asked.file)
    key = {"new": create_key, "rotate": rotate_key, "show": read_key}[asked.act](path)
    print(f"{path}: epoch {key.epoch}, fingerprint {key.fingerprint()}")
    return CLEAN


def pseudonym_verb(asked: argparse.Namespace) -> int:
    """Translate accounts; see ``stillwatch pseudonym --help``."""
    door = Door(read_key(Path(asked.key), asked.epoch))
    known: dict[str, str] = {}
    if asked.accounts:
        known = {pseudonym_text(door.account(name)): name for name in account_names(Path(asked.accounts))}
    missing = 0
    for name in asked.names:
        if name in known:
            print(f"{name}\t{known[name]}")
        elif name.startswith(PREFIX):
            print(f"{name}\t(not in the account file under this key; give --accounts and the report's epoch)")
            missing += 1
        else:
            print(f"{name}\t{pseudonym_text(door.account(name))}")
    return PARTIAL if missing else CLEAN
