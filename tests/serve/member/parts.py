"""Members of an exchange on loopback, and candidates that they could have found."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from sketches.events import events, folded
from stillwatch.engine.union import unions
from stillwatch.model.campaign import Line
from stillwatch.model.offer import Offer, TagEvidence
from stillwatch.offers import Candidate, coarse
from stillwatch.serve.member.evaluating import open_epoch
from stillwatch.serve.member.receiving import receive_joint
from stillwatch.serve.member.sharing import prepared, send
from stillwatch.sharing.oblivious.epochs import DAY_MS, Calendar
from stillwatch.sharing.policy import SharingPolicy
from stillwatch.store.member import inbox, shares

if TYPE_CHECKING:
    from stillwatch.serve.rehearsal import Part, Rehearsal
    from stillwatch.store.member.inbox import JointFinding

STRONG = math.log(1e5)
HARVEST = (
    Line("workload", "harvest", 3.0, "x"),
    Line("shards", "harvest", 9.0, "x"),
    Line("dealt out", "harvest", 3.0, "x"),
)
HONEST = (Line("shards", "harvest", -2.0, "x"), Line("one organisation", "in favour", -3.0, "x"))
GOES = SharingPolicy(automatic=True)
NAMES = ("Lab A", "Lab B", "Lab C")


def calendar() -> Calendar:
    return Calendar(time.time_ns() // 1_000_000 - DAY_MS, 7 * DAY_MS, DAY_MS)


def trait(value: int, kind: str = "template", log_e: float = STRONG) -> TagEvidence:
    return TagEvidence(kind, value.to_bytes(8), log_e, {"money": log_e})


def candidate(name: str, *tags: TagEvidence, lines: tuple[Line, ...] = HARVEST, accounts: Any = (1, 2, 3)) -> Candidate:
    sketch = coarse(unions([folded([events(1, 400, accounts=6)]).ordered()]))
    return Candidate(
        Offer(name, 64, tags, lines, 6.0, sketch), np.array(accounts, np.int64), np.full(len(accounts), 0.9)
    )


def shared(part: Part, *found: Candidate) -> int:
    """Prepare and send; gives the number of the share."""
    epoch = open_epoch(part.membership)
    groups, _ = prepared(found, GOES, part.membership.handles, epoch.number)
    with part.file.writing() as connection:
        number = shares.add(connection, epoch.number, part.membership.now_ms, "", groups)
    send(part.file, part.membership, epoch, number)
    return number


def found(part: Part) -> list[JointFinding]:
    with part.file.reading() as connection:
        return inbox.findings(connection)


def joined(alliance: Rehearsal, epoch: int = 1) -> None:
    """Let an epoch close, everybody offer, the hub join, and everybody hear of it."""
    alliance.epoch_over(epoch)
    for _ in range(2):
        for part in alliance.parts.values():
            receive_joint(part.file, part.membership)
        alliance.hub.tending.round()
