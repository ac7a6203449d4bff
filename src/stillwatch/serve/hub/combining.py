"""Join the offers of a closed epoch, once all of them are there or the time for them is over."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import msgspec

from stillwatch.coordination.extraction import LINES
from stillwatch.coordination.groups import LAYERS
from stillwatch.joint import joint_campaigns
from stillwatch.model.errors import InputError, NotNow
from stillwatch.offers import FIELDS, bounded
from stillwatch.sharing.joint.wire import unpacked
from stillwatch.sketches.layout import allocate
from stillwatch.store.exchange.offered import Finding, complete, held, join, taken_digest, unjoined

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.offer import JointCampaign, Offer, TagEvidence
    from stillwatch.sharing.oblivious.epochs import Calendar
    from stillwatch.store.exchange.offered import Held, Joined
    from stillwatch.store.exchange.tag_base import TagBase


def form() -> Mapping[str, NDArray[np.generic]]:
    """Give an empty sketch, for the shape and kind of each of its fields."""
    rows = allocate(1)
    return {name: getattr(rows, name)[0] for name in FIELDS}


def combine_due(base: TagBase, calendar: Calendar, config: Config, now_ms: int) -> tuple[Joined, ...]:
    """Join what is due.

    Parameters
    ----------
    base
        Tags, matches, offers.
    calendar
        When epochs are: who has not offered by the end of the overlap is left out.
    config
        Prior, threshold and caps.
    now_ms
        Now (ms since 1970).

    Returns
    -------
    tuple of Joined
        Epochs joined now, oldest first.
    """
    made = []
    for epoch in unjoined(base):
        if calendar.ended(epoch, now_ms) or complete(base, epoch):
            before = taken_digest(base, epoch)
            # Looking takes a while; who withdraws meanwhile is in no joint campaign.
            with contextlib.suppress(NotNow):
                made.append(join(base, epoch, combined(held(base, epoch), config), now_ms, before))
    return tuple(made)


def combined(members: tuple[Held, ...], config: Config) -> tuple[Finding, ...]:
    """Find joint campaigns in what members hold; who was silent counts as having said nothing."""
    like = form()
    offered = [
        [offer for handle, body in one.offers.items() for offer in _matched(one, handle, body, like)] for one in members
    ]
    found = []
    for one in joint_campaigns(offered, config):
        parts = tuple((members[at].member, bytes.fromhex(name), (at, name) in one.standing) for at, name in one.parts)
        found.append(Finding(one.name, one.providers, described(one), parts))
    return tuple(found)


def _matched(one: Held, handle: bytes, body: bytes, like: Mapping[str, NDArray[np.generic]]) -> tuple[Offer, ...]:
    """Read an offer; keep what is ours to weigh, and of its tags those that were submitted in time, and matched."""
    try:
        offer = unpacked(body, like)
    except InputError:
        # Checked when it came in; what another version took is left out, not feared.
        return ()
    tags = tuple(_heard(tag) for tag in offer.tags if tag.value in one.tags[handle])
    if not tags or offer.name != handle.hex():
        return ()
    # A word that we do not know would be a message to the others; a line that speaks of something else, a lie.
    lines = tuple(line for line in offer.lines if LINES.get(line.name) == line.says)
    return (dataclasses.replace(offer, tags=tags, lines=lines, sketch=bounded(offer.sketch)),)


def _heard(tag: TagEvidence) -> TagEvidence:
    return dataclasses.replace(tag, layers={name: log_e for name, log_e in tag.layers.items() if name in LAYERS})


def described(one: JointCampaign) -> bytes:
    """Say what every member in a joint campaign is told: numbers only, rounded, nobody's words."""
    return msgspec.json.encode(
        {
            "one_operator": round(one.one_operator, 3),
            "extraction": round(one.extraction, 3),
            "extracting": one.extracting,
            "log_e": round(one.log_e, 2),
            "log_e_without_the_loudest": round(one.log_e_rest, 2),
            "first_seen_ms": one.first_ms,
            "layers": {name: round(log_e, 2) for name, log_e in one.layers.items()},
            "lines": [{"name": line.name, "says": line.says, "bits": round(line.bits, 1)} for line in one.lines],
        }
    )
