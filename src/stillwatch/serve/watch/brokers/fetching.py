"""Take messages from a broker: fetched, read, on our disk, and only then acknowledged.

A message that was fetched and not acknowledged comes again, after a crash of ours or theirs; its events have the ids
they had and count once. One that nobody can read is counted, acknowledged and passed over, once another could be read:
with a wrong format nothing is acknowledged. Where the spool has no room nothing is fetched until it has.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, TypeAlias

from stillwatch.model.errors import BrokerAway, InputError, SpoolFull, StillwatchError
from stillwatch.store.spool.batches import shut_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from stillwatch.serve.watch.brokers.base import Broker, Message
    from stillwatch.serve.watch.brokers.bodies import Bodies
    from stillwatch.serve.watch.measures import Measures
    from stillwatch.store.spool.segment import Position
    from stillwatch.store.spool.writer import Spool

FETCHED: Final = 64
"""Most messages in hand (messages); with the longest body it bounds memory."""
_WAIT_S: Final = 1.0
_HOLD_S: Final = 1.0
_PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Between attempts to reach a broker that is away (s)."""

_REFUSED: Final = "refused"
_NOTHING: Final = "nothing to store"
_Frame: TypeAlias = tuple[bytes, int]
"""A frame and how many events it holds."""


class Fetching:
    """The thread that takes messages.

    Parameters
    ----------
    broker
        Where they come from.
    bodies
        Reads them.
    spool
        Where their events go.
    measures
        Counts what came.
    clock
        Now (ms since 1970).
    """

    def __init__(
        self, broker: Broker, bodies: Bodies, spool: Spool, measures: Measures, clock: Callable[[], int]
    ) -> None:
        self._broker, self._bodies, self._spool, self._measures = broker, bodies, spool, measures
        self._clock = clock
        self._stop = threading.Event()
        self._failed = 0
        self._sure = False
        """Whether a message could be read since the start."""
        self._doubtful: list[Message] = []
        """Messages that cannot be read, while none could: a wrong format must not empty a queue."""
        self.wrong = ""
        """Why nothing is taken; "" while the broker answers and there is room."""
        self._thread = threading.Thread(target=self._run, name="take", daemon=True)

    def check(self) -> None:
        """Look once whether the broker is as it must be; one that is away is waited for.

        Raises
        ------
        InputError
            It answers and is not as it must be.
        """
        try:
            self._broker.open()
        except BrokerAway as error:
            self._away(error)
        finally:
            self._broker.close()

    def start(self) -> None:
        """Begin to take."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is in hand and not on the disk comes again at the next start."""
        self._stop.set()
        self._thread.join()

    def away(self) -> dict[str, str]:
        """Name the broker and say why nothing is taken; empty while it is."""
        return {self._broker.name: self.wrong} if self.wrong else {}

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._broker.open()
                self._back()
                while not self._stop.is_set():
                    self.turn()
            except StillwatchError as error:
                self._away(error)
            except Exception as error:  # noqa: BLE001 - a fault of a client library must not end the taking unseen
                self._away(BrokerAway(f"{type(error).__name__} in its client"))
                self._measures.count("failures")
            finally:
                self._broker.close()
                self._doubtful = []
            self._stop.wait(_PAUSES_S[min(self._failed, len(_PAUSES_S)) - 1])

    def _away(self, error: StillwatchError) -> None:
        self.wrong = str(error)
        self._failed += 1
        self._measures.put("broker_away", 1)

    def _back(self) -> None:
        self.wrong, self._failed = "", 0
        self._measures.put("broker_away", 0)

    def turn(self) -> int:
        """Fetch, store, acknowledge; gives how many messages came.

        Raises
        ------
        BrokerAway
            The broker does not answer.
        InputError
            Message after message cannot be read, and none could since the start.
        """
        messages = self._broker.fetch(FETCHED, _WAIT_S)
        if not messages:
            return 0
        read = [self._read(one) for one in messages]
        if not self._stored([one for one in read if isinstance(one, tuple)], messages):
            return 0
        self._doubtful += messages
        self._sure = self._sure or any(one is not _REFUSED for one in read)
        if self._sure:
            self._broker.acknowledge(self._doubtful)
            self._measures.count("messages_in", len(self._doubtful))
            # All that had to wait for the first one that can be read were refused.
            self._measures.count("messages_refused", len(self._doubtful) - len(messages) + read.count(_REFUSED))
            self._measures.put("broker_waiting", self._broker.waiting)
            self._doubtful = []
        elif len(self._doubtful) >= FETCHED:
            raise InputError(
                f"none of {len(self._doubtful)} messages can be read, so none is acknowledged: is --from-format right?"
            )
        return len(messages)

    def _read(self, message: Message) -> _Frame | str:
        """Read a message: a frame, or why there is none."""
        try:
            read = self._bodies.read(message.body)
        except InputError:
            return _REFUSED
        except Exception:  # noqa: BLE001 - whatever a body does to its reader, the next one has its turn
            self._measures.count("failures")
            return _REFUSED
        if read is None:
            return _NOTHING
        self._measures.count("records_refused", len(read.rejects))
        if not len(read.batch):
            return _REFUSED
        return shut_batch(read.batch, {"at_ms": self._clock()}), len(read.batch)

    def _stored(self, frames: list[_Frame], messages: Sequence[Message]) -> bool:
        """Put all frames on the disk, however long it takes; False where told to stop before."""
        while frames := self._put(frames):
            self.wrong = "the spool has no room: nothing is fetched until it has"
            self._measures.count("puts_refused")
            self._broker.hold(messages)
            if self._stop.wait(_HOLD_S):
                return False
        self.wrong = ""
        return True

    def _put(self, frames: list[_Frame]) -> list[_Frame]:
        """Put frames; gives those that had no room."""
        waits: list[tuple[_Frame, Future[Position]]] = []
        left = []
        for frame in frames:
            try:
                waits.append((frame, self._spool.put(frame[0])))
            except SpoolFull:
                left.append(frame)
        for frame, done in waits:
            try:
                done.result()
            except SpoolFull:
                left.append(frame)
            else:
                self._measures.count("events_in", frame[1])
        self._measures.put("spool_bytes", self._spool.nbytes)
        return left
