"""Whether a NATS server has a message on its disk before it acknowledges it to whoever published it.

By default it syncs every two minutes, and a message that it acknowledged can be gone after a loss of power. The client
protocol shows the storage of a stream and nothing about syncing; the monitoring port does (``/varz``,
``jetstream.config.sync_always``).
"""

from __future__ import annotations

import http.client
import json
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from stillwatch.model.errors import BrokerAway, InputError

if TYPE_CHECKING:
    from stillwatch.serve.watch.brokers.access import Access

_WAIT_S: Final = 5
_MOST_BYTES: Final = 4 << 20
UNKNOWN: Final = (
    "whether this NATS server syncs every message cannot be seen from a client: name its monitoring port with"
    " --from-monitor http://HOST:8222, or accept it with --from-unsynced accept"
)
LATE: Final = (
    "this NATS server acknowledges messages before they are on its disk and can lose them with its power: set"
    " sync_interval: always in its jetstream block, or accept it with --from-unsynced accept"
)


class Synced:
    """Asks a server's monitoring port at every opening.

    Parameters
    ----------
    monitor
        ``http://HOST:PORT`` or ``https://``; none where empty.
    accept
        Whether a server that is not known to sync is accepted.
    access
        Certificates to trust.
    """

    def __init__(self, monitor: str, *, accept: bool, access: Access) -> None:
        self._monitor, self._accept, self._access = monitor, accept, access

    def __call__(self) -> None:
        """Look.

        Raises
        ------
        InputError
            It is not known to sync, and that is not accepted.
        BrokerAway
            The monitoring port does not answer.
        """
        if self._accept:
            return
        if not self._monitor:
            raise InputError(UNKNOWN)
        if not syncs(self._monitor, self._access):
            raise InputError(LATE)


def syncs(monitor: str, access: Access) -> bool:
    """Ask a monitoring port whether every message is synced.

    Raises
    ------
    InputError
        The address is none, or what answers is no NATS server with JetStream.
    BrokerAway
        Nothing answers.
    """
    at = urlsplit(monitor)
    if at.scheme not in ("http", "https") or not at.hostname or at.username:
        raise InputError("--from-monitor: write http://HOST:PORT of the NATS server's monitoring port")
    line = (
        http.client.HTTPSConnection(at.hostname, at.port or 8222, timeout=_WAIT_S, context=access.context())
        if at.scheme == "https"
        else http.client.HTTPConnection(at.hostname, at.port or 8222, timeout=_WAIT_S)
    )
    try:
        line.request("GET", "/varz")
        content = line.getresponse().read(_MOST_BYTES)
    except (OSError, http.client.HTTPException, ssl.SSLError) as error:
        raise BrokerAway(f"the monitoring port {at.hostname}:{at.port or 8222} does not answer") from error
    finally:
        line.close()
    try:
        return bool(json.loads(content)["jetstream"]["config"].get("sync_always", False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("--from-monitor: no NATS server with JetStream answers there") from error
