"""Two key holders in a row: tag = the first 16 bytes of F_hub(F_custodian(input)), each F a verifiable one.

Whoever has the hub's key and every tag still needs one counted call to the custodian for every guess.

The member's side is a chain of values: ``begin`` gives the first question, ``answered`` takes an answer and gives the
next question or the tags. Nothing is sent here::

    asked = begin(suite, kind, inputs, keys, random)
    while isinstance(asked, Question):
        asked = answered(suite, asked, post(asked.to, asked.body))

Batches are of one kind and padded with inputs that nobody else can have, so that a holder and the hub learn a count
only as a bucket. A restart begins anew: what takes the blinding off is never written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.suite import MOST_BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stillwatch.sharing.oblivious.suite import Suite

TAG: Final = 16
"""Length of a tag (bytes)."""
CUSTODIAN: Final = "custodian"
HUB: Final = "hub"
ORDER: Final = (CUSTODIAN, HUB)
"""Holders in the order in which they are asked."""
BUCKETS: Final = (64, 128, 256, 512, 1_024, 2_048, MOST_BATCH)
"""Sizes that a batch is padded to."""


@dataclass(frozen=True, slots=True)
class HolderKeys:
    """Public keys of one epoch, as the transparency log shows them."""

    epoch: int
    """Number of the epoch."""
    custodian: bytes
    """Public key of the custodian (32 bytes)."""
    hub: bytes
    """Public key of the hub (32 bytes)."""

    def __post_init__(self) -> None:
        if self.custodian == self.hub:
            raise InputError(f"epoch {self.epoch}: hub and custodian show one key; then there is one holder, not two")

    def of(self, holder: str) -> bytes:
        """Give a holder's public key."""
        return self.custodian if holder == CUSTODIAN else self.hub


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """What is to be sent next. Secret but for ``to`` and ``body``."""

    to: str
    """Holder: custodian or hub."""
    body: bytes
    """Blinded elements."""
    keys: HolderKeys
    """Keys of the epoch; an answer that proves another one is refused."""
    count: int
    """Inputs without padding."""
    kept: Any
    """What takes the blinding off."""
    places: tuple[int, ...]
    """Place of each input in the batch."""


@dataclass(frozen=True, slots=True, repr=False)
class Tags:
    """What came of a batch."""

    epoch: int
    """Epoch."""
    own: tuple[bytes, ...]
    """Tags (16 bytes) of the inputs, in their order."""
    every: tuple[bytes, ...]
    """Tags of the whole batch in the order of the bytes: the inputs' and the padding's, not to be told apart."""


def batches(values: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut inputs into batches that a holder takes."""
    for at in range(0, len(values), MOST_BATCH):
        yield values[at : at + MOST_BATCH]


def bucket(count: int) -> int:
    """Give the size that a batch of so many inputs is padded to.

    Examples
    --------
    >>> bucket(1), bucket(64), bucket(65)
    (64, 64, 128)
    """
    for size in BUCKETS:
        if count <= size:
            return size
    raise InputError(f"a batch has at most {MOST_BATCH:,} inputs, not {count:,}")


def begin(
    suite: Suite, kind: str, inputs: Sequence[bytes], keys: HolderKeys, random: Callable[[int], bytes]
) -> Question:
    """Ask for the tags of one batch.

    Parameters
    ----------
    suite
        How to compute.
    kind
        Name of the inputs' kind, ``KIND:VERSION``.
    inputs
        Different inputs of that kind, as ``Kind.input`` writes them.
    keys
        Public keys of the epoch.
    random
        Gives so many random bytes: for padding and for the order of the batch.

    Raises
    ------
    InputError
        There are none, too many, two are the same, or one is of another kind.
    """
    head = kind.encode("ascii") + b":"
    if len(set(inputs)) != len(inputs):
        raise InputError("an input is in the batch twice")
    if not inputs or not all(one.startswith(head) for one in inputs):
        raise InputError(f"a batch has inputs, all of the kind {kind}")
    # What no canonical form can be, and nobody can guess.
    pads = [b"pad:" + random(32) for _ in range(bucket(len(inputs)) - len(inputs))]
    drawn = sorted((random(16), k) for k in range(len(inputs) + len(pads)))
    mixed = [*inputs, *pads]
    place = {k: at for at, (_, k) in enumerate(drawn)}
    places = tuple(place[k] for k in range(len(inputs)))
    return _question(suite, CUSTODIAN, [mixed[k] for _, k in drawn], keys, places)


def answered(suite: Suite, asked: Question, evaluation: bytes) -> Question | Tags:
    """Take the answer to a question; give the next question, or the tags.

    Raises
    ------
    PeerError
        The answer does not prove that the holder used its published key for all of the batch.
    """
    outputs = suite.finalize(asked.kept, evaluation, asked.keys.of(asked.to))
    if asked.to == CUSTODIAN:
        return _question(suite, HUB, outputs, asked.keys, asked.places)
    tags = [one[:TAG] for one in outputs]
    return Tags(asked.keys.epoch, tuple(tags[at] for at in asked.places), tuple(sorted(tags)))


def direct(suite: Suite, of: bytes, custodian_seed: bytes, hub_seed: bytes) -> bytes:
    """Give the tag of a known input under both keys: what only hub and custodian together could do."""
    return suite.direct(hub_seed, suite.direct(custodian_seed, of))[:TAG]


def _question(suite: Suite, to: str, inputs: Sequence[bytes], keys: HolderKeys, places: tuple[int, ...]) -> Question:
    kept, body = suite.blind(inputs)
    return Question(to, body, keys, len(places), kept, places)
