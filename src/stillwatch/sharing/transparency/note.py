"""C2SP signed notes: a text and the lines of those who signed it, a log with Ed25519, witnesses with a time beside.

Signatures of unknown keys are ignored; one of a known key that does not hold makes the whole note refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stillwatch.model.errors import InputError, LogError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNED: Final = 0x01
"""Type of a plain Ed25519 signature."""
COSIGNED: Final = 0x04
"""Type of a witness's Ed25519 cosignature, which says when."""
MOST_NOTE_BYTES: Final = 64 << 10
"""Longest note that is read (bytes)."""
MOST_SIGNATURES: Final = 64
"""Most signature lines that are read."""
_KEY_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_PUBLIC_BYTES: Final = 32
_NAME: Final = re.compile(r"[^\s+]+")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that signs notes under a name."""

    name: str
    """Such as ``hub.example/log``; no spaces, no plus."""
    kind: int
    """``SIGNED`` or ``COSIGNED``."""
    public: bytes
    """Ed25519 public key (32 bytes)."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.kind not in (SIGNED, COSIGNED) or len(self.public) != _PUBLIC_BYTES:
            raise InputError("a key of a log or a witness needs a name without spaces or plus, type 1 or 4, 32 bytes")

    @property
    def key_id(self) -> bytes:
        """Give the short id that a signature line carries (4 bytes)."""
        text = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(text).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        """Write the key as a vkey: name, id and key on one line."""
        return f"{self.name}+{self.key_id.hex()}+{encode64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, not verified."""

    name: str
    """Whose it says it is."""
    key_id: bytes
    """Short id of the key (4 bytes)."""
    content: bytes
    """The signature; a witness's begins with its time (8 bytes)."""

    def __str__(self) -> str:
        """Write the line, without its end."""
        return f"— {self.name} {encode64(self.key_id + self.content)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its signature lines, not verified."""

    text: bytes
    """The text, with its final line end."""
    signatures: tuple[Signature, ...]
    """In the order of the lines."""

    def __bytes__(self) -> bytes:
        """Write the note."""
        return self.text + b"\n" + "".join(f"{one}\n" for one in self.signatures).encode()


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds."""

    by: Verifier
    """Whose it is."""
    at_s: int
    """When a witness signed (s since 1970); -1 for a plain signature."""
    signature: Signature
    """The signature itself."""


def read_verifier(vkey: str) -> Verifier:
    """Read a vkey.

    Raises
    ------
    InputError
        It is none, its type is unknown, or its id is not that of its key.
    """
    name, _, rest = vkey.partition("+")
    told, _, key = rest.partition("+")
    try:
        content = decode64(key)
        found = Verifier(name, content[0] if content else 0, content[1:])
    except LogError as error:
        raise InputError("a vkey is NAME+ID+KEY, its key in base64") from error
    if found.key_id.hex() != told:
        raise InputError(f"the id of the vkey of {name} is not that of its key")
    return found


def sign(text: bytes, name: str, key: Ed25519PrivateKey) -> Signature:
    """Sign a text as the log of this name."""
    by = Verifier(name, SIGNED, key.public_key().public_bytes_raw())
    return Signature(name, by.key_id, key.sign(text))


def cosign(text: bytes, name: str, key: Ed25519PrivateKey, at_s: int) -> Signature:
    """Sign a checkpoint as a witness.

    Parameters
    ----------
    text
        The checkpoint, without signature lines. Whoever signs must first have verified that it extends the largest
        checkpoint seen so far.
    name, key
        The witness.
    at_s
        Now (s since 1970).
    """
    by = Verifier(name, COSIGNED, key.public_key().public_bytes_raw())
    return Signature(name, by.key_id, at_s.to_bytes(_TIME_BYTES, "big") + key.sign(_timed(text, at_s)))


def read_note(content: bytes) -> Note:
    """Read a note; nothing is verified.

    Raises
    ------
    LogError
        It is no signed note, or too long.
    """
    if len(content) > MOST_NOTE_BYTES:
        raise LogError(f"a note of {len(content):,} bytes is too long; at most {MOST_NOTE_BYTES:,} are read")
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise LogError("a note is not UTF-8") from error
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not tail.endswith("\n") or _CONTROL.search(whole):
        raise LogError("a note is a text, an empty line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise LogError(f"a note has {len(lines)} signatures; at most {MOST_SIGNATURES} are read")
    return Note((text + "\n").encode(), tuple(_read_signature(line) for line in lines))


def verify(note: Note, known: Iterable[Verifier]) -> list[Verified]:
    """Verify the signatures of known keys, each key once.

    Raises
    ------
    LogError
        A signature of a known key does not hold.
    """
    by_id = {(one.name, one.key_id): one for one in known}
    found: dict[Verifier, Verified] = {}
    for signature in note.signatures:
        by = by_id.get((signature.name, signature.key_id))
        if by is None:
            continue
        at_s, message, proof = -1, note.text, signature.content
        if by.kind == COSIGNED:
            at_s = int.from_bytes(proof[:_TIME_BYTES], "big")
            message, proof = _timed(note.text, at_s), proof[_TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(by.public).verify(proof, message)
        except (InvalidSignature, ValueError) as error:
            raise LogError(f"the signature of {by.name} does not hold") from error
        found.setdefault(by, Verified(by, at_s, signature))
    return list(found.values())


def encode64(content: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(content).decode("ascii")


def decode64(text: str) -> bytes:
    """Read base64 in its one form.

    Raises
    ------
    LogError
        It is none, or not the form that :func:`encode64` gives.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LogError("a line is not base64") from error
    if encode64(content) != text:
        raise LogError("a line is base64 in a form of its own")
    return content


def _timed(text: bytes, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n".encode() + text


def _read_signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not _NAME.fullmatch(parts[1]):
        raise LogError("a signature line is: em dash, name, base64")
    content = decode64(parts[2])
    if len(content) <= _KEY_ID_BYTES:
        raise LogError("a signature is too short")
    return Signature(parts[1], content[:_KEY_ID_BYTES], content[_KEY_ID_BYTES:])
