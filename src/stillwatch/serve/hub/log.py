"""The hub's transparency log: records go in with what they tell, checkpoints are signed, receipts are handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillwatch.model.commitment import OPEN_KINDS
from stillwatch.sharing.transparency import checkpoint as checkpoints
from stillwatch.sharing.transparency import merkle
from stillwatch.sharing.transparency.checkpoint import Checkpoint
from stillwatch.sharing.transparency.leaves import SALT_BYTES, commit
from stillwatch.sharing.transparency.receipt import Receipt
from stillwatch.store.exchange import log
from stillwatch.store.exchange.sent import keep_about

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def record(
    connection: sqlite3.Connection,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    now_us: int,
    draw: Callable[[int], bytes],
) -> int:
    """Record in the log, inside the transaction of what is recorded.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    records
        Kind and body of each; one that tells of a member names it, and no other, as ``member``.
    now_us
        Now (µs since 1970).
    draw
        Gives so many random bytes: ``secrets.token_bytes``.

    Returns
    -------
    int
        Number of the first entry; the others follow without gaps.
    """
    every = list(records)
    first = log.append(connection, [commit(kind, body, now_us, draw(SALT_BYTES)) for kind, body in every])
    keep_about(connection, first, [body.get("member") or body.get("group") for _, body in every])
    return first


def publish(connection: sqlite3.Connection, origin: str, key: Ed25519PrivateKey, now_us: int) -> bool:
    """Sign the log as it is, where it has grown since the last checkpoint; False where it has not.

    Parameters
    ----------
    connection
        Inside a writing transaction of its own: what is signed must be on the disk before anybody sees it.
    origin, key
        The log's name and key.
    now_us
        Now (µs since 1970).
    """
    edge, last = log.edge(connection), log.checkpoint(connection)
    if last and last[0] >= edge.size:
        return False
    note = checkpoints.make(Checkpoint(origin, edge.size, edge.root), key)
    log.publish(connection, edge.size, note.text, str(note.signatures[0]), now_us)
    return True


def signed(connection: sqlite3.Connection, size: int | None = None) -> bytes | None:
    """Give a checkpoint with all signatures so far, the latest where no size is asked for; None without one."""
    found = log.checkpoint(connection, size)
    return found[1] + b"\n" + "".join(f"{line}\n" for line in found[2]).encode() if found else None


def receipt(connection: sqlite3.Connection, index: int, size: int | None = None, *, shown: bool) -> Receipt | None:
    """Make the receipt of an entry.

    Parameters
    ----------
    connection
        Reading is enough.
    index
        Number of the entry.
    size
        Size of a checkpoint; the latest where None.
    shown
        Whether the receipt holds salt and record: for the entry's own member. Records of open kinds always are.

    Returns
    -------
    Receipt or None
        None where the entry or the checkpoint does not exist, or the checkpoint does not reach the entry.
    """
    found, entry = log.checkpoint(connection, size), log.entry(connection, index)
    note = signed(connection, size)
    if not found or not note or not entry or index >= found[0]:
        return None
    proof = tuple(merkle.inclusion(index, found[0], log.Nodes(connection)))
    if entry.salt is None or entry.record is None or not (shown or entry.kind in OPEN_KINDS):
        return Receipt(index, proof, note)
    return Receipt(index, proof, note, entry.salt, entry.record)
