"""No requests while an account is held or suspended; the answer names the clause and how to contest it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stillwatch.enforcement.barriers.base import Barrier, Refusal
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Call


@dataclass(frozen=True, slots=True)
class Hold(Barrier):
    """Everything is refused."""

    least: Action = Action.HOLD
    """Mildest standing it applies to."""
    appeal: str = ""
    """Where to contest it; ``{decision}`` is filled in."""

    name: ClassVar[str] = "hold"
    stops: ClassVar[str] = "everything"
    costs: ClassVar[str] = "A wrong decision stops a customer's work; hence the appeal route in every answer."

    def gate(self, call: Call) -> Refusal | None:
        """Refuse, and say under which clause and how to contest it."""
        standing = call.standing
        suspended = standing.action >= Action.SUSPEND
        word = "suspended" if suspended else "held until a person has looked at it"
        return Refusal(
            403,
            "account_suspended" if suspended else "account_held",
            f"this account is {word} under clause {standing.clause or '(unnamed)'}, decision "
            f"{standing.decision or '(unnamed)'}; the link says how to contest it",
            self.name,
            standing.clause,
            standing.decision,
            self.appeal.replace("{decision}", standing.decision),
        )
