"""``stillwatch check``: ask what others know of one's own accounts, and contribute nothing."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import read_key
from stillwatch.ingest.warninglists.listed import warninglists
from stillwatch.inputs import read_inputs
from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError, NotNow
from stillwatch.reports.progress import WaitingLine
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.store.member import questions
from stillwatch.verbs.join import opened

try:
    from stillwatch.serve.member.asking import ask, fetch
    from stillwatch.serve.member.evaluating import open_epoch
except ImportError as error:
    raise InputError("an exchange needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from stillwatch.inputs import Inputs
    from stillwatch.serve.member.membership import Membership
    from stillwatch.store.member.file import MemberFile
    from stillwatch.store.member.questions import Question


_NONE: Final[Mapping[str, int]] = MappingProxyType({})


def check_verb(asked: argparse.Namespace) -> int:
    """Ask, or fetch the answers to what was asked; see ``stillwatch check --help``."""
    file, member = opened(asked)
    try:
        with file.reading() as connection:
            every = questions.questions(connection)
        answered = [one for one in every if one.answered_ms >= 0]
        due = [one for one in every if one.answered_ms < 0 and (one.sent or member.now_ms >= one.closes_ms)]
        if asked.last:
            if not answered:
                raise InputError("--last: there are no answers yet")
            return _told(file, answered[-1], asked)
        return _fetch(file, member, due[0], asked) if due else _ask(file, member, asked)
    finally:
        file.close()


def _ask(file: MemberFile, member: Membership, asked: argparse.Namespace) -> int:
    alliance = Door(read_key(Path(asked.alliance), asked.alliance_epoch)) if asked.alliance else None
    values = Path(asked.values) if asked.values else None
    lists = warninglists([Path(folder) for folder in asked.warninglists])
    inputs = read_inputs(Path(asked.accounts), lists, values=values, issuer=asked.issuer, alliance=alliance)
    _preview(inputs, asked)
    if not inputs.of:
        return _tell(asked, _leaving(inputs) | {"epoch": None}, "there is nothing to ask about")
    if asked.preview:
        return _tell(asked, _leaving(inputs) | {"epoch": None}, "nothing was sent")
    epoch = open_epoch(member)
    with WaitingLine(Console(stderr=True), "making tags with both key holders"):
        ask(file, member, epoch, inputs.of)
    told = {"epoch": epoch.number, "answers_from": moment(epoch.closes_ms)}
    return _tell(
        asked, _leaving(inputs) | told, f"asked under epoch {epoch.number}; run this again after {told['answers_from']}"
    )


def _leaving(inputs: Inputs) -> dict[str, Any]:
    return {"asks": {kind: len(of) for kind, of in inputs.of.items()}, "left_out": dict(inputs.dropped)}


def _preview(inputs: Inputs, asked: argparse.Namespace) -> None:
    """Say what leaves, before it does: kinds and numbers."""
    if asked.json:
        return
    for kind, of in inputs.of.items():
        accounts = len({account for those in of.values() for account in those})
        print(f"asks about {len(of):,} of {kind}, of {accounts:,} accounts: {BY_NAME[kind].says}")
    for name, count in inputs.dropped.items():
        print(f"leaves out {count:,} on the list {name!r}")
    print("what leaves are tags that nobody can read, under handles that only this file knows", flush=True)


def _fetch(file: MemberFile, member: Membership, one: Question, asked: argparse.Namespace) -> int:
    try:
        common = fetch(file, member, one.epoch)
    except NotNow:
        told = {"epoch": one.epoch, "answers_from": moment(one.closes_ms), "answers": None}
        return _tell(asked, told, f"asked under epoch {one.epoch}; answers come after {told['answers_from']}")
    if common is None:
        told = {"epoch": one.epoch, "deleted": True, "answers": None}
        return _tell(
            asked, told, f"the hub has deleted the answers of epoch {one.epoch} by now; run this again to ask anew"
        )
    return _told(file, one, asked, common)


def _told(file: MemberFile, one: Question, asked: argparse.Namespace, common: Mapping[str, int] = _NONE) -> int:
    with file.reading() as connection:
        found = questions.known(connection, one.epoch)
    rows = [
        {"account": row.account, "kind": row.kind, "tags": row.tags, "members_at_least": row.members} for row in found
    ]
    if asked.json:
        told = {"epoch": one.epoch, "complete": one.sent, "answers": rows, "too_common": dict(common)}
        print(json.dumps(told))
        return 1 if rows else 0
    for row in rows:
        print(f"{row['account']}: {row['members_at_least']} others or more know {row['tags']} of its {row['kind']}")
    for kind, number in common.items():
        print(f"{number:,} of {kind} were not compared: too many of these accounts have them")
    if not one.sent:
        print("not everything had left when the epoch closed; ask again")
    if not rows:
        print(f"epoch {one.epoch}: of no account two others know the same")
    return 1 if rows else 0


def _tell(asked: argparse.Namespace, told: dict[str, Any], text: str) -> int:
    print(json.dumps(told) if asked.json else text)
    return 0
