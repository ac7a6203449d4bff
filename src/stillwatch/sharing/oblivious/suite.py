"""What a verifiable oblivious pseudo-random function (VOPRF) does here: RFC 9497, ristretto255-SHA512, mode 0x01.

A member blinds inputs, a key holder evaluates them without seeing them and proves which key it used, the member
takes the blinding off. Two libraries do it behind one interface (``with_voprf``, ``with_sodium``); what one makes
the other takes.

Bytes on the wire, everywhere: blinded elements are 32 bytes each, one after the other; an evaluation is its proof
(64 bytes) and then the evaluated elements, 32 bytes each, in the same order.

References
----------
RFC 9497, Oblivious Pseudorandom Functions (OPRFs) Using Prime-Order Groups. RFC 9496, the ristretto255 group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from stillwatch.model.errors import InputError, PeerError

if TYPE_CHECKING:
    from collections.abc import Sequence

ELEMENT: Final = 32
"""Length of a group element, and of a public key (bytes)."""
PROOF: Final = 64
"""Length of the proof of one batch (bytes)."""
SEED: Final = 32
"""Length of the seed that a key is derived from (bytes)."""
OUTPUT: Final = 64
"""Length of an output (bytes)."""
MOST_INPUT: Final = 512
"""Longest input (bytes); every kind's is shorter."""
MOST_BATCH: Final = 4_096
"""Most elements of one batch: 128 KiB, about 0.3 s of one core."""
NO_ELEMENT: Final = "one of the elements is no canonical element of ristretto255, or the neutral one"
NOT_PROVEN: Final = "the evaluation does not prove that the published key was used"
"""What errors say; never what was sent."""


class Suite(Protocol):
    """One way to compute the function. A key is named by its seed, so that every suite derives the same one."""

    @property
    def name(self) -> str:
        """Name the library behind it."""
        ...

    def public_key(self, seed: bytes) -> bytes:
        """Give the public key (32 bytes) of the key derived from a seed (``DeriveKeyPair``, empty info)."""
        ...

    def blind(self, inputs: Sequence[bytes]) -> tuple[Any, bytes]:
        """Blind a batch.

        Returns
        -------
        tuple
            What the member keeps to take the blinding off, opaque and secret; and the blinded elements, to be sent.

        Raises
        ------
        InputError
            No inputs, more than ``MOST_BATCH``, an empty one or one longer than ``MOST_INPUT``.
        """
        ...

    def evaluate(self, seed: bytes, blinded: bytes) -> bytes:
        """Evaluate a batch under a key; gives the proof, then the evaluated elements.

        Raises
        ------
        InputError
            The bytes are no whole batch, or one of them is no canonical element, or the neutral one.
        """
        ...

    def finalize(self, kept: Any, evaluation: bytes, public_key: bytes) -> tuple[bytes, ...]:  # noqa: ANN401
        """Verify the proof against a public key and take the blinding off.

        Returns
        -------
        tuple of bytes
            One output of 64 bytes an input, in order.

        Raises
        ------
        PeerError
            The proof does not show that this key, and one key for all, was used; or the bytes are malformed.
        """
        ...

    def direct(self, seed: bytes, of: bytes) -> bytes:
        """Give the output of a known input under a known key: for tests and audits by a key's holder."""
        ...


def checked_inputs(inputs: Sequence[bytes]) -> None:
    """Refuse a batch of inputs that is empty, too large, or holds an empty or too long one."""
    if not 1 <= len(inputs) <= MOST_BATCH:
        raise InputError(f"a batch has 1 to {MOST_BATCH:,} inputs, not {len(inputs):,}")
    if not all(1 <= len(one) <= MOST_INPUT for one in inputs):
        raise InputError(f"an input has 1 to {MOST_INPUT} bytes")


def elements_of(blinded: bytes) -> list[bytes]:
    """Cut blinded elements apart.

    Raises
    ------
    InputError
        There is none, a part of one, or more than ``MOST_BATCH``.
    """
    count, left = divmod(len(blinded), ELEMENT)
    if left or not 1 <= count <= MOST_BATCH:
        raise InputError(f"send 1 to {MOST_BATCH:,} elements of {ELEMENT} bytes, not {len(blinded):,} bytes")
    return [blinded[at : at + ELEMENT] for at in range(0, len(blinded), ELEMENT)]


def checked_evaluation(evaluation: bytes, count: int, public_key: bytes) -> None:
    """Refuse an evaluation of another length than the batch asks for, or a public key that is none.

    Raises
    ------
    PeerError
        As said.
    """
    if len(evaluation) != PROOF + count * ELEMENT:
        raise PeerError(f"the evaluation has {len(evaluation):,} bytes where {PROOF + count * ELEMENT:,} were due")
    if len(public_key) != ELEMENT:
        raise PeerError("the public key is no element of 32 bytes")
