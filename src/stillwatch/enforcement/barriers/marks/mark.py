"""What marks have in common: off by default, by a secret key, in prose alone."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from stillwatch.enforcement.barriers.base import Barrier
from stillwatch.enforcement.barriers.marks.prose import Stream, whole
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.enforcement.barriers.base import Body, Call, Changed, Rewrite


@dataclass(frozen=True, slots=True)
class Mark(Barrier):
    """Edits prose by keyed picks; what is picked is a subclass's own."""

    used: bool = False
    """Whether it is used at all."""
    least: Action = Action.NOTIFY
    """Mildest standing it applies to."""
    key: bytes = field(default=b"", repr=False)
    """Secret that picks; set by the gateway from its key file, never written in a configuration."""

    stops: ClassVar[str] = "nothing: it proves that a model was trained on marked answers"
    owns: ClassVar[tuple[str, ...]] = ("content", "text")

    def change(self, call: Call, edits: list[str]) -> Callable[[str], str]:
        """Give what edits a piece of prose and logs each edit."""
        raise NotImplementedError

    def drawn(self, call: Call, place: str | int) -> bytes:
        """Draw 32 bytes for a place; accounts of one campaign share them, so that spreading dilutes nothing."""
        level = f"campaign/{call.standing.campaign}" if call.standing.campaign else f"account/{call.standing.account}"
        return hmac.digest(self.key, f"{self.name}/{level}/{place}".encode(), "sha256")

    def applies(self, call: Call) -> bool:
        """Whether it is on, may edit, and applies to the standing."""
        return self.used and bool(self.key) and call.plain_prose and call.standing.action >= self.least

    def answer(self, body: Body, call: Call) -> Changed:
        """Edit a whole answer."""
        edits: list[str] = []
        changed = whole(body, call, self.change(call, edits))
        return changed, tuple(edits) if changed is not body else ()

    def stream(self, call: Call) -> Rewrite | None:
        """Edit single events."""
        if call.shape not in {"chat", "messages"}:
            return None
        edits: list[str] = []
        return Stream(call, self.change(call, edits), edits)
