"""Other detectors, judged on the same accounts as ours.

Each is fitted on ordinary texts and answers for one account: a flag by its own threshold, and a value. They are
here to be compared with; no finding and no decision reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.evaluate.peers.base import Embedder, Fitted, Judgement, Peer
from stillwatch.evaluate.peers.embed import TextEmbedder, embedder_apart, fit_embedder
from stillwatch.evaluate.peers.mahalanobis import MAHALANOBIS
from stillwatch.evaluate.peers.mmd import MMD, MMD_RECALIBRATED
from stillwatch.evaluate.peers.packages import HONEYPOTLLM, UNMIMIC, installed
from stillwatch.evaluate.peers.prada import PRADA
from stillwatch.evaluate.peers.seat import SEAT

if TYPE_CHECKING:
    from collections.abc import Sequence

PEERS: Final[Sequence[Peer]] = (MMD, MMD_RECALIBRATED, MAHALANOBIS, SEAT, PRADA, HONEYPOTLLM, UNMIMIC)
"""Every peer, in the order reports show them; ``dataclasses.replace(MMD, window=100)`` looks at fewer texts."""

__all__ = [
    "PEERS",
    "Embedder",
    "Fitted",
    "Judgement",
    "Peer",
    "TextEmbedder",
    "embedder_apart",
    "fit_embedder",
    "installed",
]
