"""Canaries: tags that nobody's input has, planted among the others to find out a matcher that is not honest.

A lone canary is submitted once and must never be released as a match; a paired one is submitted under two canary
members and must be. Who plants commits to them before the epoch closes (the commitment goes into the transparency log)
and opens the commitment afterwards, so that anybody with the released matches can check. A member may plant lone ones
among its own tags in the same way: a match on one was invented.

Blind spot: a matcher that drops a few matches of many is found only with the chance that a canary is among them;
``chance_seen`` gives it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.sharing.oblivious.cascade import TAG
from stillwatch.sharing.oblivious.submission import HANDLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_COMMITS: Final = b"stillwatch canaries v1\n"


@dataclass(frozen=True, slots=True, repr=False)
class Canaries:
    """What was planted in one epoch; secret until the epoch has closed."""

    epoch: int
    """Epoch."""
    lone: tuple[bytes, ...]
    """Tags (16 bytes) submitted by one canary member."""
    paired: tuple[bytes, ...]
    """Tags (16 bytes) submitted by two canary members."""
    salt: bytes
    """32 random bytes."""

    def commitment(self) -> bytes:
        """Give the commitment (32 bytes): SHA-256 over all of the above, every part with its length."""
        digest = hashlib.sha256(_COMMITS + self.salt + self.epoch.to_bytes(8))
        for tags in (self.lone, self.paired):
            digest.update(len(tags).to_bytes(4) + b"".join(tags))
        return digest.digest()


@dataclass(frozen=True, slots=True)
class Audit:
    """What canaries say of a matcher."""

    invented: int
    """Lone canaries that were released as matches."""
    missing: int
    """Paired canaries that were not."""

    @property
    def honest(self) -> bool:
        """Whether nothing is against it."""
        return not self.invented and not self.missing


def plant(epoch: int, lone: int, paired: int, random: Callable[[int], bytes]) -> Canaries:
    """Draw canaries; ``random`` gives so many random bytes."""
    return Canaries(
        epoch,
        tuple(sorted(random(TAG) for _ in range(lone))),
        tuple(sorted(random(TAG) for _ in range(paired))),
        random(32),
    )


def sown(planted: Canaries, random: Callable[[int], bytes]) -> tuple[dict[bytes, tuple[bytes, ...]], ...]:
    """Give what the two canary members submit, as groups of one tag each under random handles.

    Parameters
    ----------
    planted
        The canaries.
    random
        Gives so many random bytes.
    """
    first, second = (*planted.lone, *planted.paired), planted.paired
    return tuple({random(HANDLE): (tag,) for tag in tags} for tags in (first, second))


def audit(planted: Canaries, released: Collection[bytes]) -> Audit:
    """Check released tags against what was planted."""
    found = set(released)
    return Audit(sum(one in found for one in planted.lone), sum(one not in found for one in planted.paired))


def chance_seen(dropped: float, paired: int) -> float:
    """Give the chance that a matcher which drops this part (0 to 1) of matches loses a paired canary.

    Examples
    --------
    >>> round(chance_seen(0.1, 32), 3)
    0.966
    """
    return 1.0 - (1.0 - dropped) ** paired
