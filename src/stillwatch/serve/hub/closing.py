"""Close epochs when their time is over, and forget what matched long ago."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import StillwatchError
from stillwatch.sharing.oblivious.kinds import KINDS
from stillwatch.store.exchange.matching import Rule, close, forget, outcome, unclosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.sharing.oblivious.epochs import Calendar
    from stillwatch.store.exchange.matching import Closed
    from stillwatch.store.exchange.tag_base import TagBase

RULE: Final = Rule(alike={one.name: one.bands for one in KINDS if one.bands > 1})
"""When tags match: two members, and as many bands of a template as its kind asks for."""
KEPT_EPOCHS: Final = 8
"""How many closed epochs stay readable."""
LOOK_S: Final = 5.0
"""Pause between two looks (s)."""
_LOG: Final = logging.getLogger(__name__)


def close_due(base: TagBase, calendar: Calendar, rule: Rule, now_ms: int) -> tuple[Closed, ...]:
    """Close every epoch that is over, an empty last one included, so that its members are told "nothing".

    Returns
    -------
    tuple of Closed
        Those closed now, oldest first: their digests go into the transparency log.
    """
    current = calendar.current(now_ms)
    if current is None:
        return ()
    due = {epoch for epoch in unclosed(base) if epoch < current.number}
    last = current.number - 1
    if last and outcome(base, last) is None:
        due.add(last)
    done = tuple(close(base, epoch, rule, now_ms) for epoch in sorted(due))
    if done and current.number > KEPT_EPOCHS:
        forget(base, current.number - KEPT_EPOCHS)
    return done


async def close_forever(
    base: TagBase,
    calendar: Calendar,
    clock: Callable[[], int],
    closed: Callable[[Closed], None],
    rule: Rule = RULE,
) -> None:
    """Close epochs in time, until cancelled; ``closed`` is told of each. What goes wrong is logged and tried again."""
    while True:
        try:
            for one in await asyncio.to_thread(close_due, base, calendar, rule, clock()):
                closed(one)
        except StillwatchError as error:
            _LOG.error("epochs are not closed: %s", error)
        await asyncio.sleep(LOOK_S)
