"""The VOPRF over libsodium's ristretto255, the protocol written out after RFC 9497 (§2.2, §3.3.2, §4.1).

It is the second opinion on ``with_voprf`` in every test run, and what stands in where that library is away. Slower by
about a half. Randomness is an argument, so that the RFC's vectors can be played through it byte by byte.

Arithmetic with the secret key is libsodium's, in constant time; no secret passes through Python's integers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pysodium as sodium

from stillwatch.model.errors import InputError, PeerError
from stillwatch.sharing.oblivious.suite import (
    ELEMENT,
    NO_ELEMENT,
    NOT_PROVEN,
    PROOF,
    SEED,
    checked_evaluation,
    checked_inputs,
    elements_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONTEXT: Final = b"OPRFV1-\x01-ristretto255-SHA512"
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_NEUTRAL: Final = bytes(ELEMENT)
_mult: Final = sodium.crypto_scalarmult_ristretto255
_base: Final = sodium.crypto_scalarmult_ristretto255_base
_add: Final = sodium.crypto_core_ristretto255_add
_scalar_mul: Final = sodium.crypto_core_ristretto255_scalar_mul
_scalar_sub: Final = sodium.crypto_core_ristretto255_scalar_sub
_invert: Final = sodium.crypto_core_ristretto255_scalar_invert


@dataclass(frozen=True, slots=True, repr=False)
class Blinds:
    """What the member keeps of a batch."""

    inputs: tuple[bytes, ...]
    """The inputs."""
    blinds: tuple[bytes, ...]
    """The scalar that each was blinded with, 32 bytes."""
    blinded: tuple[bytes, ...]
    """The blinded elements: the proof is about these."""


class Sodium:
    """The suite.

    Parameters
    ----------
    scalar
        Draws a random scalar, neither 0 nor too large, 32 bytes little-endian; libsodium's by default.
    """

    name: Final = "libsodium"

    def __init__(self, scalar: Callable[[], bytes] = sodium.crypto_core_ristretto255_scalar_random) -> None:
        self._scalar = scalar

    def public_key(self, seed: bytes) -> bytes:
        """Give the public key derived from a seed."""
        return bytes(_base(derive(seed)))

    def blind(self, inputs: Sequence[bytes]) -> tuple[Blinds, bytes]:
        """Blind a batch."""
        checked_inputs(inputs)
        blinds = tuple(self._scalar() for _ in inputs)
        blinded = tuple(bytes(_mult(r, _to_group(one))) for r, one in zip(blinds, inputs, strict=True))
        return Blinds(tuple(inputs), blinds, blinded), b"".join(blinded)

    def evaluate(self, seed: bytes, blinded: bytes) -> bytes:
        """Evaluate a batch, with its proof."""
        return self.evaluate_under(derive(seed), blinded)

    def evaluate_under(self, key: bytes, blinded: bytes) -> bytes:
        """Evaluate a batch under a secret scalar."""
        given = elements_of(blinded)
        if not all(is_element(one) for one in given):
            raise InputError(NO_ELEMENT)
        made = [bytes(_mult(key, one)) for one in given]
        return self._prove(key, given, made) + b"".join(made)

    def finalize(self, kept: Blinds, evaluation: bytes, public_key: bytes) -> tuple[bytes, ...]:
        """Verify the proof and take the blinding off."""
        checked_evaluation(evaluation, len(kept.inputs), public_key)
        made = [evaluation[at : at + ELEMENT] for at in range(PROOF, len(evaluation), ELEMENT)]
        if not is_element(public_key) or not all(is_element(one) for one in made):
            raise PeerError("the evaluation or the public key holds what is no element")
        if not verify(public_key, kept.blinded, made, evaluation[:PROOF]):
            raise PeerError(NOT_PROVEN)
        return tuple(
            _output(of, bytes(_mult(_invert(blind), element)))
            for of, blind, element in zip(kept.inputs, kept.blinds, made, strict=True)
        )

    def direct(self, seed: bytes, of: bytes) -> bytes:
        """Give the output of a known input under a known key."""
        checked_inputs([of])
        return _output(of, bytes(_mult(derive(seed), _to_group(of))))

    def _prove(self, key: bytes, given: Sequence[bytes], made: Sequence[bytes]) -> bytes:
        public = bytes(_base(key))
        m = _combined(_weights(public, given, made), given)
        z = bytes(_mult(key, m))
        r = self._scalar()
        c = _challenge(public, m, z, bytes(_base(r)), bytes(_mult(r, m)))
        return c + bytes(_scalar_sub(r, _scalar_mul(c, key)))


def derive(seed: bytes, info: bytes = b"") -> bytes:
    """Derive a secret scalar from a seed (RFC 9497 §3.2.1, ``DeriveKeyPair``)."""
    if len(seed) != SEED:
        raise InputError(f"a key is derived from {SEED} bytes")
    text = seed + _framed(info)
    for counter in range(256):
        found = _to_scalar(text + bytes([counter]), b"DeriveKeyPair" + CONTEXT)
        if any(found):
            return found
    raise InputError("no key can be derived from this seed")


def is_element(given: bytes) -> bool:
    """Say whether 32 bytes are a canonical element other than the neutral one."""
    # libsodium 1.0.18 overlooks the highest bit: one element would have two writings.
    return given != _NEUTRAL and given[-1] < 0x80 and bool(sodium.crypto_core_ristretto255_is_valid_point(given))


def verify(public: bytes, given: Sequence[bytes], made: Sequence[bytes], proof: bytes) -> bool:
    """Verify that one key took every given element to the one made of it (``VerifyProof``); all values are public."""
    c, s = proof[:ELEMENT], proof[ELEMENT:]
    if max(int.from_bytes(c, "little"), int.from_bytes(s, "little")) >= _ORDER:
        return False
    weights = _weights(public, given, made)
    try:
        m, z = _combined(weights, given), _combined(weights, made)
        t2 = bytes(_add(_base(s), _mult(c, public)))
        t3 = bytes(_add(_mult(s, m), _mult(c, z)))
    except ValueError:
        # A product came out neutral: no honest proof does that.
        return False
    return _challenge(public, m, z, t2, t3) == c


def _combined(weights: Sequence[bytes], elements: Sequence[bytes]) -> bytes:
    total = b""
    for weight, element in zip(weights, elements, strict=True):
        part = bytes(_mult(weight, element))
        total = bytes(_add(total, part)) if total else part
    return total


def _weights(public: bytes, given: Sequence[bytes], made: Sequence[bytes]) -> list[bytes]:
    seed = hashlib.sha512(_framed(public) + _framed(b"Seed-" + CONTEXT)).digest()
    head = _framed(seed)
    return [
        _to_scalar(head + i.to_bytes(2) + _framed(c) + _framed(d) + b"Composite")
        for i, (c, d) in enumerate(zip(given, made, strict=True))
    ]


def _challenge(*elements: bytes) -> bytes:
    return _to_scalar(b"".join(map(_framed, elements)) + b"Challenge")


def _output(of: bytes, element: bytes) -> bytes:
    return hashlib.sha512(_framed(of) + _framed(element) + b"Finalize").digest()


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(2) + part


def _to_group(of: bytes) -> bytes:
    found = bytes(sodium.crypto_core_ristretto255_from_hash(_expand(of, b"HashToGroup-" + CONTEXT)))
    if found == _NEUTRAL:
        raise InputError("an input hashes to the neutral element")
    return found


def _to_scalar(of: bytes, tag: bytes = b"HashToScalar-" + CONTEXT) -> bytes:
    return bytes(sodium.crypto_core_ristretto255_scalar_reduce(_expand(of, tag)))


def _expand(of: bytes, tag: bytes) -> bytes:
    """Hash to 64 uniform bytes (RFC 9380 §5.3.1, ``expand_message_xmd`` with SHA-512: one block)."""
    suffix = tag + bytes([len(tag)])
    first = hashlib.sha512(bytes(128) + of + (64).to_bytes(2) + b"\x00" + suffix).digest()
    return hashlib.sha512(first + b"\x01" + suffix).digest()
