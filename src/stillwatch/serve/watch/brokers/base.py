"""What a broker adapter does. It knows nothing of events: bodies out, acknowledgements in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Message:
    """One message that was fetched and is not acknowledged."""

    body: bytes
    """What it holds: the same body that a sender would push over HTTP."""
    token: Any
    """What the adapter acknowledges it by."""


class Broker(Protocol):
    """A queue whose messages come again until they are acknowledged. All calls are made by one thread.

    Every call but ``close`` raises ``BrokerAway`` where the broker does not answer; after that it is closed and opened
    again, and whatever was not acknowledged comes again.
    """

    @property
    def name(self) -> str:
        """Where it is, without credentials: for telling."""
        ...

    @property
    def waiting(self) -> int:
        """Messages that lie there and were not fetched, as far as it is known."""
        ...

    def open(self) -> None:
        """Connect, and check that what is fetched is kept safely until then.

        Raises
        ------
        InputError
            It answers and something there is not as it must be; the message says what.
        """
        ...

    def fetch(self, most: int, wait_s: float) -> Sequence[Message]:
        """Give up to so many messages; none where none came within so many seconds."""
        ...

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Say that all of one fetch is on our disk: they need not come again."""
        ...

    def hold(self, messages: Sequence[Message]) -> None:
        """Say that they are still being worked on, and stay connected without fetching any."""
        ...

    def close(self) -> None:
        """Let it go; never fails."""
        ...
