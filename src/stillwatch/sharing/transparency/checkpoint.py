"""C2SP checkpoints: what a log says of itself at one size, signed by it and by witnesses who saw it only grow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, LogError
from stillwatch.model.merkle import HASH_BYTES
from stillwatch.sharing.transparency.note import COSIGNED, SIGNED, Note, decode64, encode64, read_note, sign, verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from stillwatch.sharing.transparency.note import Verifier

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree at one size."""

    origin: str
    """Which log, such as ``hub.example/log``."""
    size: int
    """Leaves."""
    root: bytes
    """Root of the tree (32 bytes)."""

    @property
    def text(self) -> bytes:
        """Give the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n".encode()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures a checkpoint must carry before it is believed."""

    log: Verifier
    """The log's key; its name is the log's origin."""
    witnesses: tuple[Verifier, ...] = ()
    """Witnesses that are known."""
    quorum: int = 0
    """How many of them must have signed."""

    def __post_init__(self) -> None:
        kinds = {one.kind for one in self.witnesses}
        if self.log.kind != SIGNED or kinds - {COSIGNED}:
            raise InputError("a log signs with a key of type 1, witnesses with keys of type 4")
        if len({one.public for one in self.witnesses}) != len(self.witnesses):
            raise InputError("two witnesses have one key, which would count one of them twice")
        if not 0 <= self.quorum <= len(self.witnesses):
            raise InputError(f"{self.quorum} of {len(self.witnesses)} witnesses can never have signed")


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkpoint whose signatures hold."""

    checkpoint: Checkpoint
    """What it says."""
    witnesses: tuple[str, ...]
    """Names of the witnesses that signed."""
    at_s: int
    """Latest time that a witness gives (s since 1970), -1 without witnesses."""
    note: bytes
    """The note as it was received: evidence, should the log fork."""


def make(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> Note:
    """Sign a checkpoint as its log."""
    return Note(checkpoint.text, (sign(checkpoint.text, checkpoint.origin, key),))


def read(text: bytes) -> Checkpoint:
    """Read the text of a checkpoint; nothing is verified.

    Raises
    ------
    LogError
        It is none.
    """
    lines = text.decode(errors="replace").split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise LogError("a checkpoint is three lines: origin, size, root")
    root = decode64(lines[2])
    if len(root) != HASH_BYTES:
        raise LogError("the root of a checkpoint is not 32 bytes long")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(content: bytes, trust: Trust) -> Opened:
    """Read a signed checkpoint and verify it.

    Raises
    ------
    LogError
        It is of another log, the log's signature is missing or wrong, or too few witnesses have signed.
    """
    note = read_note(content)
    found = verify(note, (trust.log, *trust.witnesses))
    checkpoint = read(note.text)
    if trust.log not in {one.by for one in found}:
        raise LogError(f"the checkpoint is not signed by {trust.log.name}")
    if checkpoint.origin != trust.log.name:
        raise LogError(f"the checkpoint is of another log than {trust.log.name}")
    seen = [one for one in found if one.by.kind == COSIGNED]
    if len(seen) < trust.quorum:
        raise LogError(
            f"{len(seen)} witnesses have signed the checkpoint of size {checkpoint.size}; {trust.quorum} must"
        )
    return Opened(
        checkpoint, tuple(sorted(one.by.name for one in seen)), max((one.at_s for one in seen), default=-1), content
    )
