"""Which parts of an answer are prose that a mark may edit, whole or piece by piece."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stillwatch.enforcement.barriers.base import each

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.enforcement.barriers.base import Body, Call, Event

HELD: Final = 96
"""Most characters kept back on a stream so that no wording is cut in two; past it they are sent unmarked."""
_LEFT_ALONE: Final = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^”]*”|^>[^\n]*$", re.DOTALL | re.MULTILINE
)
_FENCE: Final = re.compile(r"```|~~~")


def edit(text: str, change: Callable[[str], str]) -> str:
    """Change the prose of a text; code, quotations and structured text stay as they are.

    Examples
    --------
    >>> edit('big `big` "big" big', lambda prose: prose.replace("big", "large"))
    'large `big` "big" large'
    """
    if text.lstrip()[:1] in {"{", "[", "<"}:
        return text
    out, at = [], 0
    for alone in _LEFT_ALONE.finditer(text):
        out += [change(text[at : alone.start()]), alone.group()]
        at = alone.end()
    return "".join([*out, change(text[at:])])


class Pieces:
    """The same over a text that arrives in pieces: whole lines outside fences are edited, each once."""

    __slots__ = ("_change", "_fenced", "_held", "_plain")

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change
        self._held = ""
        self._fenced = False
        self._plain = True

    def feed(self, piece: str) -> str:
        """Take a piece, give what may be sent now: up to the last end of a sentence or line."""
        self._held += piece
        cut = max(self._held.rfind("\n"), self._held.rfind(". ") + 1) + 1
        if cut <= 1 and len(self._held) <= HELD:
            return ""
        cut = cut if cut > 1 else len(self._held)
        return self._sent(cut)

    def end(self) -> str:
        """Give the rest, once nothing follows."""
        return self._sent(len(self._held))

    def _sent(self, cut: int) -> str:
        now, self._held = self._held[:cut], self._held[cut:]
        if not now:
            return ""
        if self._plain and now.lstrip()[:1] in {"{", "[", "<"}:
            self._change = str
        self._plain = self._plain and not now.strip()
        fences = len(_FENCE.findall(now))
        inside, self._fenced = self._fenced, self._fenced ^ bool(fences % 2)
        whole = len(now) >= 2 and (now.endswith(("\n", ". ")) or not self._held)
        # A half-open quotation, span or fence is left alone as a whole.
        torn = now.count('"') % 2 or now.count("`") % 2
        return now if inside or fences or torn or not whole else edit(now, self._change)


def whole(body: Body, call: Call, change: Callable[[str], str]) -> Body:
    """Change the prose of an answer; an answer that calls tools stays as it is."""

    def text(holder: Body, name: str) -> Body:
        given = holder.get(name)
        new = edit(given, change) if isinstance(given, str) else given
        return holder if new == given else {**holder, name: new}

    def choice(one: Body) -> Body:
        message = one.get("message")
        if not isinstance(message, dict) or message.get("tool_calls"):
            return one
        changed = text(message, "content")
        return one if changed is message else {**one, "message": changed}

    def block(one: Body) -> Body:
        return text(one, "text") if one.get("type") in {"text", "output_text"} else one

    if call.shape == "chat":
        return each(body, "choices", choice)
    if call.shape == "completion":
        return each(body, "choices", lambda one: text(one, "text"))
    if call.shape == "messages":
        return each(body, "content", block)
    if call.shape == "responses":
        return each(body, "output", lambda item: each(item, "content", block))
    return body


class Stream:
    """The same over the events of a streamed Chat Completions or Messages answer; other streams stay unmarked."""

    def __init__(self, call: Call, change: Callable[[str], str], edits: list[str]) -> None:
        self._shape = call.shape
        self._change = change
        self._edits = edits
        self._texts: dict[object, Pieces] = {}
        self._last: Body = {}

    def __call__(self, event: Event) -> tuple[list[Event], tuple[str, ...]]:
        """Take one event, give what is sent for it, and the edits."""
        self._edits.clear()
        return self._sent(*event), tuple(self._edits)

    def end(self) -> list[Event]:
        """Give what was held back, where the stream ended without saying so."""
        held = [(key, text) for key, pieces in self._texts.items() if (text := pieces.end())]
        if self._shape != "chat":
            return []
        return [("", {**self._last, "choices": [{"index": key, "delta": {"content": text}}]}) for key, text in held]

    def _sent(self, name: str, body: Body) -> list[Event]:
        if self._shape == "chat":
            self._last = body
            return [(name, each(body, "choices", self._choice))]
        kind, key, delta = body.get("type"), body.get("index"), body.get("delta")
        if kind == "content_block_delta" and isinstance(delta, dict) and delta.get("type") == "text_delta":
            new = self._fed(delta, "text", key, last=False)
            return [(name, body if new is delta else {**body, "delta": new})]
        if kind == "content_block_stop" and key in self._texts and (held := self._texts[key].end()):
            more = {"type": "content_block_delta", "index": key, "delta": {"type": "text_delta", "text": held}}
            return [("content_block_delta", more), (name, body)]
        return [(name, body)]

    def _choice(self, choice: Body) -> Body:
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return choice
        new = self._fed(delta, "content", choice.get("index"), last=choice.get("finish_reason") is not None)
        return choice if new is delta else {**choice, "delta": new}

    def _fed(self, holder: Body, name: str, key: object, *, last: bool) -> Body:
        text = holder.get(name)
        given = text if isinstance(text, str) else ""
        pieces = self._texts.setdefault(key, Pieces(self._change))
        sent = pieces.feed(given) + (pieces.end() if last else "")
        return holder if sent == given else {**holder, name: sent}
