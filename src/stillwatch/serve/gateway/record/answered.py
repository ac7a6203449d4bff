"""Read an answer for the record, whole or event by event, without touching what goes to the customer."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stillwatch.enforcement.barriers.carried import artefacts_of
from stillwatch.serve.gateway.proxy.sse import DECODE, DONE, Events, Malformed, block_of
from stillwatch.serve.gateway.record.asked import text, whole_number

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Body, Shape
    from stillwatch.serve.gateway.ports import Record

MOST_WHOLE: Final = 8 << 20
"""Longest unstreamed answer that is read for the record (bytes)."""
_MOST_BORN: Final = 256
_TOGETHER: Final = 8_192
"""Bytes that are read for the record at once (bytes)."""
_MOST_LEARNT: Final = 8
"""Most times that one stream's surroundings are learnt: where every event has others it is no use."""
_UNKNOWN: Final = (b"\n", b"")
"""Stands around no event."""
_TRIAL: Final = b"stillwatch trial"
_UNPACKED: Final = ("", "identity")
_ZIPPED: Final = ("gzip", "deflate", "x-gzip")


class _Delta(msgspec.Struct):
    content: str | None = None
    text: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None


class _Piece(msgspec.Struct):
    """The events that make up nearly all of a stream: a piece of text and nothing else."""

    type: str = ""
    choices: list[_Choice] = []
    delta: _Delta | None = None
    usage: msgspec.Raw | None = None


_PIECE: Final = msgspec.json.Decoder(_Piece).decode


