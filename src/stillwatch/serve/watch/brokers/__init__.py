"""Events from a message broker: one interface, an adapter a file.

``base`` is what an adapter does; ``jetstream`` and ``kafka`` are the adapters. ``fetching`` moves messages into the
spool and acknowledges them once they are on the disk, ``bodies`` reads them. ``place`` and ``access`` are where the
broker is and how one gets in, ``synced`` asks a NATS server whether it keeps what it acknowledges.
"""
