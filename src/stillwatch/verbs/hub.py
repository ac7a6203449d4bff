"""``stillwatch hub member|group|collection``: who is in an exchange, and who shares with whom."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.model.exchange import Record
from stillwatch.model.membership import Member, Purpose, Role, State, Tlp
from stillwatch.store.exchange import dockets, groups, log, members, opinions
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.holder import HolderBase, settle_calendar

try:
    from stillwatch.serve.hub.log import record
    from stillwatch.serve.hub.oblivious import holder_file
    from stillwatch.serve.hub.served import log_key, origin_of
    from stillwatch.sharing.transparency.note import SIGNED, Verifier
    from stillwatch.verbs.custodian import calendar_asked
except ImportError as error:
    raise InputError("the hub needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    Act = Callable[[sqlite3.Connection, argparse.Namespace], Any]

DAY_US: Final = 86_400_000_000


def now_us() -> int:
    """Read the clock (us since 1970)."""
    return time.time_ns() // 1_000


def logged(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Write to the transparency log, in the transaction of what it tells."""
    record(connection, [(one.kind, one.body) for one in records], now_us(), secrets.token_bytes)


def hub_verb(asked: argparse.Namespace) -> int:
    """Do one act; see ``stillwatch hub --help``."""
    return do(asked, ACTS)


def do(asked: argparse.Namespace, acts: Mapping[tuple[str, str], Act]) -> int:
    """Do the act that is asked for, in one transaction, and print what came of it."""
    path = Path(asked.store)
    makes = (asked.thing, asked.act) in {("member", "invite"), ("group", "set"), ("epochs", "set")}
    if not makes and not path.exists():
        raise InputError(f"--store {path}: there is no hub; `stillwatch hub member invite` makes one")
    file = HubFile(path, create=makes)
    try:
        with file.writing() as connection:
            told = acts[asked.thing, asked.act](connection, asked)
    finally:
        file.close()
    if asked.json:
        print(json.dumps(told, indent=2))
        return 0
    for row in told if isinstance(told, list) else [told]:
        print("  ".join(f"{name}: {_plain(value)}" for name, value in row.items()))
    return 0


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _flags(kind: type[Role | Purpose], text: str) -> int:
    found = 0
    for one in text.split(","):
        word = one.strip().upper()
        if word == "NONE" or word not in kind.__members__:
            known = ", ".join(name.lower() for name in kind.__members__ if name != "NONE")
            raise InputError(f"{one.strip()[:40]!r} is none of {known}")
        found |= kind[word].value
    return found


def _shown(one: Member) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": one.id,
        "state": one.state.value,
        "roles": [role.name.lower() for role in one.roles if role.name],
        "ceiling": one.ceiling.name.lower().replace("_", "-"),
        "purposes": [purpose.name.lower() for purpose in one.purposes if purpose.name],
    }


def _tell(connection: sqlite3.Connection, one: Member, event: str) -> None:
    logged(connection, [Record("membership", {"member": one.id, "event": event, "at_us": now_us()})])


def _list(connection: sqlite3.Connection, asked: argparse.Namespace) -> list[dict[str, Any]]:
    del asked
    return [_shown(one) for one in members.members(connection)]


