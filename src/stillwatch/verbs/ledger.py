"""``stillwatch ledger``: verify the chained record, show it, export its head."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError, StoreTorn
from stillwatch.reports.files import write_atomically
from stillwatch.reports.words import clean, counted
from stillwatch.store.ledger import Head, entries, head
from stillwatch.store.verify import head_text, readable
from stillwatch.verbs.decision_tables import table
from stillwatch.verbs.stores import open_store

if TYPE_CHECKING:
    import argparse

    from stillwatch.store.database import Database


def ledger_verb(asked: argparse.Namespace) -> int:
    """Do one act; see ``stillwatch ledger --help``."""
    try:
        database = open_store(asked)
    except StoreTorn as error:
        if asked.act != "verify":
            raise
        return _told(asked, 0, "", [(0, str(error))])
    try:
        return {"verify": _verify, "show": _show, "head": _head}[asked.act](asked, database)
    finally:
        database.close()


def _read_head(path: str) -> Head:
    try:
        kept = json.loads(Path(path).read_text(encoding="utf-8"))
        found = Head(int(kept["seq"]), bytes.fromhex(kept["hash"]))
    except OSError as error:
        raise InputError(f"--head {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"--head {path}: this is no head that `stillwatch ledger head` wrote") from error
    return found


def _verify(asked: argparse.Namespace, database: Database) -> int:
    found = readable(database, [_read_head(path) for path in asked.head])
    troubles = [(one.seq, one.what) for one in found.troubles]
    return _told(asked, found.entries, found.head.hash.hex(), troubles)


def _told(asked: argparse.Namespace, count: int, end: str, troubles: list[tuple[int, str]]) -> int:
    if asked.json:
        shown = [{"entry": seq, "what": what} for seq, what in troubles]
        print(json.dumps({"verifies": not troubles, "entries": count, "head": end, "troubles": shown}))
        return 1 if troubles else 0
    console = Console(highlight=False)
    if troubles:
        console.print(Text("the ledger does NOT verify", "bold red"))
        for seq, what in troubles:
            console.print(Text(f"entry {seq}: {clean(what)}" if seq else f"store: {clean(what)}"))
    else:
        console.print(Text(f"{counted(count, 'entry', 'entries')} verified, head {end}"))
        if not asked.head:
            console.print(Text("without a head kept elsewhere a cut-off end cannot be seen: --head FILE", "dim"))
    return 1 if troubles else 0


def _show(asked: argparse.Namespace, database: Database) -> int:
    with database.reading() as connection:
        found = list(entries(connection, asked.after, max(asked.most, 0)))
    if asked.json:
        for one in found:
            values = {"seq": one.seq, "at_ms": one.at_ms, "clock_ms": one.clock_ms, "kind": one.kind}
            print(json.dumps(values | {"subject": one.subject, "body": json.loads(one.body), "hash": one.hash.hex()}))
        return 0
    rows = ((str(one.seq), moment(one.at_ms), one.kind, one.subject, one.hash.hex()[:16], one.body) for one in found)
    Console(highlight=False).print(table(("entry", "when", "kind", "about", "hash", "body"), rows))
    return 0


def _head(asked: argparse.Namespace, database: Database) -> int:
    with database.reading() as connection:
        end = head(connection)
    text = head_text(end)
    if asked.out:
        write_atomically(Path(asked.out), text.encode() + b"\n")
    print(text if asked.json or not asked.out else f"{asked.out}: entry {end.seq}, {end.hash.hex()}")
    return 0
