"""The VOPRF over the library ``voprf`` (Rust, curve25519-dalek): the one in use.

The library draws blinds and the nonces of proofs from the operating system by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voprf.ristretto import BlindedInput, Client, Evaluator, PublicKey, VerifiableBatchOutput

from stillwatch.model.errors import InputError, PeerError
from stillwatch.sharing.oblivious.suite import (
    NO_ELEMENT,
    NOT_PROVEN,
    SEED,
    checked_evaluation,
    checked_inputs,
    elements_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class Voprf:
    """The suite; holds nothing."""

    name: Final = "voprf"

    def public_key(self, seed: bytes) -> bytes:
        """Give the public key derived from a seed."""
        return _evaluator(seed).public_key.serialize()

    def blind(self, inputs: Sequence[bytes]) -> tuple[list[Client], bytes]:
        """Blind a batch."""
        checked_inputs(inputs)
        made = [Client.blind(one) for one in inputs]
        return [client for client, _ in made], b"".join(blinded.serialize() for _, blinded in made)

    def evaluate(self, seed: bytes, blinded: bytes) -> bytes:
        """Evaluate a batch, with its proof."""
        try:
            read = [BlindedInput.deserialize(one) for one in elements_of(blinded)]
        except ValueError as error:
            # The library's text is not passed on: nothing that was sent shall stand in an answer or a log.
            raise InputError(NO_ELEMENT) from error
        return _evaluator(seed).evaluate_batch(read).serialize()

    def finalize(self, kept: list[Client], evaluation: bytes, public_key: bytes) -> tuple[bytes, ...]:
        """Verify the proof and take the blinding off."""
        checked_evaluation(evaluation, len(kept), public_key)
        try:
            key = PublicKey.deserialize(public_key)
            return tuple(Client.finalize_batch(kept, VerifiableBatchOutput.deserialize(evaluation), key))
        except ValueError as error:
            raise PeerError(NOT_PROVEN) from error
        except BaseException as error:
            # voprf 0.2.0 panics where the proof of a batch is wrong. That is no Exception, and would end the program.
            if type(error).__name__ != "PanicException":
                raise
            raise PeerError(NOT_PROVEN) from None

    def direct(self, seed: bytes, of: bytes) -> bytes:
        """Give the output of a known input under a known key."""
        checked_inputs([of])
        return _evaluator(seed).evaluate_known_input(of)


def _evaluator(seed: bytes) -> Evaluator:
    if len(seed) != SEED:
        raise InputError(f"a key is derived from {SEED} bytes")
    return Evaluator(seed)
