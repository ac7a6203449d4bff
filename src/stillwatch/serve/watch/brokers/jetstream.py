"""NATS JetStream: a durable pull consumer with an acknowledgement a message.

The client is asynchronous; its loop runs in a thread of its own, so that the server's pings are answered also while
nothing is fetched. It does not reconnect by itself: whoever takes opens it again, and every check is made again.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, TypeVar

from nats.aio.client import Client
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType
from nats.js.errors import APIError, NotFoundError

from stillwatch.model.errors import BrokerAway, InputError
from stillwatch.serve.watch.brokers.base import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from nats.js.api import ConsumerInfo

    from stillwatch.serve.watch.brokers.access import Access
    from stillwatch.serve.watch.brokers.place import Place

_CONNECT_S: Final = 5
_ANSWER_S: Final = 10.0
_CLOSE_S: Final = 1.0
ACK_WAIT_S: Final = 60.0
"""From when on a message that is neither acknowledged nor held comes again (s), where we make the consumer."""
_DENIED: Final = "authorization violation"
_Any = TypeVar("_Any")


class JetStream:
    """One stream of a NATS server.

    Parameters
    ----------
    place
        Where it is.
    access
        How one gets in.
    durable
        Name of the durable consumer, made if missing.
    synced
        Called at every opening; raises ``InputError`` where the server is not known to sync every message.
    """

    def __init__(self, place: Place, access: Access, durable: str, synced: Callable[[], None]) -> None:
        self._place, self._access, self._durable, self._synced = place, access, durable, synced
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread()
        self._line: Client | None = None
        self._pulled: Any = None
        self.waiting = 0
        if access.creds_file and find_spec("nkeys") is None:
            raise InputError("--from-credentials: a .creds file needs one package more: pip install 'nats-py[nkeys]'")

    @property
    def name(self) -> str:
        """Where it is."""
        return str(self._place)

    def open(self) -> None:
        """Connect, check the stream, find or make the consumer."""
        self._synced()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()
        self._await(self._opened(), _ANSWER_S * 2)

    def fetch(self, most: int, wait_s: float) -> Sequence[Message]:
        """Pull messages."""
        return self._await(self._fetched(most, wait_s), wait_s + _ANSWER_S)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Acknowledge each; lost on the way, a message comes again and counts once."""
        self._await(self._each("ack", messages), _ANSWER_S)

    def hold(self, messages: Sequence[Message]) -> None:
        """Say that each is in progress."""
        self._await(self._each("in_progress", messages), _ANSWER_S)

    def close(self) -> None:
        """Close the line and end the loop."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        done = asyncio.run_coroutine_threadsafe(self._closed(), loop)
        try:
            done.result(_ANSWER_S)
        except Exception:  # noqa: BLE001 - it is let go either way
            done.cancel()
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()

    def _await(self, asked: Coroutine[Any, Any, _Any], most_s: float) -> _Any:
        if self._loop is None:
            asked.close()
            raise BrokerAway("it is not open")
        done = asyncio.run_coroutine_threadsafe(asked, self._loop)
        try:
            return done.result(most_s)
        except (NatsError, OSError) as error:
            done.cancel()
            if isinstance(error, AuthorizationError) or _DENIED in str(error).lower():
                raise InputError(f"{self._place}: it lets us not in; see --from-credentials") from error
            raise BrokerAway(f"{self._place} does not answer ({type(error).__name__})") from error

    async def _opened(self) -> None:
        place, access = self._place, self._access
        login: dict[str, Any] = {"user": access.user, "password": access.password} if access.user else {}
        if access.creds_file:
            login = {"user_credentials": access.creds_file}
        self._line = Client()
        await self._line.connect(
            [f"{'tls' if place.tls else 'nats'}://{host}" for host in place.hosts],
            name="stillwatch watch",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_S,
            error_cb=_quiet,
            tls=access.context() if place.tls else None,
            **login,
        )
        stream = self._line.jetstream(timeout=_ANSWER_S)
        await self._checked(stream)
        self._pulled = await stream.pull_subscribe_bind(consumer=self._durable, stream=place.queue)

    async def _checked(self, stream: Any) -> None:  # noqa: ANN401 - the client's own class
        queue = self._place.queue
        try:
            found = await stream.stream_info(queue)
        except NotFoundError as error:
            raise InputError(f"{self._place}: there is no stream {queue}; make it, with storage file") from error
        except APIError as error:
            if (error.code or 500) >= 500:
                # It listens and its streams are not ready yet.
                raise BrokerAway(f"{self._place} is not ready") from error
            raise InputError(f"{self._place}: we may not look at the stream: {error.description}") from error
        if found.config.storage != StorageType.FILE:
            raise InputError(f"{self._place}: the stream lies in memory; make it with storage file, or events get lost")
        try:
            consumer = await stream.consumer_info(queue, self._durable)
        except NotFoundError:
            consumer = await stream.add_consumer(
                queue,
                ConsumerConfig(
                    durable_name=self._durable,
                    ack_policy=AckPolicy.EXPLICIT,
                    deliver_policy=DeliverPolicy.ALL,
                    ack_wait=ACK_WAIT_S,
                ),
            )
        self._suits(consumer)

    def _suits(self, consumer: ConsumerInfo) -> None:
        """Refuse a consumer made by others that would lose messages."""
        config = consumer.config
        if config.ack_policy != AckPolicy.EXPLICIT or config.deliver_subject:
            raise InputError(
                f"{self._place}: consumer {self._durable} must be a pull consumer with ack policy explicit"
            )
        if (config.max_deliver or -1) > 0:
            raise InputError(
                f"{self._place}: consumer {self._durable} gives a message up after {config.max_deliver} deliveries;"
                " set max deliver to -1"
            )

    async def _fetched(self, most: int, wait_s: float) -> list[Message]:
        try:
            came = await self._pulled.fetch(most, timeout=wait_s)
        except NatsTimeout:
            came = []
        if not came and (self._line is None or not self._line.is_connected):
            raise BrokerAway(f"{self._place} hung up")
        if came:
            self.waiting = came[-1].metadata.num_pending
        return [Message(one.data, one) for one in came]

    async def _each(self, what: str, messages: Sequence[Message]) -> None:
        await asyncio.gather(*(getattr(one.token, what)() for one in messages))
        if self._line is not None:
            await self._line.flush(timeout=int(_ANSWER_S))

    async def _closed(self) -> None:
        if self._line is not None:
            # On a line whose certificate was refused it would wait for ever.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._line.close(), _CLOSE_S)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # The line is let go in the next turn of the loop.
        await asyncio.sleep(0)


async def _quiet(error: Exception) -> None:
    """Errors of the line come out where it is used."""
    del error
