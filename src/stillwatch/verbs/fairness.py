"""``stillwatch fairness``: whom decisions fell on, in a store or in worlds whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from stillwatch.enforcement.fairness import fairness, strictest
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import read_key
from stillwatch.model.decision import Action
from stillwatch.model.fairness import Fell
from stillwatch.reports.fairness import WIDTH, fairness_html, fairness_table, fairness_values
from stillwatch.reports.files import write_atomically
from stillwatch.store import past
from stillwatch.verbs.fairness_world import ALONE, APPROVED, treated
from stillwatch.verbs.labels import column
from stillwatch.verbs.stores import open_store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stillwatch.model.fairness import Fairness, Kind

_TITLES: Final = {
    ALONE: "The machine alone, while nobody answers what waits for a person",
    APPROVED: "The worst case: somebody approves everything that waits, and no limit holds back",
}


def fairness_verb(asked: argparse.Namespace) -> int:
    """Show the report; see ``stillwatch fairness --help``."""
    return {"store": _of_store, "world": _of_worlds}[asked.act](asked)


def _of_store(asked: argparse.Namespace) -> int:
    door = Door(read_key(Path(asked.key), asked.epoch))
    path = Path(asked.accounts)
    file = read_accounts(path, door)
    sizes = column(path, "size", door)
    personas, operators, extracting = (
        column(Path(asked.truth), name, door) if asked.truth else {} for name in ("persona", "operator", "extracting")
    )
    database = open_store(asked)
    try:
        with database.reading() as connection:
            taken = strictest(past.latest(connection), shadow=asked.shadow)
    finally:
        database.close()
    fell = []
    for account, plan in zip(file.account.tolist(), file.plan, strict=True):
        action, undone = taken.get(account, (Action.OBSERVE, False))
        groups: dict[Kind, str] = {"plan": plan, "size": sizes.get(account, ""), "persona": personas.get(account, "")}
        told = extracting.get(account, "").lower() == "true"
        fell.append(Fell(action, undone, groups, operators.get(account, ""), told))
    found = fairness(fell, truth=bool(asked.truth))
    which = "Shadow decisions, as if they had been in force" if asked.shadow else "Decisions that were in force"
    return _told(asked, [("store", which, found)], ())


def _of_worlds(asked: argparse.Namespace) -> int:
    worlds = treated(asked)
    parts = [(name, _TITLES[name], fairness(fell, truth=True)) for name, fell in worlds.fell.items()]
    return _told(asked, parts, worlds.notes)


def _told(asked: argparse.Namespace, parts: Sequence[tuple[str, str, Fairness]], notes: Sequence[str]) -> int:
    if asked.out:
        write_atomically(Path(asked.out), fairness_html([(title, found) for _, title, found in parts], notes).encode())
    if asked.json:
        shown = {name: fairness_values(found) for name, _, found in parts}
        print(json.dumps(shown | {"notes": list(notes)}, allow_nan=False))
    else:
        # A table that is cut says nothing; a narrow terminal wraps or scrolls.
        console = Console(highlight=False, width=max(Console().width, WIDTH))
        for _, title, found in parts:
            console.print(fairness_table(found, title))
            said = f"exact intervals, all {found.intervals} hold at once with {found.confidence:.0%} (Bonferroni)"
            unknown = f"; nothing is known about: {', '.join(found.unknown)}" if found.unknown else ""
            console.print(Text(said + unknown, "dim"))
        for note in notes:
            console.print(Text(note, "dim"))
    return 1 if any(row.unlike for _, _, found in parts for row in found.groups) else 0
