"""The Kafka protocol: a consumer of a group whose offsets we commit ourselves, once messages are on our disk.

Offsets are committed a fetch at a time and in order, so what is committed is always on our disk. After a crash, or
where partitions went to another member meanwhile, messages come again.
"""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from stillwatch.model.errors import BrokerAway, InputError
from stillwatch.serve.watch.brokers.base import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.serve.watch.brokers.access import Access
    from stillwatch.serve.watch.brokers.place import Place

SESSION_MS: Final = 10_000
"""From when on a member that is not heard of is taken for dead (ms); so long a restart may wait after a crash."""
_ANSWER_S: Final = 10.0
_PROBE_S: Final = 3.0
_LINGER_S: Final = 0.25
_QUIET_S: Final = 10.0
"""Silence from which the broker is asked whether it is there: the client does not always say that all are down (s)."""
"""How long a fetch waits to become full (s)."""
_LOST: Final = (
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError._NO_OFFSET,  # noqa: SLF001 - the library's way to name its own codes
    KafkaError._ASSIGNMENT_LOST,  # noqa: SLF001
)
"""Why a commit may fail without anything being wrong: the partitions are another member's now."""
_SILENT: Final = logging.getLogger("stillwatch.kafka")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class Kafka:
    """One topic of a Kafka cluster, or of anything that speaks its protocol.

    Parameters
    ----------
    place
        Where it is.
    access
        How one gets in.
    group
        The group's name; this watch must be alone in it, or it sees only a part of the events.
    mechanism
        SASL mechanism of a login.
    session_ms
        From when on a silent member is taken for dead (ms).
    """

    def __init__(
        self, place: Place, access: Access, group: str, mechanism: str = "SCRAM-SHA-512", session_ms: int = SESSION_MS
    ) -> None:
        self._place, self._access = place, access
        self._group, self._mechanism, self._session_ms = group, mechanism, session_ms
        self._consumer: Any = None
        self._joined = False
        self._down = ""
        self._heard_s = 0.0
        self._paused: list[TopicPartition] = []
        if access.creds_file:
            raise InputError("--from-credentials: that is a .creds file of NATS; Kafka takes USER:PASSWORD")
        if access.user and mechanism == "PLAIN" and not place.tls:
            raise InputError("--from: SASL PLAIN sends the password as it is; use kafka+tls://, or SCRAM")

    @property
    def name(self) -> str:
        """Where it is."""
        return str(self._place)

    @property
    def waiting(self) -> int:
        """Messages not fetched, as far as the client has heard."""
        found = 0
        with contextlib.suppress(KafkaException):
            for one in self._consumer.position(self._consumer.assignment()):
                _, high = self._consumer.get_watermark_offsets(one, cached=True)
                if one.offset != OFFSET_INVALID and high >= 0:
                    found += max(high - max(one.offset, 0), 0)
        return found

    def settings(self) -> dict[str, Any]:
        """Give the client's settings; they hold the password."""
        access, tls = self._access, self._place.tls
        made: dict[str, Any] = {
            "bootstrap.servers": ",".join(self._place.hosts),
            "client.id": "stillwatch",
            "group.id": self._group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": self._session_ms,
            "heartbeat.interval.ms": min(3000, self._session_ms // 3),
            "queued.max.messages.kbytes": 16 << 10,
            "queued.min.messages": 1000,
            "socket.connection.setup.timeout.ms": 5000,
            # Bounds how long a commit waits for a coordinator that is away.
            "socket.timeout.ms": 10_000,
            "security.protocol": f"{'SASL_' if access.user else ''}{'SSL' if tls else 'PLAINTEXT'}",
            "error_cb": self._error,
            "logger": _SILENT,
        }
        if access.user:
            made |= {
                "sasl.mechanism": self._mechanism,
                "sasl.username": access.user,
                "sasl.password": access.password,
            }
        files = {"ca": access.ca_file, "certificate": access.cert_file, "key": access.key_file}
        return made | {f"ssl.{name}.location": file for name, file in files.items() if tls and file}

    def open(self) -> None:
        """Connect, and see that the topic is there. The group is joined by the first fetch."""
        try:
            self._consumer = Consumer(self.settings())
        except (KafkaException, ValueError, TypeError) as error:
            raise InputError(f"{self._place}: the client does not take its settings: {_said(error)}") from error
        self._seen(_ANSWER_S)
        self._joined = False

    def _seen(self, most_s: float) -> None:
        topic = self._place.queue
        try:
            found = self._consumer.list_topics(topic, timeout=most_s).topics.get(topic)
        except KafkaException as error:
            raise BrokerAway(f"{self._place} does not answer ({self._down or _said(error)})") from error
        if found is None or found.error is not None:
            why = found.error.str() if found is not None else "unknown"
            raise InputError(f"{self._place}: topic {topic} cannot be read: {why}")
        self._down, self._heard_s = "", time.monotonic()

    def _error(self, error: KafkaError) -> None:
        """Remember why no broker answers; the client tries on by itself."""
        if error.code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._AUTHENTICATION, KafkaError._SSL):  # noqa: SLF001
            self._down = error.name()

    def fetch(self, most: int, wait_s: float) -> Sequence[Message]:
        """Consume messages."""
        try:
            if not self._joined:
                self._consumer.subscribe([self._place.queue])
                self._joined = True
            if self._paused:
                self._consumer.resume(self._paused)
                self._paused = []
            came = self._consumer.consume(most, min(wait_s, _LINGER_S))
        except (KafkaException, RuntimeError) as error:
            raise BrokerAway(f"{self._place}: {_said(error)}") from error
        wrong = next((one.error() for one in came if one.error() is not None), None)
        if wrong is not None:
            # Messages beside it are not committed, so they come again.
            raise BrokerAway(f"{self._place}: {wrong.str()}")
        if came:
            self._heard_s = time.monotonic()
        elif self._down or time.monotonic() - self._heard_s > _QUIET_S:
            self._seen(_PROBE_S)
        return [Message(one.value() or b"", one) for one in came]

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Commit the offsets behind them, and wait until that is done."""
        behind: dict[int, int] = {}
        for one in messages:
            partition = one.token.partition()
            behind[partition] = max(behind.get(partition, 0), one.token.offset() + 1)
        offsets = [TopicPartition(self._place.queue, partition, at) for partition, at in behind.items()]
        try:
            done = self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in _LOST:
                raise BrokerAway(f"{self._place} took no commit ({_said(error)})") from error
            return
        failed = next((one.error for one in done if one.error is not None and one.error.code() not in _LOST), None)
        if failed is not None:
            raise BrokerAway(f"{self._place} took no commit ({failed.str()})")

    def hold(self, messages: Sequence[Message]) -> None:
        """Stay a member of the group without fetching."""
        del messages
        try:
            assigned = self._consumer.assignment()
            if not self._paused and assigned:
                self._consumer.pause(assigned)
                self._paused = assigned
            came = self._consumer.poll(0)
        except (KafkaException, RuntimeError) as error:
            raise BrokerAway(f"{self._place}: {_said(error)}") from error
        if came is not None and came.error() is None:
            # A partition that came meanwhile was not paused: back to before it.
            raise BrokerAway(f"{self._place}: partitions moved while there was no room")

    def close(self) -> None:
        """Leave the group."""
        consumer, self._consumer, self._paused, self._down = self._consumer, None, [], ""
        if consumer is not None:
            consumer.close()


def _said(error: Exception) -> str:
    first = error.args[0] if error.args else error
    return first.str() if isinstance(first, KafkaError) else str(first)
