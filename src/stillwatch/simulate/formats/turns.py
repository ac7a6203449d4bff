"""The messages of a request, as far as a log needs them: real text for the last typed turn, a placeholder before.

Interfaces differ in how they write a message; they agree on who spoke, in what order, carrying which artefacts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Row

EARLIER: Final = "(earlier turn)"
"""Stands for what somebody typed before."""
ANSWER: Final = "(answer)"
"""Stands for any text of the model."""
TOOL_OUTPUT: Final = "(tool output)"
"""Stands for what a tool returned."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a request."""

    role: str
    """``user``, ``assistant`` or ``tool``."""
    text: str
    """What it says."""
    calls_tool: bool = False
    """Whether the model asked for a tool here."""
    artefacts: tuple[str, ...] = ()
    """Reasoning artefacts carried with it."""


def _bare(row: Row) -> list[Message]:
    """Lay out n_messages messages with n_turns typed ones; tool rounds of the last turn follow it."""
    typed = row["n_turns"] - 1
    rounds = max(0, (row["n_messages"] - 1) // 2 - typed)
    messages: list[Message] = []
    for _ in range(typed):
        messages += [Message("user", EARLIER), Message("assistant", ANSWER)]
    messages.append(Message("user", row["prompt"]))
    for _ in range(rounds):
        messages += [Message("assistant", ANSWER, calls_tool=True), Message("tool", TOOL_OUTPUT)]
    return messages


def turns(row: Row) -> list[Message]:
    """Lay out the messages of a request without its system text.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    list of Message
        Oldest first. Artefacts sit on the last messages of the model, any surplus on the first of these.
    """
    messages = _bare(row)
    carried = row["artefacts_carried"] or []
    spoken = [i for i, message in enumerate(messages) if message.role == "assistant"]
    if not carried or not spoken:
        return messages
    holders = spoken[-len(carried) :]
    surplus = len(carried) - len(holders) + 1
    shares = [carried[:surplus], *([one] for one in carried[surplus:])]
    for holder, share in zip(holders, shares, strict=True):
        message = messages[holder]
        messages[holder] = Message(message.role, message.text, message.calls_tool, tuple(share))
    return messages
