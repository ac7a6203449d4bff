"""What every barrier is: a frozen value that takes a body and gives a body back, with a note of what it changed.

A barrier has up to three hooks, each a function of values: ``gate`` before the call, ``ask`` over the request,
``answer`` over a whole answer; ``stream`` gives a function over the single events of a streamed one. What a barrier
does not override leaves everything as it is. None of them reads a clock, a socket or another account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.model.decision import Standing

Shape: TypeAlias = Literal["chat", "responses", "completion", "messages", "embeddings", "other"]
"""Form of the bodies: Chat Completions, Responses, Completions, Anthropic Messages, embeddings."""

Body: TypeAlias = dict[str, Any]
"""A decoded JSON object. No barrier changes the one it was given."""

Changed: TypeAlias = tuple[Body, tuple[str, ...]]
"""The body, the same object where nothing changed, and what changed: names and numbers, never content."""

Event: TypeAlias = tuple[str, Body]
"""Name ("" where the stream has none) and body of one streamed event."""

Rewrite: TypeAlias = "Callable[[Event], tuple[list[Event], tuple[str, ...]]]"
"""One event in, what is sent for it out, and what changed. One that holds text back also has ``end()``, which gives it
as events where the stream ends without an event that says so."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a barrier may know of a call."""

    shape: Shape
    """Form of the bodies."""
    standing: Standing
    """What is in force for the account now."""
    foreign: frozenset[str] = frozenset()
    """Reasoning artefacts in the request that were made for another owner."""
    plain_prose: bool = True
    """Whether the answer may be prose: no tools, no JSON schema asked for."""
    prompt: str = ""
    """Text of the last user turn, for marks that must leave alone what the user wrote; read, never kept."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that is not made, as it is answered to the customer."""

    status: int
    """HTTP status."""
    code: str
    """Machine-readable word, such as ``step_up_required``."""
    sentence: str
    """What happened and what to do, without evidence and without content."""
    barrier: str = ""
    """Barrier that refuses."""
    clause: str = ""
    """Clause it rests on."""
    decision: str = ""
    """Decision it rests on, to be named in an appeal."""
    link: str = ""
    """Where to verify or to appeal."""
    retry_after_s: int = 0
    """Seconds after which the same request may pass, 0 where waiting does not help."""
    allow: str = ""
    """Methods that the path takes, where another was used."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Root of all barriers: does nothing."""

    used: bool = True
    """Whether it is used at all."""
    least: Action = Action.RESTRICT
    """Mildest standing it applies to."""

    name: ClassVar[str] = ""
    """Short name, as configuration and records write it."""
    stops: ClassVar[str] = ""
    """What it makes harder, one phrase."""
    costs: ClassVar[str] = ""
    """What it costs an honest user, one sentence."""
    owns: ClassVar[tuple[str, ...]] = ()
    """Names of the fields it may change, in requests and answers; no other field ever changes."""

    def applies(self, call: Call) -> bool:
        """Whether it applies to the standing of a call."""
        return self.used and call.standing.action >= self.least

    def gate(self, call: Call) -> Refusal | None:
        """Refuse the call before it is made, or let it pass."""
        del call
        return None

    def ask(self, body: Body, call: Call) -> Changed:
        """Change the request."""
        del call
        return body, ()

    def answer(self, body: Body, call: Call) -> Changed:
        """Change a whole answer."""
        del call
        return body, ()

    def stream(self, call: Call) -> Rewrite | None:
        """Give what changes the events of one streamed answer; None where it changes none."""
        del call
        return None


def without(body: Body, *names: str) -> Body:
    """Copy a body without some fields."""
    return {name: value for name, value in body.items() if name not in names}


def each(body: Body, name: str, change: Callable[[Body], Body]) -> Body:
    """Change every object of a list in a field; the same body where none changed.

    Examples
    --------
    >>> each({"a": [{"b": 1}]}, "a", lambda one: {**one, "b": 2})
    {'a': [{'b': 2}]}
    >>> body = {"a": "no list"}
    >>> each(body, "a", dict) is body
    True
    """
    items = body.get(name)
    if not isinstance(items, list):
        return body
    changed = [change(item) if isinstance(item, dict) else item for item in items]
    if all(new is old for new, old in zip(changed, items, strict=True)):
        return body
    return {**body, name: changed}
