"""Other methods that find groups of accounts, each after its paper or package; no finding reads them."""

from __future__ import annotations

from typing import Final

from stillwatch.evaluate.campaigns.peers.base import Peer
from stillwatch.evaluate.campaigns.peers.cocount import COCOUNT, COCOUNT_DAY
from stillwatch.evaluate.campaigns.peers.fraudar import FRAUDAR
from stillwatch.evaluate.campaigns.peers.splink_identity import SPLINK, SPLINK_EVEN
from stillwatch.evaluate.campaigns.peers.synchrotrap import SYNCHROTRAP, SYNCHROTRAP_DAY
from stillwatch.evaluate.campaigns.peers.tfidf import TFIDF

PEERS: Final[tuple[Peer, ...]] = (
    COCOUNT,
    COCOUNT_DAY,
    TFIDF,
    SYNCHROTRAP,
    SYNCHROTRAP_DAY,
    FRAUDAR,
    SPLINK,
    SPLINK_EVEN,
)
"""Every method, in the order tables show them; ``dataclasses.replace(TFIDF, percentile=0.99)`` is another."""

__all__ = [
    "COCOUNT",
    "COCOUNT_DAY",
    "FRAUDAR",
    "PEERS",
    "SPLINK",
    "SPLINK_EVEN",
    "SYNCHROTRAP",
    "SYNCHROTRAP_DAY",
    "TFIDF",
    "Peer",
]
