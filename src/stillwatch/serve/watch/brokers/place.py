"""Where a broker is, as ``--from`` names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stillwatch.model.errors import InputError

_PORTS: Final = {"nats": 4222, "kafka": 9092}
_FORM: Final = re.compile(r"(nats|kafka)(\+tls)?://([^/?#]+)/([A-Za-z0-9._-]{1,249})")
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """A stream or topic at a broker."""

    kind: str
    """``nats`` or ``kafka``."""
    tls: bool
    """Whether the line is encrypted."""
    hosts: tuple[str, ...]
    """HOST:PORT of one or more servers."""
    queue: str
    """Stream (NATS) or topic (Kafka)."""

    def __str__(self) -> str:
        """Write it as ``--from`` takes it."""
        return f"{self.kind}{'+tls' if self.tls else ''}://{','.join(self.hosts)}/{self.queue}"


def place_of(text: str) -> Place:
    """Read ``nats://HOST[:PORT][,...]/STREAM`` or ``kafka://HOST[:PORT][,...]/TOPIC``; ``nats+tls``, ``kafka+tls``.

    Raises
    ------
    InputError
        It is no such thing, or holds credentials. They are not repeated in the message.
    """
    if "@" in text:
        raise InputError(
            "--from holds credentials, which everybody on this machine can see; put them into a file of mode 0600"
            " and name it with --from-credentials"
        )
    found = _FORM.fullmatch(text)
    if found is None:
        raise InputError(f"--from {text}: write nats://HOST:PORT/STREAM or kafka://HOST:PORT/TOPIC (+tls for TLS)")
    kind, tls, hosts, queue = found.groups()
    return Place(kind, bool(tls), tuple(_host(one, kind) for one in hosts.split(",")), queue)


def _host(text: str, kind: str) -> str:
    found = _HOST.fullmatch(text)
    port = int(found[2] or _PORTS[kind]) if found else 0
    if found is None or not 0 < port < 65536:
        raise InputError(f"--from: {text!r} is no HOST or HOST:PORT")
    return f"{found[1]}:{port}"
