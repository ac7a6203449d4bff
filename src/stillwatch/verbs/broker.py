"""The broker that a watch fetches from, as its options name it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.serve.watch.brokers.access import access_of
from stillwatch.serve.watch.brokers.bodies import Bodies
from stillwatch.serve.watch.brokers.fetching import Fetching
from stillwatch.serve.watch.brokers.place import place_of
from stillwatch.serve.watch.brokers.synced import Synced
from stillwatch.serve.watch.intake import MOST_BODY_BYTES
from stillwatch.serve.watch.service import now_ms

if TYPE_CHECKING:
    import argparse

    from stillwatch.ingest.read import Reading
    from stillwatch.serve.watch.brokers.base import Broker
    from stillwatch.serve.watch.measures import Measures
    from stillwatch.store.spool.writer import Spool


def broker_of(asked: argparse.Namespace) -> Broker | None:
    """Make the adapter of ``--from``; None where it is not given.

    Raises
    ------
    InputError
        The address, a credential or an option is wrong, or the extra is not installed.
    """
    if not asked.broker:
        return None
    place = place_of(asked.broker)
    access = access_of(asked.from_credentials, os.environ, asked.from_ca, asked.from_cert, asked.from_cert_key)
    if place.tls:
        access.context()
    elif asked.from_ca or asked.from_cert or asked.from_cert_key:
        raise InputError(f"--from {place}: certificates go with TLS; write {place.kind}+tls://")
    try:
        if place.kind == "nats":
            from stillwatch.serve.watch.brokers.jetstream import JetStream

            synced = Synced(asked.from_monitor, accept=asked.from_unsynced == "accept", access=access)
            return JetStream(place, access, asked.from_name, synced)
        from stillwatch.serve.watch.brokers.kafka import Kafka

        return Kafka(place, access, asked.from_name, asked.from_sasl)
    except ImportError as error:
        raise InputError(
            f"--from {place}: needs the extra {place.kind}: pip install 'stillwatch[{place.kind}]' ({error.name})"
        ) from error


def fetching_of(asked: argparse.Namespace, reading: Reading, spool: Spool, measures: Measures) -> Fetching | None:
    """Make what takes messages, and see that the broker is as it must be; one that is away is waited for.

    Raises
    ------
    InputError
        The broker answers and is not as it must be, or an option is wrong.
    """
    broker = broker_of(asked)
    if broker is None:
        return None
    made = Fetching(broker, Bodies(reading, asked.from_format, MOST_BODY_BYTES), spool, measures, now_ms)
    made.check()
    return made
