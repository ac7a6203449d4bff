"""Identifiers of accounts in candidate groups, by kind: payments, domains, networks. Nothing leaves but by policy."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from stillwatch.serve.hub.tag_routes import TAGS
from stillwatch.serve.member.evaluating import tags_of
from stillwatch.serve.member.peer import BYTES
from stillwatch.serve.member.sharing import bodies, post, without
from stillwatch.sharing.oblivious.kinds import TRAIT
from stillwatch.sharing.oblivious.submission import grouped
from stillwatch.store.member import identifiers, shares
from stillwatch.store.member.allowed import allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stillwatch.serve.member.evaluating import OpenEpoch
    from stillwatch.serve.member.membership import Membership
    from stillwatch.store.member.file import MemberFile
    from stillwatch.store.member.shares import Prepared


def of_groups(
    inputs: Mapping[str, Mapping[bytes, Sequence[str]]],
    groups: Sequence[Prepared],
    account: Callable[[str], int],
    kinds: Collection[str],
) -> dict[str, dict[bytes, list[bytes]]]:
    """Give identifiers to the groups whose accounts have them.

    Parameters
    ----------
    inputs
        Kind -> input -> accounts as the logs name them, of all accounts.
    groups
        Groups of a share.
    account
        Gives the pseudonym of an account.
    kinds
        Kinds that may leave.

    Returns
    -------
    dict
        Kind -> input -> handles of groups. Of accounts that are in no group nothing is there.
    """
    whose: dict[int, list[bytes]] = {}
    for one in groups:
        for name in one.account.tolist():
            whose.setdefault(name, []).append(one.handle)
    made: dict[str, dict[bytes, list[bytes]]] = {}
    for kind in sorted(set(inputs) & set(kinds) - {TRAIT}):
        for value, accounts in inputs[kind].items():
            handles = {handle for name in accounts for handle in whose.get(account(name), ())}
            if handles:
                made.setdefault(kind, {})[value] = sorted(handles)
    return made


def send(file: MemberFile, member: Membership, epoch: OpenEpoch, number: int) -> dict[str, int]:
    """Send the identifiers of a share that waits, and forget them; gives how many of each kind."""
    with file.reading() as connection:
        # Asked again: since it was prepared, the provider may have vouched for somebody.
        open_to = {one.handle for one in without(shares.groups(connection, number), allowed(connection))}
        waiting = _held_by(identifiers.waiting(connection, number), open_to)
    for kind, inputs in waiting.items():
        for some, tags in tags_of(file, member, epoch, kind, sorted(inputs)):
            for body in bodies(grouped(tags, [inputs[one] for one in some], secrets.token_bytes)):
                path = f"{TAGS}?epoch={epoch.number}&kind={kind}"
                post(file, member, path, body, f"tags of {len(some)} identifiers, {kind}", BYTES)
    with file.writing() as connection:
        identifiers.forget(connection, number)
    return {kind: len(inputs) for kind, inputs in waiting.items()}


def _held_by(
    waiting: Mapping[str, Mapping[bytes, Sequence[bytes]]], handles: Collection[bytes]
) -> dict[str, dict[bytes, list[bytes]]]:
    """Keep what some groups have: kind -> input -> handles."""
    made: dict[str, dict[bytes, list[bytes]]] = {}
    for kind, inputs in waiting.items():
        for one, those in inputs.items():
            kept = [handle for handle in those if handle in handles]
            if kept:
                made.setdefault(kind, {})[one] = kept
    return made
