"""How many connections a hub has room for: each needs an open file, and files of its own must stay free."""

from __future__ import annotations

import contextlib
import resource
from typing import Final

MOST_CONNECTIONS: Final = 12_000
"""Most connections at once; more are answered with 503. An idle one costs some kilobytes."""
OWN_FILES: Final = 256
"""Files that are kept free for the hub's own use: stores, keys, workers."""


def connections() -> int:
    """Raise the limit of open files as far as it is needed and allowed, and say how many connections that gives.

    Notes
    -----
    Without it a hub that runs out of files stops taking connections and cannot open its own files either. Blind spot:
    connections are not counted by member or address; a front proxy that terminates TLS can do that.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OWN_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
    return room(soft if soft != resource.RLIM_INFINITY else wanted)


def room(files: int) -> int:
    """Say how many connections so many open files leave room for.

    Examples
    --------
    >>> room(1_024), room(20_000), room(100)
    (768, 12000, 50)
    """
    return min(MOST_CONNECTIONS, max(files - OWN_FILES, files // 2))
