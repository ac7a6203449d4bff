"""Ask what others know of one's own accounts, and contribute nothing.

::

    handles = one an account and kind      kept first: the member alone knows whose they are
    tags    = both key holders
    POST /v1/tags?asks=1                   compared when the epoch closes; in nobody's match
    GET  /v1/matches                       accounts of which two others, at least, know the same
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import PeerError
from stillwatch.serve.hub.tag_routes import MATCHES, TAGS
from stillwatch.serve.member.evaluating import tags_of
from stillwatch.serve.member.membership import HUB
from stillwatch.serve.member.peer import BYTES
from stillwatch.serve.member.sharing import bodies, post
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.oblivious.submission import HANDLE, grouped, handle
from stillwatch.store.member import questions
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillwatch.serve.member.evaluating import OpenEpoch
    from stillwatch.serve.member.membership import Membership
    from stillwatch.store.member.file import MemberFile

_MOST: Final = 1 << 31


def handle_of(member: Membership, epoch: int, kind: str, account: str) -> bytes:
    """Seal an account, otherwise for each kind: the hub cannot tell that two kinds are of one account."""
    return handle(member.handles, epoch, f"asked {kind} {account}")


def ask(
    file: MemberFile,
    member: Membership,
    epoch: OpenEpoch,
    inputs: Mapping[str, Mapping[bytes, tuple[str, ...]]],
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Ask under the open epoch.

    Parameters
    ----------
    file
        The member's file.
    member
        Who asks.
    epoch
        The open epoch.
    inputs
        Kind -> input -> accounts.
    told
        Called with the number of inputs of one kind that are done.

    Raises
    ------
    NotNow
        The epoch has closed, or a budget is spent.
    PeerError
        A peer refuses, or does not prove that it used its published key.

    Notes
    -----
    Whoever is stopped half way asks again; it spends of the budget once more, and is answered once.
    """
    number = epoch.number
    sealed = {
        kind: {one: [handle_of(member, number, kind, account) for account in of] for one, of in values.items()}
        for kind, values in inputs.items()
    }
    whose = {
        handle_of(member, number, kind, account): (kind, account)
        for kind, values in inputs.items()
        for account in {account for of in values.values() for account in of}
    }
    with file.writing() as connection:
        questions.ask(connection, number, epoch.closes_ms, whose, member.now_ms)
    for kind, values in sealed.items():
        for some, tags in tags_of(file, member, epoch, kind, sorted(values), told):
            for body in bodies(grouped(tags, [values[one] for one in some], secrets.token_bytes)):
                post(file, member, f"{TAGS}?epoch={number}&kind={kind}&asks=1", body, f"asked about {kind}", BYTES)
    with file.writing() as connection:
        questions.sent(connection, number)


def fetch(file: MemberFile, member: Membership, epoch: int) -> dict[str, int] | None:
    """Fetch the answers of an epoch and keep them.

    Returns
    -------
    dict or None
        How many tags of each kind were too common to be compared; None where the hub has deleted the answers by now,
        and what was asked is dropped.

    Raises
    ------
    NotNow
        The epoch has not closed.
    PeerError
        The hub does not answer, or in a form that is not ours.
    """
    got = member.hub.ask("GET", f"{MATCHES}?epoch={epoch}")
    told = got.told()
    answers, common = told.get("answers"), told.get("too_common")
    if not isinstance(answers, list) or not isinstance(common, dict) or not all(map(_sound, answers)):
        raise PeerError("the hub answers in a form that is not ours; is it of another version?")
    if not all(kind in BY_NAME and _counts(number, 1) for kind, number in common.items()):
        raise PeerError("the hub counts what is too common in a form that is not ours")
    rows = [(bytes.fromhex(one["handle"]), one["kind"], one["tags"], one["members_at_least"]) for one in answers]
    if told.get("deleted") is True:
        with file.writing() as connection:
            questions.drop(connection, epoch)
        return None
    with file.writing() as connection:
        noted(connection, "in", HUB, f"answers of epoch {epoch}", got.content, member.now_ms)
        questions.answer(connection, epoch, rows, member.now_ms)
    return common


def _sound(one: Any) -> bool:  # noqa: ANN401 - what a peer sent
    return (
        isinstance(one, dict)
        and isinstance(one.get("handle"), str)
        and len(one["handle"]) == 2 * HANDLE
        and all(letter in "0123456789abcdef" for letter in one["handle"])
        and one.get("kind") in tuple(BY_NAME)
        and _counts(one.get("tags"), 1)
        and _counts(one.get("members_at_least"), 2)
    )


def _counts(one: Any, least: int) -> bool:  # noqa: ANN401 - as above
    return isinstance(one, int) and not isinstance(one, bool) and least <= one < _MOST
