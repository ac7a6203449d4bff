"""Reasoning in plain text is kept from the customer, or replaced by a note; signed and encrypted blocks pass.

Agents must send signed thinking, redacted thinking and encrypted reasoning back unmodified, so these are never
touched: what a signature covers stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from stillwatch.enforcement.barriers.base import Barrier, each
from stillwatch.enforcement.barriers.reasoning_stream import Stream
from stillwatch.enforcement.barriers.think import cut

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Body, Call, Changed, Rewrite

FIELDS: Final = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
"""Fields of Chat Completions messages and deltas that hold reasoning, as open servers write them."""
_SHAPES: Final = ("chat", "completion", "messages", "responses")
_NOTE: Final = "[reasoning withheld under clause {clause}, decision {decision}]"


@dataclass(frozen=True, slots=True)
class Reasoning(Barrier):
    """Strips reasoning up to the last close tag, and reasoning fields without a signature."""

    how: Literal["strip", "tag"] = "strip"
    """Whether it is left out, or a note stands in its place."""
    opened: bool = False
    """Whether the model's template writes the open tag, so that answers begin inside the reasoning."""

    name: ClassVar[str] = "reasoning"
    stops: ClassVar[str] = "harvesting chains of thought; little against students below 2 billion parameters"
    costs: ClassVar[str] = "Nobody reads along how the model thinks; on a stream the answer's head comes a little late."
    owns: ClassVar[tuple[str, ...]] = (*FIELDS, "content", "text", "delta")

    def note(self, call: Call) -> str:
        """Give what stands in the place of reasoning, "" for nothing."""
        if self.how == "strip":
            return ""
        standing = call.standing
        return _NOTE.format(clause=standing.clause or "(unnamed)", decision=standing.decision or "(unnamed)")

    def answer(self, body: Body, call: Call) -> Changed:
        """Take reasoning out of a whole answer."""
        if call.shape not in _SHAPES:
            return body, ()
        work = Whole(self.note(call), self.opened)
        changed = work.body(body, call)
        return changed, () if changed is body else (f"{work.hidden} characters of reasoning withheld",)

    def stream(self, call: Call) -> Rewrite | None:
        """Take reasoning out of single events."""
        if call.shape not in _SHAPES:
            return None
        whole = Whole(self.note(call), self.opened)
        return Stream(call, self.note(call), lambda body: whole.body(body, call), opened=self.opened)


class Whole:
    """One walk over an answer."""

    def __init__(self, note: str, opened: bool) -> None:
        self._note = note
        self._opened = opened
        self.hidden = 0
        """Characters withheld."""

    def body(self, body: Body, call: Call) -> Body:
        """Take reasoning out of an answer of any shape."""
        if call.shape == "chat":
            return each(body, "choices", self._choice)
        if call.shape == "completion":
            return each(body, "choices", lambda choice: self._text(choice, "text"))
        if call.shape == "messages":
            return each(body, "content", self._block)
        return each(body, "output", self._item)

    def _choice(self, choice: Body) -> Body:
        message = choice.get("message")
        if not isinstance(message, dict):
            return choice
        changed = self._text(self.fields(message), "content")
        changed = each(changed, "content", lambda part: self._text(part, "text"))
        return choice if changed is message else {**choice, "message": changed}

    def fields(self, message: Body) -> Body:
        """Take the fields that hold reasoning out of a message or a delta; signed details stay."""
        for name in FIELDS:
            given = message.get(name)
            if not given or given == self._note:
                continue
            if isinstance(given, list):
                kept = [one for one in given if isinstance(one, dict) and signed(one)]
                if len(kept) < len(given):
                    self.hidden += sum(len(str(one)) for one in given) - sum(len(str(one)) for one in kept)
                    message = {**message, name: kept}
                continue
            self.hidden += len(str(given))
            message = {**message, name: self._note or None}
        return message

    def _text(self, holder: Body, name: str) -> Body:
        text = holder.get(name)
        if not isinstance(text, str):
            return holder
        shown, hidden = cut(text, self._note, opened=self._opened)
        self.hidden += hidden
        return holder if shown == text else {**holder, name: shown}

    def _block(self, block: Body) -> Body:
        if block.get("type") == "text":
            return self._text(block, "text")
        thought = block.get("thinking")
        if block.get("type") != "thinking" or signed(block) or not thought or thought == self._note:
            return block
        self.hidden += len(str(thought))
        return {**block, "thinking": self._note}

    def _item(self, item: Body) -> Body:
        if item.get("type") != "reasoning":
            return each(item, "content", lambda part: self._text(part, "text"))
        if signed(item):
            return item
        return each(item, "content", self._thought)

    def _thought(self, part: Body) -> Body:
        text = part.get("text")
        if not text or text == self._note:
            return part
        self.hidden += len(str(text))
        return {**part, "text": self._note}


def signed(block: Body) -> bool:
    """Whether a block carries a signature or is encrypted: it must come back unmodified.

    Examples
    --------
    >>> signed({"type": "thinking", "thinking": "...", "signature": "c2ln"}), signed({"type": "thinking"})
    (True, False)
    """
    return block.get("type") == "redacted_thinking" or bool(
        block.get("signature") or block.get("encrypted_content") or block.get("data")
    )
