"""Say what this member thinks, hear what all think, and take part in dockets of appeals."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from stillwatch.model.errors import InputError, NotShown, PeerError
from stillwatch.serve.member.membership import HUB
from stillwatch.store.member import judged
from stillwatch.store.member.file import keep, setting
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from stillwatch.serve.member.membership import Membership
    from stillwatch.serve.member.peer import Answer
    from stillwatch.store.member.file import MemberFile

OPINIONS: Final = "/v1/opinions"
DOCKETS: Final = "/v1/dockets"
STANCES: Final = ("negative", "seed", "positive")
"""No abuse here; worth a look; abuse here."""
OUTCOMES: Final = ("opened", "overturned", "upheld")
"""How an appeal stands at the member that opens a docket."""
REVIEWS: Final = ("overturned", "upheld", "not-acted")
"""What a member's own review of what it did can come to."""
MOST_PAGES: Final = 1_000
_ID: Final = re.compile(r"[0-9a-f-]{36}")
_Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
_Word = Annotated[str, msgspec.Meta(max_length=64)]
_Us = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]


class _Opinion(msgspec.Struct):
    subject: _Subject
    state: _Word
    negative: int
    seed: int
    positive: int
    at_us: _Us


class _Opinions(msgspec.Struct):
    opinions: Annotated[list[_Opinion], msgspec.Meta(max_length=10_000)]
    more: bool


class _Docket(msgspec.Struct):
    docket: _Word
    subject: _Subject
    own: _Word
    at_us: _Us
    others: dict[_Word, int] = {}


class _Dockets(msgspec.Struct):
    dockets: Annotated[list[_Docket], msgspec.Meta(max_length=10_000)]
    more: bool


def receive(file: MemberFile, member: Membership) -> tuple[int, int]:
    """Fetch opinions and dockets that changed since the last look; gives how many of each."""

    def opinions(content: bytes) -> tuple[list[_Opinion], bool]:
        page = msgspec.json.decode(content, type=_Opinions)
        return page.opinions, page.more

    def dockets(content: bytes) -> tuple[list[_Docket], bool]:
        page = msgspec.json.decode(content, type=_Dockets)
        return page.dockets, page.more

    return (
        _pages(file, member, OPINIONS, opinions, judged.keep_opinions),
        _pages(file, member, DOCKETS, dockets, judged.keep_dockets),
    )


def _pages(
    file: MemberFile,
    member: Membership,
    path: str,
    read: Callable[[bytes], tuple[Iterable[Any], bool]],
    kept: Callable[[Any, Iterable[Mapping[str, Any]]], int],
) -> int:
    name, count = f"cursor {path}", 0
    for _ in range(MOST_PAGES):
        with file.reading() as connection:
            since = (setting(connection, name) or b"0").decode()
        answer = member.hub.ask("GET", f"{path}?since={since}")
        try:
            found, more = read(answer.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise PeerError(f"the hub answers {path} in a form that is not ours") from error
        rows = [msgspec.to_builtins(one) for one in found]
        if not rows:
            break
        last = max(row["at_us"] for row in rows)
        if last <= int(since):
            raise PeerError(f"the hub answers {path} with what was asked to be left out")
        with file.writing() as connection:
            noted(connection, "in", HUB, f"{len(rows)} rows of {path}", answer.content, member.now_ms)
            count += kept(connection, rows)
            keep(connection, name, str(last).encode())
        if not more:
            break
    return count


def say(file: MemberFile, member: Membership, subject: str, stance: str, why: str = "") -> str:
    """Hold an opinion; gives what all opinions add up to.

    Parameters
    ----------
    file
        The member's file.
    member
        Who says it.
    subject
        ``joint:EPOCH:NAME`` or a STIX identifier.
    stance
        One of ``STANCES``.
    why
        For the hub's operator; no other member sees it.
    """
    body = json.dumps({"subject": subject, "stance": stance, **({"explanation": why} if why else {})}).encode()
    state = str(_seen(member, "POST", OPINIONS, body, subject).told().get("state", ""))[:64]
    with file.writing() as connection:
        noted(connection, "out", HUB, f"opinion {stance} on {subject}", body, member.now_ms)
        judged.keep_opinions(connection, [{"subject": subject, "state": state, "at_us": member.clock()}])
    return state


def open_docket(file: MemberFile, member: Membership, subject: str, outcome: str) -> str:
    """Tell that a customer appealed what was done for a subject; gives the docket."""
    body = json.dumps({"subject": subject, "outcome": outcome}).encode()
    answer = _seen(member, "POST", DOCKETS, body, subject)
    with file.writing() as connection:
        noted(connection, "out", HUB, f"docket on {subject}: {outcome}", body, member.now_ms)
        keep(connection, f"docket {subject}", outcome.encode())
    return str(answer.told().get("docket", ""))


def review(file: MemberFile, member: Membership, docket: str, outcome: str) -> None:
    """Tell what this member's own review came to."""
    if not _ID.fullmatch(docket):
        raise InputError(f"{docket[:80]!r} is no docket; `stillwatch docket list` shows all")
    body = json.dumps({"outcome": outcome}).encode()
    _seen(member, "POST", f"{DOCKETS}/{docket}", body, docket)
    with file.writing() as connection:
        noted(connection, "out", HUB, f"review of docket {docket}: {outcome}", body, member.now_ms)
        judged.reviewed(connection, docket, outcome)


def _seen(member: Membership, method: str, path: str, body: bytes, what: str) -> Answer:
    """Ask; what the hub shows this member nothing of is named as its caller knows it."""
    try:
        return member.hub.ask(method, path, body)
    except NotShown as error:
        raise InputError(
            f"{what[:300]}: the hub shows this member nothing of it; `stillwatch inbox` and `stillwatch docket list` "
            "show what there is"
        ) from error
