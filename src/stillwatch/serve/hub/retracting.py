"""The hub takes an object back for the member that submitted it, as that member's own next version would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.exchange import Record
from stillwatch.serve.hub.taking import right
from stillwatch.sharing.stix.build import revoked
from stillwatch.sharing.taxii.incoming import read_entries
from stillwatch.store.exchange.objects import own_latest, places

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.model.membership import Member
    from stillwatch.serve.hub.taking import Taking


def retract(
    connection: sqlite3.Connection, taking: Taking, owner: Member, identity: str, docket: str, now_us: int
) -> int:
    """Add a revoked version of a member's own object to every collection that holds it; gives how many did.

    Notes
    -----
    What has no versions (an account, a model) cannot be taken back in STIX; nor can what is dated at the end of time.
    The opinion on it stands all the same. Collections that the member has left are included: it must reach their
    readers, too.
    """
    done = 0
    for at in places(connection, owner):
        newest = own_latest(connection, at.number, identity, owner.number)
        if newest is None or at.plain:
            continue
        version_us, body = newest
        try:
            # A second later at least: the same second can be written in two ways.
            made = revoked(body, max(now_us // 1_000, version_us // 1_000 + 1_000))
        except (ValueError, OverflowError):
            continue
        entries, _ = read_entries([made], taking.handling, right)
        for entry in entries:
            told = {"member": owner.id, "collection": at.id, "object": identity, "docket": docket, "at_us": now_us}
            taking.appended(connection, [Record("retraction", {**told, "sha256": entry.digest.hex()})])
        done += len(taking.take(connection, at, owner, entries, now_us, docket).added)
    return done