class Tap:
    """Follows one answer."""

    __slots__ = (
        "_around",
        "_born",
        "_done",
        "_events",
        "_form",
        "_held",
        "_learnt",
        "_most",
        "_pieces",
        "_record",
        "_shape",
        "_unzip",
        "_waiting",
        "_waits",
        "bytes",
        "unread",
    )

    def __init__(self, shape: Shape, *, streamed: bool, encoding: str, most_text: int, most_event: int) -> None:
        self._shape = shape
        self._events = Events(most_event) if streamed else None
        self._held: list[bytes] = []
        self._pieces: list[str] = []
        self._most = most_text
        self._record: Record = {}
        self._born: list[str] = []
        self._done = False
        self._around = _UNKNOWN
        self._form: re.Pattern[bytes] | None = None
        self._learnt = 0
        self._waiting: list[bytes] = []
        self._waits = 0
        self._unzip = zlib.decompressobj(47) if encoding in _ZIPPED else None
        self.bytes = 0
        """Bytes of answer text so far."""
        self.unread = shape == "other" or (encoding not in _UNPACKED and encoding not in _ZIPPED)
        """Whether the answer cannot be read."""

    def feed(self, chunk: bytes) -> None:
        """Take a chunk that was sent; whatever is wrong with it only ends the reading."""
        if self.unread:
            return
        self._waiting.append(chunk)
        self._waits += len(chunk)
        if self._waits >= _TOGETHER:
            self._take()

    def _take(self) -> None:
        """Read what waits: many small chunks at once cost less than one after the other."""
        chunk = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        self._waiting.clear()
        self._waits = 0
        try:
            if self._unzip is not None:
                chunk = self._unzip.decompress(chunk, MOST_WHOLE)
            if self._events is None:
                self._hold(chunk)
            else:
                # What stands around the text is mostly what stood around the last one, often in all of a chunk.
                begin, end = self._around
                if self._form is not None:
                    texts = self._events.matched(chunk, self._form, len(begin) + len(end) + 2)
                    if texts is not None:
                        self._say_plain(b"".join(texts))
                        return
                for raw in self._events.split(chunk):
                    if raw.startswith(begin) and raw.endswith(end):
                        said = raw[len(begin) : len(raw) - len(end)]
                        if b'"' not in said and b"\\" not in said:
                            self._say_plain(said)
                            continue
                    self._read(raw)
                    begin, end = self._around
        except (Malformed, msgspec.DecodeError, zlib.error, UnicodeDecodeError, RecursionError):
            self.unread = True
            self._held.clear()

    def _read(self, raw: bytes) -> None:
        block = block_of(raw)
        if not block.text or block.text == DONE:
            return
        said = self._said(block.text)
        if said is None:
            self._event(DECODE(block.text))
            return
        self._say(said)
        if self._learnt < _MOST_LEARNT and said:
            self._learnt += 1
            self._learn(raw, said.encode("utf-8", "replace"))

    def _learn(self, raw: bytes, said: bytes) -> None:
        """Remember what stands around a text, once it is proven that another text there is the text."""
        begin, quoted, end = raw.partition(b'"' + said + b'"')
        if not quoted:
            return
        begin, end = begin + b'"', b'"' + end
        if self._said(block_of(begin + _TRIAL + end).text) == _TRIAL.decode():
            self._around = (begin, end)
            self._form = re.compile(re.escape(begin) + rb'([^"\\\r\n]*)' + re.escape(end) + rb"\n\n")

    def _hold(self, chunk: bytes) -> None:
        self.bytes += len(chunk)
        if self.bytes > MOST_WHOLE:
            raise Malformed("the answer is too long to be read")
        self._held.append(chunk)

    def record(self) -> Record:
        """Give what the answer says, once it has ended."""
        if self._waiting:
            self._take()
        if self._events is None and not self.unread:
            self.bytes = 0
            try:
                tree = DECODE(b"".join(self._held))
                if isinstance(tree, dict):
                    self._whole(tree)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.unread = True
        if self._pieces or self.bytes:
            self._record["completion"] = "".join(self._pieces)
            self._record["completion_chars"] = self.bytes
        if self._born:
            self._record["artefacts_born"] = self._born
        return self._record

    def _said(self, event: bytes) -> str | None:
        """Give the text of an event that is only a piece of text; None for any other, which is then read as a whole."""
        if not self._record:
            return None
        try:
            piece = _PIECE(event)
        except msgspec.DecodeError:
            return None
        if self._shape == "messages":
            return piece.delta.text if piece.delta is not None and piece.type == "content_block_delta" else None
        if len(piece.choices) == 1 and piece.usage is None and piece.choices[0].finish_reason is None:
            [choice] = piece.choices
            return choice.delta.content if choice.delta is not None else choice.text
        return None

    def _event(self, body: Any) -> None:  # noqa: ANN401
        if not isinstance(body, dict):
            return
        if self._shape == "messages":
            self._message_event(body)
        elif self._shape == "responses":
            kind = body.get("type")
            if kind == "response.output_text.delta" and isinstance(delta := body.get("delta"), str):
                self._say(delta)
            elif isinstance(body.get("response"), dict):
                if kind in {"response.completed", "response.incomplete", "response.failed"}:
                    self._done = True
                self._whole(body["response"], said=True)
        else:
            self._chunk(body)

    def _chunk(self, body: Body) -> None:
        choices = body.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict):
                continue
            delta = choice.get("delta")
            said = delta.get("content") if isinstance(delta, dict) else choice.get("text")
            if isinstance(said, str):
                self._say(said)
            if choice.get("finish_reason") is not None:
                self._record["finish_reason"] = text(choice["finish_reason"])
        if "model_served" not in self._record or body.get("usage"):
            self._common(body)

    def _message_event(self, body: Body) -> None:
        kind, delta = body.get("type"), body.get("delta")
        if kind == "content_block_delta" and isinstance(delta, dict):
            if isinstance(said := delta.get("text"), str):
                self._say(said)
            elif isinstance(signature := delta.get("signature"), str) and signature:
                self._bear([signature])
        elif kind == "content_block_start":
            self._bear(artefacts_of(body.get("content_block")))
        elif kind == "message_start" and isinstance(body.get("message"), dict):
            self._common(body["message"])
        elif kind == "message_delta" and isinstance(delta, dict):
            self._stop(delta)
            self._usage(body.get("usage"))

    def _whole(self, body: Body, *, said: bool = False) -> None:
        self._common(body)
        if self._shape == "messages":
            self._stop(body)
            items = [body]
        elif self._shape == "responses":
            details = body.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            self._record["finish_reason"] = text(reason) or text(body.get("status"))
            items = body.get("output") or []
        else:
            items = body.get("choices") or []
        for item in items if isinstance(items, list) else ():
            self._item(item, said=said)

    def _item(self, item: Any, *, said: bool) -> None:  # noqa: ANN401
        if not isinstance(item, dict):
            return
        if self._shape in {"chat", "completion"}:
            if item.get("finish_reason") is not None:
                self._record["finish_reason"] = text(item["finish_reason"])
            item = item.get("message") if self._shape == "chat" else {"content": item.get("text")}
            if not isinstance(item, dict):
                return
        self._bear(artefacts_of(item))
        content = item.get("content")
        if isinstance(content, str) and not said:
            self._say(content)
        for part in content if isinstance(content, list) else ():
            self._bear(artefacts_of(part))
            if not said and isinstance(part, dict) and part.get("type") in {"text", "output_text"}:
                self._say(str(part.get("text")))

    def _stop(self, body: Body) -> None:
        if body.get("stop_reason") is not None:
            self._record["finish_reason"] = text(body["stop_reason"])
        details = body.get("stop_details")
        if isinstance(details, dict):
            self._record["refusal_category"] = text(details.get("category"))

    def _common(self, body: Body) -> None:
        for ours, theirs in (("event_id", "id"), ("model_served", "model")):
            if isinstance(body.get(theirs), str):
                self._record[ours] = body[theirs]
        dropped = body.get("input_transformations")
        if isinstance(dropped, list):
            reasons = [text(one.get("reason")) for one in dropped if isinstance(one, dict)]
            self._record["binding_mismatch"] = [reason for reason in reasons if reason]
        moderation = body.get("moderation")
        if isinstance(moderation, dict) and isinstance(moderation.get("category"), str):
            self._record["refusal_category"] = moderation["category"]
        self._usage(body.get("usage"))

    def _usage(self, usage: Any) -> None:  # noqa: ANN401
        if not isinstance(usage, dict):
            return
        record = self._record
        told = _tokens(usage.get("prompt_tokens", usage.get("input_tokens")))
        cached = _tokens(usage.get("cache_read_input_tokens"))
        if told is not None:
            # Anthropic counts cached and newly cached input apart; the field means all of it.
            record["tokens_in"] = told + (cached or 0) + (_tokens(usage.get("cache_creation_input_tokens")) or 0)
        out = _tokens(usage.get("completion_tokens", usage.get("output_tokens")))
        if out is not None:
            record["tokens_out"] = out
        for name in ("completion_tokens_details", "output_tokens_details"):
            if isinstance(inner := usage.get(name), dict):
                reasoned = _tokens(inner.get("reasoning_tokens", inner.get("thinking_tokens")))
                if reasoned is not None:
                    record["tokens_reasoning"] = reasoned
        for name in ("prompt_tokens_details", "input_tokens_details"):
            if isinstance(inner := usage.get(name), dict):
                cached = _tokens(inner.get("cached_tokens"))
        if cached is not None:
            record["tokens_cached_in"] = cached

    def _say(self, said: str) -> None:
        if self.bytes < self._most:
            self._pieces.append(said[: self._most - self.bytes])
        self.bytes += len(said) if said.isascii() else len(said.encode("utf-8", "replace"))

    def _say_plain(self, said: bytes) -> None:
        if self.bytes < self._most:
            self._pieces.append(said.decode()[: self._most - self.bytes])
        self.bytes += len(said)

    def _bear(self, artefacts: list[str]) -> None:
        for artefact in artefacts:
            if artefact not in self._born and len(self._born) < _MOST_BORN:
                self._born.append(artefact)


def _tokens(value: Any) -> int | None:  # noqa: ANN401
    """Give a count of tokens; a sum of three of them is still one that a record can hold."""
    found = whole_number(value, 1 << 29)
    return None if found is None else max(found, 0)
