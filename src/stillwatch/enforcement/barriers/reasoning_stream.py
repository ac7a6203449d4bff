"""Reasoning taken out of the single events of a streamed answer. No event is dropped; a few gain a companion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.enforcement.barriers.base import each
from stillwatch.enforcement.barriers.think import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.enforcement.barriers.base import Body, Call, Event

_FIELDS: Final = ("reasoning_content", "reasoning", "thinking")
_MOST_TEXTS: Final = 128
"""Most texts of one answer that are followed at once; an answer has one for each choice or block."""


class Stream:
    """Follows every text of one streamed answer; called with one event after the other."""

    def __init__(self, call: Call, note: str, whole: Callable[[Body], Body], *, opened: bool) -> None:
        self._shape = call.shape
        self._note = note
        self._whole = whole
        self._opened = opened
        self._texts: dict[Any, Pieces] = {}
        self._signed: set[Any] = set()
        self._noted: set[Any] = set()
        self._count = 0
        self._last: Body = {}

    def __call__(self, event: Event) -> tuple[list[Event], tuple[str, ...]]:
        """Take one event, give what is sent for it and what changed."""
        name, body = event
        before = self._count
        change = {"chat": self._chat, "completion": self._chat, "messages": self._messages}.get(
            self._shape, self._responses
        )
        out = change(name, body)
        hidden = self._count + sum(text.hidden for text in self._texts.values()) - before
        changed = len(out) != 1 or out[0][1] is not body
        return out, ("reasoning withheld",) if changed and hidden else ()

    def end(self) -> list[Event]:
        """Give what was held back, where the stream ended without saying so."""
        held = [(key, text) for key, pieces in self._texts.items() if (text := pieces.end())]
        if self._shape not in {"chat", "completion"}:
            return []
        return [("", {**self._last, "choices": [self._ended(key, text)]}) for key, text in held]

    def _ended(self, key: Any, text: str) -> Body:  # noqa: ANN401
        return (
            {"index": key, "text": text} if self._shape == "completion" else {"index": key, "delta": {"content": text}}
        )

    def _pieces(self, key: Any) -> Pieces:  # noqa: ANN401
        if key not in self._texts and len(self._texts) >= _MOST_TEXTS:
            key = None
        return self._texts.setdefault(key, Pieces(self._note, opened=self._opened))

    def _noted_once(self, key: Any) -> str:  # noqa: ANN401
        if key in self._noted:
            return ""
        self._noted.add(key)
        return self._note

    def _chat(self, name: str, body: Body) -> list[Event]:
        self._last = body
        return [(name, each(body, "choices", self._choice))]

    def _choice(self, choice: Body) -> Body:
        key, last = choice.get("index"), choice.get("finish_reason") is not None
        if self._shape == "completion":
            return self._shown(choice, "text", self._pieces(key), last=last)
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return choice
        changed = delta
        for field in _FIELDS:
            if isinstance(given := changed.get(field), str) and given:
                self._count += len(given)
                changed = {**changed, field: self._noted_once((key, field))}
        if isinstance(changed.get("reasoning_details"), list):
            changed = self._details(changed)
        changed = self._shown(changed, "content", self._pieces(key), last=last)
        return choice if changed is delta else {**choice, "delta": changed}

    def _details(self, delta: Body) -> Body:
        def bare(one: Body) -> Body:
            if not one.get("text") or one.get("signature"):
                return one
            self._count += len(str(one["text"]))
            return {**one, "text": ""}

        return each(delta, "reasoning_details", bare)

    def _shown(self, holder: Body, name: str, pieces: Pieces, *, last: bool) -> Body:
        text = holder.get(name)
        given = text if isinstance(text, str) else ""
        shown = pieces.feed(given) + (pieces.end() if last else "")
        return holder if shown == given else {**holder, name: shown}

    def _messages(self, name: str, body: Body) -> list[Event]:
        kind, key = body.get("type"), body.get("index")
        if kind == "content_block_start":
            block = body.get("content_block")
            # Signing servers announce the field empty, and send the signature as the last delta.
            if isinstance(block, dict) and ("signature" in block or block.get("type") == "redacted_thinking"):
                self._signed.add(key)
        elif kind == "content_block_delta" and isinstance(body.get("delta"), dict):
            return [(name, self._block_delta(body, body["delta"], key))]
        elif kind == "content_block_stop" and key in self._texts and (held := self._texts[key].end()):
            delta = {"type": "content_block_delta", "index": key, "delta": {"type": "text_delta", "text": held}}
            return [("content_block_delta", delta), (name, body)]
        return [(name, body)]

    def _block_delta(self, body: Body, delta: Body, key: Any) -> Body:  # noqa: ANN401
        kind = delta.get("type")
        if kind == "text_delta":
            changed = self._shown(delta, "text", self._pieces(key), last=False)
        elif kind == "thinking_delta" and key not in self._signed:
            self._count += len(str(delta.get("thinking")))
            changed = {**delta, "thinking": self._noted_once(key)}
        else:
            return body
        return body if changed is delta else {**body, "delta": changed}

    def _responses(self, name: str, body: Body) -> list[Event]:
        kind, key = body.get("type"), (body.get("item_id"), body.get("content_index"))
        if kind == "response.reasoning_text.delta":
            self._count += len(str(body.get("delta")))
            return [(name, {**body, "delta": self._noted_once(key)})]
        if kind == "response.reasoning_text.done":
            return [(name, {**body, "text": self._note})]
        if kind == "response.output_text.delta":
            return [(name, self._shown(body, "delta", self._pieces(key), last=False))]
        if kind == "response.output_text.done":
            held = self._texts[key].end() if key in self._texts else ""
            done = self._one(body, "text", {"type": "message", "content": [body]})
            if not held:
                return [(name, done)]
            more = {**body, "type": "response.output_text.delta", "delta": held}
            return [("response.output_text.delta", {k: v for k, v in more.items() if k != "text"}), (name, done)]
        return [(name, self._nested(body, str(kind)))]

    def _one(self, body: Body, field: str, item: Body) -> Body:
        part = self._whole({"output": [item]})["output"][0]["content"][0]
        return body if part is body else {**body, field: part[field]}

    def _nested(self, body: Body, kind: str) -> Body:
        part, item, response = body.get("part"), body.get("item"), body.get("response")
        if isinstance(part, dict) and kind.startswith("response.content_part"):
            thought = part.get("type") == "reasoning_text"
            new = self._whole({"output": [{"type": "reasoning" if thought else "message", "content": [part]}]})
            changed = new["output"][0]["content"][0]
            return body if changed is part else {**body, "part": changed}
        if isinstance(item, dict):
            changed = self._whole({"output": [item]})["output"][0]
            return body if changed is item else {**body, "item": changed}
        if isinstance(response, dict):
            changed = self._whole(response)
            return body if changed is response else {**body, "response": changed}
        return body
