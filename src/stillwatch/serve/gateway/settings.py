"""What a gateway is told: one frozen tree, each default with its unit. ``read`` fills it from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from stillwatch.enforcement.barriers import BARRIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.enforcement.barriers import Barrier
    from stillwatch.enforcement.barriers.base import Shape


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    """Address; end TLS in front of it."""
    port: int = 8100
    """Port, 0 for any free one."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A model API behind the gateway."""

    url: str
    """Address without a path of its own, such as ``https://api.example.com``."""
    credential_header: str = ""
    """Header that replaces the customer's credential, such as ``authorization``; "" lets the customer's through."""
    credential_file: str = ""
    """File of that header's value; never in the configuration itself."""
    connect_s: float = 10.0
    """Longest wait for a connection (s)."""
    answer_s: float = 600.0
    """Longest wait for the next byte of an answer (s)."""
    connections: int = 20_000
    """Most connections at once."""


@dataclass(frozen=True, slots=True)
class Path:
    """What is done with a path."""

    shape: Shape = "other"
    """Form of its bodies; ``other`` is carried through unread."""
    upstream: str = "default"
    """Which upstream answers it."""
    methods: tuple[str, ...] = ("POST",)
    """Methods that are let through."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """How a call's account is known."""

    keys_file: str = ""
    """YAML file of accounts by the SHA-256 of their credentials; read again when the gateway starts."""
    header: str = ""
    """Header in which a proxy in front names the account."""
    proxies: tuple[str, ...] = ()
    """Networks of that proxy; from anywhere else the header is refused."""
    unknown: Literal["own", "refuse"] = "own"
    """Unknown credentials: an account of their own each, or answered with 401."""
    anonymous: Literal["own", "refuse"] = "refuse"
    """Calls without a credential: one account by address, or answered with 401."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on everything that a stranger can make large or slow."""

    head_bytes: int = 32_768
    """Longest request head (bytes)."""
    body_bytes: int = 33_554_432
    """Longest request body (bytes)."""
    head_s: float = 10.0
    """Longest time for a head, from its first byte or from connecting (s)."""
    body_s: float = 60.0
    """Longest time for a body (s)."""
    stalled_s: float = 120.0
    """Longest time that a customer may not read (s)."""
    idle_s: float = 75.0
    """Longest time between two requests of a connection (s)."""
    answer_bytes: int = 67_108_864
    """Longest unstreamed answer that a barrier may rewrite (bytes)."""
    event_bytes: int = 4_194_304
    """Longest single event of a streamed answer (bytes)."""
    completion_bytes: int = 16_384
    """Most bytes of answer text that a record holds."""
    connections: int = 20_000
    """Most connections at once; more are answered with 503."""
    delayed: int = 1_000
    """Most calls that wait in a delay at once; more are answered with 429."""
    buckets: int = 100_000
    """Most buckets of requests that are remembered; the longest unused is forgotten."""
    shutdown_s: float = 30.0
    """Longest time that calls under way get to end when the gateway is stopped (s)."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decision endpoint and ``/metrics``."""

    secret_file: str = ""
    """File of the bearer secret, at least 16 characters; without one the endpoints are closed."""


@dataclass(frozen=True, slots=True)
class Standings:
    """How the store is followed."""

    refresh_s: float = 1.0
    """How often what was decided or undone is taken over (s)."""
    stale_s: float = 30.0
    """Age from which the copy no longer proves that nothing is in force (s)."""


@dataclass(frozen=True, slots=True)
class Records:
    """What is written down."""

    most_bytes: int = 8_589_934_592
    """Most bytes of events that wait to be taken over, and most of what barriers changed (bytes)."""
    keep_days: int = 90
    """How long what barriers changed is kept (days)."""
    artefacts: int = 200_000
    """Most reasoning artefacts whose owner is remembered."""


DEFAULT_PATHS: dict[str, Path] = {
    "/v1/chat/completions": Path("chat"),
    "/v1/responses": Path("responses"),
    "/v1/completions": Path("completion"),
    "/v1/embeddings": Path("embeddings"),
    "/v1/models": Path("other", methods=("GET",)),
    "/v1/models/*": Path("other", methods=("GET",)),
    "/v1/messages": Path("messages"),
    "/v1/messages/count_tokens": Path("other"),
}
"""Paths that are let through unless the configuration lists others; everything else is answered with 404."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a gateway is told."""

    upstreams: Mapping[str, Upstream]
    """Model APIs by name; ``default`` must be among them."""
    listen: Listen = field(default_factory=Listen)
    """Where it listens."""
    key: str = "stillwatch.key"
    """Pseudonym key file, as `stillwatch key new` writes it."""
    paths: Mapping[str, Path] = field(default_factory=lambda: dict(DEFAULT_PATHS))
    """Paths that are let through, beside the usual ones; a trailing ``/*`` stands for one further part."""
    accounts: Accounts = field(default_factory=Accounts)
    """How accounts are known."""
    forwarded_by: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is believed."""
    limits: Limits = field(default_factory=Limits)
    """Bounds."""
    decisions: Decisions = field(default_factory=Decisions)
    """The decision endpoint."""
    standings: Standings = field(default_factory=Standings)
    """How the store is followed."""
    records: Records = field(default_factory=Records)
    """What is written down."""
    fail: Literal["open", "closed"] = "open"
    """Where standing cannot be read: calls go through as in good standing, or are answered with 503."""
    show: bool = True
    """Whether answers name the barriers that applied, in ``x-stillwatch-barriers``; marks are never named."""
    barriers: tuple[Barrier, ...] = BARRIERS
    """Barriers, with what the configuration changed."""
