"""Server-sent events: cut out of chunks as they come, and written again where a barrier changed one.

Nothing is kept but the unfinished tail of the last event, and that has a bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from stillwatch.enforcement.barriers.base import Body, Call, Event, Rewrite

DECODE: Final = msgspec.json.Decoder().decode
ENCODE: Final = msgspec.json.Encoder().encode
DONE: Final = b"[DONE]"
_MOST_CHANGES: Final = 1_024
_BOM: Final = b"\xef\xbb\xbf"


class Malformed(ValueError):  # noqa: N818  named after what is wrong
    """A stream that cannot be read as events of JSON objects."""


class Block(NamedTuple):
    """One event as it stands in the stream."""

    raw: bytes
    """Its lines, without the empty one that ends it."""
    name: bytes
    """Its ``event`` field, b"" for none."""
    text: bytes
    """Its ``data`` fields, joined."""
    others: tuple[bytes, ...]
    """Lines of other fields, and comments."""


class Events:
    """Cuts events out of chunks."""

    __slots__ = ("_first", "_most", "_tail")

    def __init__(self, most: int) -> None:
        self._tail = b""
        self._most = most
        self._first = True

    def feed(self, chunk: bytes) -> list[Block]:
        """Take a chunk, give the events that are whole now.

        Raises
        ------
        Malformed
            An event is longer than the bound.
        """
        return [block_of(raw) for raw in self.split(chunk)]

    def split(self, chunk: bytes) -> list[bytes]:
        """Take a chunk, give the lines of each event that is whole now.

        Raises
        ------
        Malformed
            An event is longer than the bound.
        """
        text = self._tail + chunk
        if self._first:
            if len(text) < len(_BOM) and _BOM.startswith(text):
                self._tail = text
                return []
            self._first = False
            text = text.removeprefix(_BOM)
        if b"\r" in text:
            # A carriage return at the end may be half of a line end.
            held = b"\r" if text.endswith(b"\r") else b""
            text = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        blocks = text.split(b"\n\n")
        self._tail = blocks.pop()
        if len(self._tail) > self._most:
            raise Malformed("an event is too long")
        return [raw for raw in blocks if raw]

    def matched(self, chunk: bytes, pattern: re.Pattern[bytes], around: int) -> list[bytes] | None:
        """Take a chunk whose events are all of one form, give what differs in each; None where one is of another.

        Parameters
        ----------
        chunk
            Taken only where something is given.
        pattern
            Matches a whole event with the empty line behind it; its group is what differs.
        around
            Length of an event without that (bytes).
        """
        text = self._tail + chunk
        end = text.rfind(b"\n\n") + 2
        if self._first or end < 2 or len(text) - end > self._most:
            return None
        texts = pattern.findall(text, 0, end)
        # Only where they fill everything is nothing between them.
        if sum(map(len, texts)) + len(texts) * around != end:
            return None
        self._tail = text[end:]
        return texts

    def end(self) -> list[Block]:
        """Give what was begun and not ended: some servers leave the last empty line out."""
        tail, self._tail = self._tail.strip(b"\r\n"), b""
        return [block_of(tail)] if tail else []


def block_of(raw: bytes) -> Block:
    """Read the lines of one event."""
    if raw.startswith(b"data: ") and b"\n" not in raw:
        return Block(raw, b"", raw[6:], ())
    name, texts, others = b"", [], []
    for line in raw.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            texts.append(value)
        elif field == b"event":
            name = value
        elif line:
            others.append(line)
    return Block(raw, name, b"\n".join(texts), tuple(others))


class Rewriter:
    """Barriers over a streamed answer, event by event."""

    def __init__(self, rewrites: Iterable[tuple[str, Rewrite]], call: Call, most: int) -> None:
        self._rewrites = tuple(rewrites)
        self._call = call
        self._events = Events(most)
        self.changes: dict[tuple[str, str], int] = {}
        """(barrier, what) -> how often."""

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk, give what is sent for it.

        Raises
        ------
        Malformed
            An event is no JSON object: what cannot be read cannot be let through.
        """
        return b"".join(map(self._block, self._events.feed(chunk)))

    def end(self) -> bytes:
        """Give what is left once the stream has ended."""
        return b"".join(map(self._block, self._events.end())) + self._held()

    def _held(self) -> bytes:
        """Give what barriers held back; what an earlier one held passes the later ones."""
        out: list[Event] = []
        for barrier, rewrite in self._rewrites:
            out = [new for event in out for new in self._rewritten(barrier, rewrite, event)]
            ended = getattr(rewrite, "end", None)
            out += ended() if ended is not None else []
        return b"".join(_written(event, ()) for event in out)

    def _block(self, block: Block) -> bytes:
        if block.text.strip() == DONE:
            return self._held() + block.raw + b"\n\n"
        if not block.text:
            return block.raw + b"\n\n"
        try:
            body = DECODE(block.text)
            name = block.name.decode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed("an event is no JSON") from error
        if not isinstance(body, dict):
            raise Malformed("an event is no JSON object")
        out: list[Event] = [(name, body)]
        for barrier, rewrite in self._rewrites:
            out = [new for event in out for new in self._rewritten(barrier, rewrite, event)]
        if len(out) == 1 and out[0][1] is body:
            return block.raw + b"\n\n"
        return b"".join(_written(event, block.others if i == 0 else ()) for i, event in enumerate(out))

    def _rewritten(self, barrier: str, rewrite: Rewrite, event: Event) -> list[Event]:
        events, notes = rewrite(event)
        for note in notes:
            key = (barrier, note if len(self.changes) < _MOST_CHANGES else "more")
            self.changes[key] = self.changes.get(key, 0) + 1
        return events


def _written(event: Event, others: tuple[bytes, ...]) -> bytes:
    name, body = event
    head = b"".join(line + b"\n" for line in others)
    return head + (b"event: " + name.encode() + b"\n" if name else b"") + b"data: " + ENCODE(body) + b"\n\n"


def whole(body: bytes) -> Body:
    """Decode a body that must be one JSON object.

    Raises
    ------
    Malformed
        It is none.
    """
    try:
        tree = DECODE(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("the body is no JSON") from error
    if not isinstance(tree, dict):
        raise Malformed("the body is no JSON object")
    return tree
