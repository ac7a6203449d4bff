"""``stillwatch inbox``: what matched leaves, what others found comes in, and all of it is shown."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.text import Text

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError, PeerError
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.layout import empty_table, show
from stillwatch.reports.words import counted
from stillwatch.verbs.join import opened
from stillwatch.verbs.stores import now_ms

try:
    from stillwatch.serve.member.intelligence import receive_objects
    from stillwatch.serve.member.opinions import receive as receive_judged
    from stillwatch.serve.member.receiving import Received, receive_joint
    from stillwatch.store.member import identifiers, inbox, judged, objects
    from stillwatch.verbs.inbox_page import Seen
except ImportError as error:
    raise InputError("an exchange needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stillwatch.store.member.file import MemberFile
    from stillwatch.store.member.inbox import JointFinding


def inbox_verb(asked: argparse.Namespace) -> int:
    """Look, once or again and again; see ``stillwatch inbox --help``."""
    if asked.watch is not None and not asked.watch >= 1:
        raise InputError(f"--watch {asked.watch}: look every second at most")
    file, member = opened(asked)
    try:
        while True:
            got = Received()
            if not asked.offline:
                try:
                    got = receive_joint(file, member)
                    receive_objects(file, member)
                    receive_judged(file, member)
                except PeerError as error:
                    if asked.watch is None:
                        raise
                    print(f"stillwatch: {error}", file=sys.stderr)
            code = _shown(file, got, asked)
            if asked.watch is None:
                return code
            time.sleep(asked.watch)
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt("what came before is kept") from error
    finally:
        file.close()


def _shown(file: MemberFile, got: Received, asked: argparse.Namespace) -> int:
    with file.reading() as connection:
        found, at_ms = inbox.findings(connection), now_ms()
        seen = Seen(
            objects.warnings(connection),
            objects.objects(connection, at_ms, "campaign"),
            [one for one in judged.dockets(connection) if one.due],
            judged.opinions(connection),
            identifiers.matches(connection),
        )
    counting = [one for one in found if one.counts(at_ms) and one.told["extracting"]]
    if asked.json:
        told = {"offered": got.offered, "new": got.joint, "waiting": list(got.waiting)}
        told |= {"joint": [_told(one, at_ms) for one in found], **seen.told()}
        print(json.dumps(told), flush=True)
    else:
        show(Group(_page(found, got, at_ms), *seen.parts()), Console())
    return 1 if counting else 0


def _told(one: JointFinding, at_ms: int) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "members_at_least": one.members,
        "accounts": [pseudonym_text(account) for account in one.account.tolist()],
        "standing": [pseudonym_text(account) for account in one.account[one.stands].tolist()],
        "counts": one.counts(at_ms),
        "opinion": one.opinion or None,
        "received": moment(one.received_ms),
        "until": moment(one.until_ms),
        "source": f"joint detection of epoch {one.epoch}",
        **one.told,
    }


def _page(found: Sequence[JointFinding], got: Received, at_ms: int) -> Group:
    parts: list[Any] = []
    if got.offered:
        parts.append(Text(f"{counted(got.offered, 'group')} matched, of which more has left now"))
    parts += [Text(f"epoch {epoch}: nothing is joined yet") for epoch in got.waiting]
    if not found:
        return Group(*parts, Text("no group of this provider is part of a joint campaign"))
    table = empty_table()
    # A name that is cut short names nothing: it is what every other verb asks for.
    table.add_column("joint campaign", min_width=max(len(one.subject) for one in found), no_wrap=True)
    for title in ("members", "accounts", "stand", "one operator"):
        table.add_column(title)
    table.add_column("extraction", min_width=len("0.00 reported"), no_wrap=True)
    table.add_column("counts", min_width=len("disputed"), no_wrap=True)
    for one in found:
        state = one.opinion.lower() or ("yes" if one.counts(at_ms) else "over")
        table.add_row(
            one.subject,
            f"{one.members}+",
            str(one.account.shape[0]),
            str(int(one.stands.sum())),
            f"{one.told['one_operator']:.2f}",
            f"{one.told['extraction']:.2f}" + (" reported" if one.told["extracting"] else ""),
            state,
        )
    note = (
        "Accounts: own ones in it. Stand: those that would be in it without any one other member, too.\n"
        "Evidence of several providers, for a person to look at; a verdict is made under own terms."
    )
    parts += [table, Text(note)]
    return Group(*parts)
