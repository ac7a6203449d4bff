"""Random damage to bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

TOKENS = (b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\\u", b"\\ud800", b"null", b"NaN", b"-", b"1e999", b"\x00",
          b"\xff", b"\xc3", b"\xf0\x9f", b" ", b"\n", b"0", b"e")  # fmt: skip


def mutant(record: bytes, rng: random.Random) -> bytes:
    """Flip, delete, insert, repeat or cut a few bytes."""
    if not record:
        return rng.choice(TOKENS)
    at = rng.randrange(len(record))
    act = rng.randrange(5)
    if act == 0:
        return record[:at] + bytes([record[at] ^ 1 << rng.randrange(8)]) + record[at + 1 :]
    if act == 1:
        return record[:at] + record[at + rng.randrange(1, 5) :]
    if act == 2:
        return record[:at] + rng.choice(TOKENS) + record[at:]
    if act == 3:
        return record[: at + 1] + record[at : at + rng.randrange(1, 9)] + record[at + 1 :]
    return record[:at]
