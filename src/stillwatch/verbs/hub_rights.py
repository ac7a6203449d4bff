"""``stillwatch hub record|erase|request|statistics``: what members and the public are owed."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.model.exchange import Record
from stillwatch.reports.account_page import account_page
from stillwatch.reports.files import write_atomically
from stillwatch.store.exchange.account import SECTIONS
from stillwatch.store.exchange.books import Books, every_row
from stillwatch.store.exchange.erasing import keep_request, requests
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.holder import HolderBase, calendar_of
from stillwatch.store.exchange.members import member_named
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.verbs.hub import logged, now_us

try:
    from stillwatch.serve.hub.closing import RULE
    from stillwatch.serve.hub.erasing import erase_object
    from stillwatch.serve.hub.noise import laplace
    from stillwatch.serve.hub.oblivious import holder_file, tags_file
    from stillwatch.serve.hub.statistics import release_due, told
    from stillwatch.sharing.counts import MOST_EPSILON
    from stillwatch.sharing.oblivious.epochs import Calendar
    from stillwatch.sharing.stix.plain import plain
except ImportError as error:
    raise InputError("the hub needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

MOST_REFERENCE: Final = 500
"""Longest reference of an order or a request (characters)."""
_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,249}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@contextmanager
def _opened(asked: argparse.Namespace) -> Iterator[HubFile]:
    path = Path(asked.store)
    if not path.exists():
        raise InputError(f"--store {path}: there is no hub; `stillwatch hub member invite` makes one")
    file = HubFile(path, create=False)
    try:
        yield file
    finally:
        file.close()


def _say(asked: argparse.Namespace, told: dict[str, Any] | list[dict[str, Any]]) -> int:
    if asked.json:
        print(json.dumps(told, indent=2))
        return 0
    for row in told if isinstance(told, list) else [told]:
        print("  ".join(f"{name}: {value}" for name, value in row.items()))
    return 0


def _reference(option: str, text: str) -> str:
    if not 0 < len(text.strip()) <= MOST_REFERENCE or not text.isprintable():
        raise InputError(f"{option} takes a line of at most {MOST_REFERENCE} printable characters")
    return text.strip()


def record_verb(asked: argparse.Namespace) -> int:
    """Write the account of one member; see ``stillwatch hub record --help``."""
    tags_path = tags_file(Path(asked.store))
    out = Path(asked.out)
    with _opened(asked) as file:
        tags = TagBase(tags_path, create=False) if tags_path.exists() else None
        try:
            # One view of one moment: both files tell the same, whoever writes meanwhile.
            with file.whole() as connection, tags.reading() if tags else nullcontext() as beside:
                books = Books(connection, beside, member_named(connection, asked.member))
                out.mkdir(parents=True, exist_ok=True, mode=0o700)
                counts = _write(books, out)
        except OSError as error:
            raise InputError(f"--out {out}: the folder cannot be made: {error.strerror}") from error
        finally:
            if tags:
                tags.close()
    return _say(asked, {"member": books.member.name, "out": str(out), **counts})


def _write(books: Books, out: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    sections = ((one.name, one.says, every_row(books, one)) for one in SECTIONS)
    pieces = account_page(books.member.name, moment(now_us() // 1_000), sections)
    write_atomically(out / "record.jsonl", lambda target: target.writelines(_lines(books, counts)))
    write_atomically(out / "record.md", lambda target: target.writelines(piece.encode() for piece in pieces))
    return counts


def _lines(books: Books, counts: dict[str, int]) -> Iterator[bytes]:
    for section in SECTIONS:
        counts[section.name] = 0
        for row in every_row(books, section):
            counts[section.name] += 1
            yield json.dumps({"section": section.name, **row}).encode() + b"\n"


def erase_verb(asked: argparse.Namespace) -> int:
    """Erase an object by order of law; see ``stillwatch hub erase --help``."""
    order = _reference("--order", asked.order)
    if not _ID.fullmatch(asked.object):
        raise InputError("OBJECT is the STIX id of an object: type--UUID")
    with _opened(asked) as file:
        try:
            with file.writing() as connection:
                found = erase_object(connection, asked.object, order, asked.government or "", (plain, logged), now_us())
        finally:
            # Of what is erased already, too: a reader may have held the write-ahead log the first time.
            file.settle()
    return _say(asked, {"object": asked.object, "versions": found.versions, "entries": list(found.entries)})


def request_add(asked: argparse.Namespace) -> int:
    """Record that an authority asked for access; see ``stillwatch hub request add --help``."""
    reference = _reference("--reference", asked.reference)
    told = {"authority": asked.authority, "reference": reference, "at_us": now_us()}
    with _opened(asked) as file, file.writing() as connection:
        keep_request(connection, asked.authority, reference, told["at_us"])
        logged(connection, [Record("government-request", {"event": "asked", **told})])
    return _say(asked, told)


def request_list(asked: argparse.Namespace) -> int:
    """Show what authorities asked for; see ``stillwatch hub request list --help``."""
    with _opened(asked) as file, file.reading() as connection:
        found = requests(connection)
    return _say(
        asked, [{"at": moment(at // 1_000), "authority": one, "reference": reference} for at, one, reference in found]
    )


def statistics_verb(asked: argparse.Namespace) -> int:
    """Release the statistics of closed epochs; see ``stillwatch hub statistics --help``."""
    if not 0 < asked.epsilon <= MOST_EPSILON:
        raise InputError(f"--epsilon lies above 0, and at most at {MOST_EPSILON:g}")
    store = Path(asked.store)
    with _opened(asked) as file:
        if tags_file(store).exists():
            _release(file, store, asked.epsilon)
        with file.reading() as connection:
            public = json.loads(told(connection))
    if asked.json:
        return _say(asked, public)
    for epoch in public["epochs"]:
        figures = "  ".join(
            f"{one['name']}: {one['value']:,} ± {2**0.5 * one['scale']:,.0f}" for one in epoch["figures"]
        )
        print(f"epoch: {epoch['epoch']}  epsilon: {epoch['epsilon']:g}  {figures}")
    for year in public["years"]:
        print("  ".join(f"{name}: {value}" for name, value in year.items()))
    return 0


def _release(file: HubFile, store: Path, epsilon: float) -> None:
    base = HolderBase(holder_file(store), create=False)
    try:
        found = calendar_of(base)
    finally:
        base.close()
    if found is None:
        raise InputError("no calendar is settled; run `stillwatch hub epochs set`")
    alike = {kind for kind, need in RULE.alike.items() if need > 1}
    tags = TagBase(tags_file(store), create=False)
    try:
        with tags.reading() as beside, file.writing() as connection:
            release_due(connection, beside, Calendar(*found), alike, (epsilon, laplace), logged, now_us())
    finally:
        tags.close()
