"""What a member keeps of what it sent: a C2SP ``tlog-proof`` that needs nobody's help to be verified.

Its ``extra`` line holds the salt and the record, so that the receipt shows what was recorded, not only that something
was. Whoever is handed one learns the record: a receipt is for its member, and for whom the member shows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import LogError
from stillwatch.model.merkle import HASH_BYTES, leaf_hash
from stillwatch.sharing.transparency.checkpoint import open_checkpoint
from stillwatch.sharing.transparency.leaves import MOST_RECORD_BYTES, SALT_BYTES, digest, read_record
from stillwatch.sharing.transparency.merkle import check_inclusion
from stillwatch.sharing.transparency.note import MOST_NOTE_BYTES, decode64, encode64

if TYPE_CHECKING:
    from stillwatch.sharing.transparency.checkpoint import Opened, Trust
    from stillwatch.sharing.transparency.leaves import Record

HEADER: Final = "c2sp.org/tlog-proof@v1"
"""First line of a proof."""
MOST_PROOF_HASHES: Final = 63
"""Longest proof of inclusion (hashes)."""
MOST_RECEIPT_BYTES: Final = MOST_NOTE_BYTES + 2 * MOST_RECORD_BYTES
"""Longest receipt that is read (bytes)."""
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an entry is in a log."""

    index: int
    """Number of the leaf, from 0."""
    proof: tuple[bytes, ...]
    """Hashes from the leaf's neighbour up."""
    note: bytes
    """The signed checkpoint of the tree that the proof is for."""
    salt: bytes = b""
    """Salt of the record (32 bytes), empty where the receipt does not show it."""
    record: bytes = b""
    """The record in its one form, empty as above."""

    @property
    def entry(self) -> bytes:
        """Give the entry of the log that the record makes."""
        return digest(self.salt, self.record)

    def __bytes__(self) -> bytes:
        """Write the receipt."""
        lines = [HEADER]
        if self.salt:
            lines.append(f"extra {encode64(self.salt + self.record)}")
        lines += [f"index {self.index}", *map(encode64, self.proof), "", ""]
        return "\n".join(lines).encode() + self.note


def read_receipt(content: bytes) -> Receipt:
    """Read a receipt; nothing is verified.

    Raises
    ------
    LogError
        It is none, or too long.
    """
    if len(content) > MOST_RECEIPT_BYTES:
        raise LogError(f"a receipt of {len(content):,} bytes is too long")
    head, gap, note = content.partition(b"\n\n")
    lines = head.decode(errors="replace").split("\n")
    if not gap or lines.pop(0) != HEADER:
        raise LogError(f"a receipt begins with {HEADER}")
    extra = decode64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else b""
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    proof = tuple(map(decode64, lines[: MOST_PROOF_HASHES + 1]))
    if not index or len(proof) > MOST_PROOF_HASHES or any(len(one) != HASH_BYTES for one in proof):
        raise LogError("a receipt needs an index and hashes of 32 bytes")
    if extra and len(extra) <= SALT_BYTES:
        raise LogError("a receipt that shows its record holds a salt and the record")
    return Receipt(int(index[1]), proof, note, extra[:SALT_BYTES], extra[SALT_BYTES:])


def check_receipt(receipt: Receipt, trust: Trust) -> tuple[Record, Opened]:
    """Verify a receipt that shows its record.

    Returns
    -------
    tuple of Record and Opened
        What was recorded, and the checkpoint that holds it.

    Raises
    ------
    LogError
        The checkpoint is not signed as ``trust`` asks, the record is not in it, or the receipt shows none.
    """
    if not receipt.salt:
        raise LogError("the receipt does not show its record")
    opened = open_checkpoint(receipt.note, trust)
    tree = opened.checkpoint
    check_inclusion(leaf_hash(receipt.entry), receipt.index, tree.size, receipt.proof, tree.root)
    return read_record(receipt.record), opened
