"""Signed reasoning that was made for somebody else is refused, or taken out, before it reaches the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from stillwatch.enforcement.barriers.base import Barrier, Refusal, each
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Body, Call, Changed

KINDS: Final = ("thinking", "redacted_thinking", "reasoning", "compaction")
"""Types of objects whose signature or encrypted content counts as an artefact; as ingest reads them."""
FIELDS: Final = ("signature", "encrypted_content", "data")
"""Where an artefact stands in such an object."""
_LEFT: Final = {"type": "text", "text": "[reasoning of another owner was taken out]"}


@dataclass(frozen=True, slots=True)
class Carried(Barrier):
    """Only what is known to belong to another owner is touched; unknown artefacts are the caller's own."""

    least: Action = Action.THROTTLE
    """Mildest standing it applies to."""
    how: Literal["refuse", "strip"] = "refuse"
    """Whether the request is refused or goes on without the artefacts."""

    name: ClassVar[str] = "carried"
    stops: ClassVar[str] = "replaying bought or stolen reasoning through other accounts"
    costs: ClassVar[str] = "A conversation moved between two organisations of one owner loses its reasoning."
    owns: ClassVar[tuple[str, ...]] = ("messages", "input")

    def gate(self, call: Call) -> Refusal | None:
        """Refuse a request that carries another owner's reasoning."""
        if self.how != "refuse" or not call.foreign:
            return None
        return Refusal(
            400,
            "foreign_reasoning",
            f"{len(call.foreign)} reasoning block(s) in this request were made for another organisation; "
            "send the conversation without them",
            self.name,
            call.standing.clause,
            call.standing.decision,
        )

    def ask(self, body: Body, call: Call) -> Changed:
        """Take another owner's reasoning out."""
        if self.how != "strip" or not call.foreign:
            return body, ()
        if call.shape == "responses" and isinstance(body.get("input"), list):
            kept = [item for item in body["input"] if not _is_foreign(item, call.foreign)]
            taken = len(body["input"]) - len(kept)
            return ({**body, "input": kept}, (f"{taken} artefacts taken out",)) if taken else (body, ())
        changed = each(body, "messages", lambda one: _stripped(one, call.foreign))
        return changed, () if changed is body else (f"{len(call.foreign)} artefacts taken out",)


def _stripped(message: Body, foreign: frozenset[str]) -> Body:
    for name in ("content", "thinking_blocks"):
        blocks = message.get(name)
        if not isinstance(blocks, list):
            continue
        kept = [block for block in blocks if not _is_foreign(block, foreign)]
        if len(kept) < len(blocks):
            # Providers refuse a message without content.
            message = {**message, name: kept or ([_LEFT] if name == "content" else [])}
    return message


def _is_foreign(block: Any, foreign: frozenset[str]) -> bool:  # noqa: ANN401
    return any(text in foreign for text in artefacts_of(block))


def artefacts_of(block: Any) -> list[str]:  # noqa: ANN401
    """Give the artefacts of one object: texts, where its type says reasoning.

    Examples
    --------
    >>> artefacts_of({"type": "thinking", "signature": "c2ln"})
    ['c2ln']
    >>> artefacts_of({"type": "tool_use", "signature": "c2ln"})
    []
    """
    if not isinstance(block, dict) or block.get("type") not in KINDS:
        return []
    return [text for name in FIELDS if isinstance(text := block.get(name), str) and text]
