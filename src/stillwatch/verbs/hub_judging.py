"""``stillwatch hub held|detector``: floods that wait for the operator, and the detectors that the exchange knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.model.exchange import Record
from stillwatch.sharing.detector import content_sha256
from stillwatch.store.exchange import detectors, held
from stillwatch.store.exchange.detectors import Detector
from stillwatch.store.exchange.members import member_named, members
from stillwatch.verbs.hub import do, logged, now_us

try:
    from stillwatch.serve.hub.quarantine import drop, release
    from stillwatch.serve.hub.taking import Taking
    from stillwatch.sharing.stix.plain import plain
except ImportError as error:
    raise InputError("the hub needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    import sqlite3

    from stillwatch.verbs.hub import Act

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
MOST_NAME: Final = 200
"""Longest name of a detector (characters)."""


def judging_verb(asked: argparse.Namespace) -> int:
    """Do one act; see ``stillwatch hub --help``."""
    return do(asked, ACTS)


def _taking() -> Taking:
    return Taking(plain=plain, appended=logged)


def _held(connection: sqlite3.Connection, asked: argparse.Namespace) -> list[dict[str, Any]]:
    del asked
    names = {one.number: one.name for one in members(connection)}
    return [
        {"name": names[number], "objects": objects, "bytes": size, "since": moment(since_us // 1_000)}
        for number, objects, size, since_us in held.waiting(connection)
    ]


def _release(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    one = member_named(connection, asked.member)
    released, refused = release(connection, _taking(), one, now_us())
    return {"name": one.name, "released": released, "refused": refused}


def _drop(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    one = member_named(connection, asked.member)
    return {"name": one.name, "dropped": drop(connection, _taking(), one, now_us())}


def _detectors(connection: sqlite3.Connection, asked: argparse.Namespace) -> list[dict[str, Any]]:
    del asked
    return [_shown(one) for one in detectors.detectors(connection)]


def _add(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    name, digest = asked.name.strip(), asked.sha256 or content_sha256()
    if not name or not name.isprintable() or len(name) > MOST_NAME:
        raise InputError(f"a detector's name is printable and has at most {MOST_NAME} characters")
    if not _DIGEST.fullmatch(digest):
        raise InputError("--sha256 takes 64 hexadecimal digits in small letters")
    made = Detector(name, digest, now_us())
    detectors.add(connection, made)
    _tell(connection, made, "added")
    return _shown(made)


def _remove(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    gone = detectors.remove(connection, asked.sha256)
    _tell(connection, gone, "removed")
    return _shown(gone)


def _tell(connection: sqlite3.Connection, one: Detector, event: str) -> None:
    told = {"detector": one.name, "sha256": one.sha256, "event": event, "at_us": now_us()}
    logged(connection, [Record("policy", told)])


def _shown(one: Detector) -> dict[str, Any]:
    return {"name": one.name, "sha256": one.sha256, "since": moment(one.since_us // 1_000)}


ACTS: Final[dict[tuple[str, str], Act]] = {
    ("held", "list"): _held,
    ("held", "release"): _release,
    ("held", "drop"): _drop,
    ("detector", "list"): _detectors,
    ("detector", "add"): _add,
    ("detector", "remove"): _remove,
}
"""What is done."""
