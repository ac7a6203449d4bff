"""Requests are answered with a request to verify, and a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from stillwatch.enforcement.barriers.base import Barrier, Refusal
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Call


@dataclass(frozen=True, slots=True)
class StepUp(Barrier):
    """Only while exactly this action is in force: a stricter one has its own answer."""

    least: Action = Action.STEP_UP
    """Mildest standing it applies to."""
    status: Literal[403, 428] = 403
    """HTTP status of the answer."""
    link: str = ""
    """Where to verify; ``{decision}`` is filled in."""

    name: ClassVar[str] = "step_up"
    stops: ClassVar[str] = "running many accounts at no cost"
    costs: ClassVar[str] = "Small developers must verify; offer a path for research and education beside it."

    def applies(self, call: Call) -> bool:
        """Whether verification is what is in force."""
        return self.used and call.standing.action == Action.STEP_UP

    def gate(self, call: Call) -> Refusal | None:
        """Ask to verify."""
        standing = call.standing
        return Refusal(
            self.status,
            "step_up_required",
            "please verify this account before it makes further requests: open the link",
            self.name,
            standing.clause,
            standing.decision,
            self.link.replace("{decision}", standing.decision),
        )
