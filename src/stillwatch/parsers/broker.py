"""Options of a message broker that events are fetched from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.parsers.common import FORMAT_WORDS

if TYPE_CHECKING:
    import argparse

BODY_WORDS: Final = (*FORMAT_WORDS, "otlp-json", "otlp-protobuf")
"""Words of ``--from-format``; a test holds them against what reads bodies."""
MECHANISMS: Final = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
"""Words of ``--from-sasl``."""


def broker_options(verb: argparse.ArgumentParser) -> None:
    """Add where messages come from and how one gets in."""
    group = verb.add_argument_group(
        "broker",
        "fetch bodies from NATS JetStream (extra: nats) or over the Kafka protocol (extra: kafka); a message is\n"
        "acknowledged once its events are on the disk of this watch, and not before",
    )
    group.add_argument(
        "--from",
        dest="broker",
        metavar="URL",
        help="nats://HOST:PORT/STREAM or kafka://HOST:PORT/TOPIC; more hosts after commas; nats+tls, kafka+tls: TLS",
    )
    group.add_argument(
        "--from-format", default="auto", choices=BODY_WORDS, help="what a message holds (default: auto, a log format)"
    )
    group.add_argument(
        "--from-name",
        default="stillwatch",
        metavar="NAME",
        help="durable consumer (NATS) or consumer group (Kafka); one watch a name (%(default)s)",
    )
    group.add_argument(
        "--from-credentials",
        metavar="FILE",
        help="USER:PASSWORD, or a .creds file of NATS; mode 0600. Without: $STILLWATCH_BROKER_CREDENTIALS",
    )
    group.add_argument("--from-sasl", default=MECHANISMS[0], choices=MECHANISMS, help="login of Kafka (%(default)s)")
    group.add_argument("--from-ca", metavar="FILE", help="certificates to trust, PEM (default: those of the machine)")
    group.add_argument("--from-cert", metavar="FILE", help="our certificate, PEM, where the broker asks for one")
    group.add_argument("--from-cert-key", metavar="FILE", help="its key, PEM, mode 0600")
    group.add_argument(
        "--from-monitor",
        default="",
        metavar="URL",
        help="monitoring port of NATS: shows whether it syncs every message",
    )
    group.add_argument(
        "--from-unsynced",
        default="refuse",
        choices=("refuse", "accept"),
        help="a NATS server not known to sync every message before it acknowledges it (%(default)s)",
    )
