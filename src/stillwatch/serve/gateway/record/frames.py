r"""The frames of a gateway's journal: a call that was begun, and the event that it became.

::

    b CALL_ID \n {event without texts}      written before the model gets the request
    e CALL_ID \n {event}                    written when the call has ended

A call that was begun and never ended, as the gateway was killed meanwhile, becomes an event when it starts again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from stillwatch.store.spool.tail import Tail

if TYPE_CHECKING:
    from pathlib import Path

BEGUN: Final = b"b"
EVENT: Final = b"e"
TEXTS: Final = ("prompt", "system")
"""Fields that a begun call leaves out."""
_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder().decode
_MANY: Final = 1 << 62


def shut_begun(call_id: str, record: dict[str, Any]) -> bytes:
    """Write the frame of a call that goes to the model now."""
    told = {name: value for name, value in record.items() if name not in TEXTS}
    return b"b%s\n%s" % (call_id.encode(), _ENCODE(told))


def shut_event(call_id: str, record: dict[str, Any]) -> bytes:
    """Write the frame of a call that has ended."""
    return b"e%s\n%s" % (call_id.encode(), _ENCODE(record))


def event_of(frame: bytes) -> bytes | None:
    """Give the event of a frame, one line of JSON; None where it holds none."""
    return frame.partition(b"\n")[2] if frame[:1] == EVENT else None


def unfinished(folder: Path) -> dict[str, dict[str, Any]]:
    """Find the calls of a journal that were begun and never ended: call -> what was known of it.

    Notes
    -----
    Reads the whole journal, about a gigabyte in three seconds. It must have no writer meanwhile.
    """
    begun: dict[bytes, bytes] = {}
    tail = Tail(folder)
    try:
        for frame, _ in tail.read(_MANY):
            call, _, told = frame[1:].partition(b"\n")
            if frame[:1] == BEGUN:
                begun[call] = told
            else:
                begun.pop(call, None)
    finally:
        tail.close()
    return {call.decode(): _DECODE(told) for call, told in begun.items()}