def _invite(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    if not asked.member.strip() or "," in asked.member or not asked.member.isprintable():
        raise InputError("a member's name is printable and holds no comma")
    token = secrets.token_urlsafe(32)
    invited = Member(
        0,
        str(uuid.uuid4()),
        asked.member.strip(),
        State.INVITED,
        Role(_flags(Role, asked.roles)),
        Tlp[asked.ceiling.upper().replace("-", "_")],
        Purpose(_flags(Purpose, asked.purposes)),
    )
    made = members.invite(connection, invited, token.encode(), now_us())
    _tell(connection, made, "invited")
    return {**_shown(made), "invitation": token}


def _rotate(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    one = members.member_named(connection, asked.member)
    identity, secret = "s" + secrets.token_hex(8), secrets.token_urlsafe(32)
    overlap_us = int(max(asked.overlap_days, 0) * DAY_US)
    kept = members.fingerprint(secret.encode())
    members.rotate(connection, one, identity, "secret", kept, now_us(), overlap_us)
    _tell(connection, one, "rotated")
    return {"name": one.name, "user": identity, "secret": secret, "bearer": f"{identity}.{secret}"}


def _stand(
    change: Callable[[sqlite3.Connection, Member, int], Member], event: str
) -> Callable[[sqlite3.Connection, argparse.Namespace], dict[str, Any]]:
    def act(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
        one = change(connection, members.member_named(connection, asked.member), now_us())
        if one.state is State.LEFT:
            for group in groups.without(connection, one.number, now_us()):
                _tell_group(connection, group.id, group.version)
        # What it thinks counts from now on, or no longer: whoever follows a subject is told so.
        opinions.stood(connection, one.number, now_us())
        dockets.stood(connection, one.number, now_us())
        _tell(connection, one, event)
        return _shown(one)

    return act


def _tell_group(connection: sqlite3.Connection, identity: str, version: int) -> None:
    logged(connection, [Record("group", {"group": identity, "version": version, "at_us": now_us()})])


def _groups(connection: sqlite3.Connection, asked: argparse.Namespace) -> list[dict[str, Any]]:
    del asked
    names = {one.number: one.name for one in members.members(connection)}
    return [
        {"name": one.name, "id": one.id, "version": one.version, "members": [names[n] for n in sorted(one.members)]}
        for one in groups.groups(connection)
    ]


def _set(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    if not asked.group.strip() or not asked.group.isprintable():
        raise InputError("a group's name is printable")
    named = [members.member_named(connection, one.strip()) for one in asked.members.split(",") if one.strip()]
    for one in named:
        if one.state is State.LEFT:
            raise InputError("a member that has left is in no group")
    known = {one.name: one.id for one in groups.groups(connection)}
    identity = known.get(asked.group) or str(uuid.uuid4())
    made = groups.set_group(connection, identity, asked.group, [one.number for one in named], now_us())
    _tell_group(connection, made.id, made.version)
    return {"name": made.name, "id": made.id, "version": made.version, "members": [one.name for one in named]}


def _collections(connection: sqlite3.Connection, asked: argparse.Namespace) -> list[dict[str, Any]]:
    del asked
    names = {one.id: one.name for one in groups.groups(connection)}
    rows = connection.execute("SELECT title, id, group_id, plain_of IS NOT NULL FROM collections ORDER BY number")
    return [{"title": row[0], "id": row[1], "group": names[row[2]], "plain": bool(row[3])} for row in rows]


def _collection(connection: sqlite3.Connection, asked: argparse.Namespace) -> list[dict[str, Any]]:
    group = groups.group_named(connection, asked.group)
    identity = str(uuid.uuid4())
    number = groups.add_collection(connection, identity, asked.title, asked.description, group)
    made = [{"title": asked.title, "id": identity, "group": group.name, "plain": False}]
    if asked.plain:
        view, title = str(uuid.uuid4()), f"{asked.title} (plain)"
        groups.add_collection(connection, view, title, asked.description, group, number)
        made.append({"title": title, "id": view, "group": group.name, "plain": True})
    return made


def _epochs(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    made = calendar_asked(asked.starts, asked.days, asked.overlap_days)
    base = HolderBase(holder_file(Path(asked.store)))
    try:
        settle_calendar(base, made.start_ms, made.length_ms, made.overlap_ms)
    finally:
        base.close()
    told = {"starts": moment(made.start_ms), "days": asked.days, "overlap_days": asked.overlap_days}
    logged(connection, [Record("policy", {"epochs": dict(told), "at_us": now_us()})])
    return told


def _log(connection: sqlite3.Connection, asked: argparse.Namespace) -> dict[str, Any]:
    key, found = log_key(connection), log.checkpoint(connection)
    origin = origin_of(asked.base)
    return {
        "origin": origin,
        "vkey": str(Verifier(origin, SIGNED, key.public_key().public_bytes_raw())),
        "entries": log.edge(connection).size,
        "signed": found[0] if found else 0,
    }


ACTS: Final[dict[tuple[str, str], Act]] = {
    ("member", "list"): _list,
    ("member", "invite"): _invite,
    ("member", "rotate"): _rotate,
    ("member", "admit"): _stand(members.admit, "admitted"),
    ("member", "suspend"): _stand(members.suspend, "suspended"),
    ("member", "resume"): _stand(members.resume, "resumed"),
    ("member", "leave"): _stand(members.leave, "left"),
    ("group", "list"): _groups,
    ("group", "set"): _set,
    ("collection", "list"): _collections,
    ("collection", "add"): _collection,
    ("epochs", "set"): _epochs,
    ("log", "show"): _log,
}
"""What is done."""
