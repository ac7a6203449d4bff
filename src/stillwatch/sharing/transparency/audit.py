"""Verify a log from outside: it was only added to, everybody is shown the same, and it holds what its members sent.

``fetch(path)`` gives the bytes that the log serves below its prefix; nothing fetched is believed before it fits a
signed root. What does not fit is told and kept: two signed checkpoints that disagree convict a log by themselves.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from stillwatch.model.errors import LogError
from stillwatch.model.merkle import TILE_WIDTH, Frontier, grow, leaf_hash
from stillwatch.sharing.transparency.checkpoint import Trust, open_checkpoint
from stillwatch.sharing.transparency.merkle import check_consistency, check_inclusion, consistency, inclusion
from stillwatch.sharing.transparency.note import Note, cosign, read_note
from stillwatch.sharing.transparency.receipt import check_receipt, read_receipt
from stillwatch.sharing.transparency.tiles import ENTRIES, Tile, TileNodes, read_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from stillwatch.sharing.transparency.checkpoint import Checkpoint, Opened
    from stillwatch.sharing.transparency.merkle import Node
    from stillwatch.sharing.transparency.receipt import Receipt

    Fetch: TypeAlias = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Fork:
    """Two checkpoints of one log that cannot both be true."""

    one: Opened
    """The smaller tree."""
    other: Opened
    """The larger tree, or another of the same size."""
    why: str
    """In one sentence."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found."""

    latest: Opened | None
    """The checkpoint that the log shows now, None where it shows none that can be believed."""
    entries: int
    """Entries that were read and fit the root."""
    receipts: int
    """Receipts that hold, in their own checkpoint and in the latest."""
    forks: tuple[Fork, ...]
    """Checkpoints that disagree."""
    problems: tuple[str, ...]
    """Everything that does not hold, one sentence each; empty where all is well."""


def check_extends(old: Checkpoint, new: Checkpoint, node: Node) -> None:
    """Verify from the log's tiles that a later tree begins with an earlier one.

    Raises
    ------
    LogError
        It does not, or the log does not serve what would show it.
    """
    if old.size > new.size:
        raise LogError(f"the log has shrunk from {old.size} to {new.size} entries")
    proof = consistency(old.size, new.size, node) if old.size < new.size else []
    check_consistency(old.size, old.root, new.size, new.root, proof)


def check_held(receipt: Receipt, tree: Checkpoint, node: Node) -> None:
    """Verify from the log's tiles that the record of a receipt is in a tree, at the place that the receipt says.

    Raises
    ------
    LogError
        It is not, or the log does not serve what would show it.
    """
    if receipt.index >= tree.size:
        raise LogError(f"entry {receipt.index} of a receipt is beyond the log's {tree.size} entries")
    proof = inclusion(receipt.index, tree.size, node)
    check_inclusion(leaf_hash(receipt.entry), receipt.index, tree.size, proof, tree.root)


def check_entries(tree: Checkpoint, fetch: Fetch) -> None:
    """Verify that the entries that a log serves, all of them, make its root.

    Raises
    ------
    LogError
        They do not.

    Notes
    -----
    Reads the whole log, 34 bytes an entry.
    """
    frontier = Frontier()
    for first in range(0, tree.size, TILE_WIDTH):
        tile = Tile(ENTRIES, first // TILE_WIDTH, min(TILE_WIDTH, tree.size - first))
        entries = read_bundle(fetch(tile.path))
        if len(entries) != tile.width:
            raise LogError(f"{tile.path} holds {len(entries)} entries")
        frontier, _ = grow(frontier, map(leaf_hash, entries))
    if frontier.root != tree.root:
        raise LogError(f"the {tree.size} entries that the log serves do not make the root it signed")


def find_forks(opened: Iterable[Opened], fetch: Fetch) -> list[Fork]:
    """Compare checkpoints of one log, own ones and those that others were shown.

    Parameters
    ----------
    opened
        Checkpoints whose signatures hold.
    fetch
        Gives what the log serves.

    Returns
    -------
    list of Fork
        Each neighbouring pair, by size, that is not shown to agree.
    """
    every = sorted({(one.checkpoint.size, one.checkpoint.root): one for one in opened}.items())
    found = []
    for (_, one), (_, other) in pairwise(every):
        try:
            check_extends(one.checkpoint, other.checkpoint, _nodes(other, fetch))
        except LogError as error:
            found.append(Fork(one, other, str(error)))
    return found


def audit(fetch: Fetch, trust: Trust, kept: Sequence[bytes] = (), receipts: Sequence[bytes] = ()) -> Audit:
    """Audit a log: its latest checkpoint, its entries, every checkpoint and receipt that was kept.

    Parameters
    ----------
    fetch
        Gives the bytes the log serves at a path below its prefix; raises ``LogError`` where there are none.
    trust
        The log's key, the witnesses and how many must have signed the latest checkpoint.
    kept
        Signed checkpoints seen earlier, or shown to others. The log's own signature is enough for these.
    receipts
        Receipts as they were kept.
    """
    problems: list[str] = []
    forks: list[Fork] = []
    earlier: list[Opened] = []
    latest, tiles, entries, held = None, None, 0, 0
    alone = Trust(trust.log, trust.witnesses)
    with _noted(problems):
        latest = open_checkpoint(fetch("checkpoint"), trust)
        tiles = _nodes(latest, fetch)
    for note in kept:
        with _noted(problems):
            earlier.append(open_checkpoint(note, alone))
    for content in receipts:
        with _noted(problems):
            receipt = read_receipt(content)
            earlier.append(check_receipt(receipt, alone)[1])
            if latest and tiles:
                check_held(receipt, latest.checkpoint, tiles)
                held += 1
    if latest:
        with _noted(problems):
            check_entries(latest.checkpoint, fetch)
            entries = latest.checkpoint.size
        forks = find_forks([*earlier, latest], fetch)
    return Audit(latest, entries, held, tuple(forks), (*problems, *(fork.why for fork in forks)))


def witness(
    content: bytes, trust: Trust, before: Checkpoint | None, fetch: Fetch, name: str, key: Ed25519PrivateKey, at_s: int
) -> bytes:
    """Cosign a log's latest checkpoint, once it is shown to begin with the one cosigned before.

    Parameters
    ----------
    content
        The signed checkpoint.
    trust
        The log's key.
    before
        The largest checkpoint that this witness has cosigned, None for the first. Whoever calls keeps the new one on
        the disk before the answer is sent, or it may cosign both sides of a fork.
    fetch
        Gives what the log serves.
    name, key
        The witness.
    at_s
        Now (s since 1970).

    Returns
    -------
    bytes
        What is sent to ``/log/cosignature``.

    Raises
    ------
    LogError
        The checkpoint is not signed by the log, or does not begin with ``before``; the two are to be kept.
    """
    seen = open_checkpoint(content, Trust(trust.log))
    if before:
        check_extends(before, seen.checkpoint, _nodes(seen, fetch))
    text = seen.checkpoint.text
    if read_note(content).text != text:
        raise LogError("a checkpoint with lines that nobody can verify is not cosigned")
    return bytes(Note(text, (cosign(text, name, key, at_s),)))


@contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """Go on after what does not hold, and say so."""
    try:
        yield
    except LogError as error:
        problems.append(str(error))


def _nodes(tree: Opened, fetch: Fetch) -> TileNodes:
    return TileNodes(lambda tile: fetch(tile.path), tree.checkpoint.size)
