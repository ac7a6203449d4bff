"""Fewer and rounder log-probabilities; none at all where features are restricted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from stillwatch.enforcement.barriers.base import Barrier, each, without
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.enforcement.barriers.base import Body, Call, Changed, Event, Rewrite

INCLUDED: Final = "message.output_text.logprobs"
"""How Responses requests ask for log-probabilities in ``include``."""
_SHAPES: Final = ("chat", "completion", "responses")


@dataclass(frozen=True, slots=True)
class Logprobs(Barrier):
    """At most ``most`` alternatives a token, rounded to ``decimals``."""

    least: Action = Action.THROTTLE
    """Mildest standing it applies to."""
    none_from: Action = Action.RESTRICT
    """Standing from which there are none at all."""
    most: int = 5
    """Most alternatives a token."""
    decimals: int = 2
    """Decimals that are kept."""

    name: ClassVar[str] = "logprobs"
    stops: ClassVar[str] = "matching a student to log-probabilities, recovering the last layer"
    costs: ClassVar[str] = "Calibration, classifiers and evaluations that read log-probabilities get coarser ones."
    owns: ClassVar[tuple[str, ...]] = ("logprobs", "top_logprobs", "include")

    def _none(self, call: Call) -> bool:
        return call.standing.action >= self.none_from

    def ask(self, body: Body, call: Call) -> Changed:
        """Lower what is asked for."""
        if call.shape not in _SHAPES:
            return body, ()
        if self._none(call):
            return ask_for_none(body)
        counted = "logprobs" if call.shape == "completion" else "top_logprobs"
        asked = body.get(counted)
        if asked is None or asked is False or (type(asked) is int and asked <= self.most):
            return body, ()
        if type(asked) is not int:
            return without(body, counted), (f"{counted} is no number, removed",)
        return {**body, counted: self.most}, (f"{counted} {asked} -> {self.most}",)

    def answer(self, body: Body, call: Call) -> Changed:
        """Round what is answered, and cut the alternatives."""
        if call.shape not in _SHAPES:
            return body, ()
        changed = self._whole(body, call)
        return changed, () if changed is body else (self._note(call),)

    def stream(self, call: Call) -> Rewrite | None:
        """Do the same to every event."""
        if call.shape not in _SHAPES:
            return None

        def rewrite(event: Event) -> tuple[list[Event], tuple[str, ...]]:
            name, body = event
            changed = self._whole(body, call)
            if call.shape == "responses":
                changed = self._field(changed, call)
                for inner in ("response", "item", "part"):
                    changed = self._inside(changed, inner, call)
            return [(name, changed)], () if changed is body else (self._note(call),)

        return rewrite

    def _note(self, call: Call) -> str:
        return "log-probabilities removed" if self._none(call) else f"log-probabilities rounded to {self.decimals}"

    def _inside(self, body: Body, name: str, call: Call) -> Body:
        inner = body.get(name)
        if not isinstance(inner, dict):
            return body
        changed = self._field(self._whole(each(inner, "content", lambda p: self._field(p, call)), call), call)
        return body if changed is inner else {**body, name: changed}

    def _whole(self, body: Body, call: Call) -> Body:
        if call.shape != "responses":
            return each(body, "choices", lambda choice: self._field(choice, call))
        return each(body, "output", lambda item: each(item, "content", lambda part: self._field(part, call)))

    def _field(self, holder: Body, call: Call) -> Body:
        given = holder.get("logprobs")
        if not given:
            return holder
        if self._none(call):
            return {**holder, "logprobs": [] if call.shape == "responses" else None}
        new = self._rounded(given)
        return holder if new == given else {**holder, "logprobs": new}

    def _rounded(self, given: Any) -> Any:  # noqa: ANN401  whatever the provider sent
        if isinstance(given, list):
            return [self._token(one) for one in given]
        if not isinstance(given, dict):
            return None
        new = dict(given)
        for name in ("content", "refusal"):
            if isinstance(given.get(name), list):
                new[name] = [self._token(one) for one in given[name]]
        if isinstance(given.get("token_logprobs"), list):
            new["token_logprobs"] = [self._round(one) for one in given["token_logprobs"]]
            if isinstance(given.get("top_logprobs"), list):
                new["top_logprobs"] = [self._cut(one) for one in given["top_logprobs"]]
        return new

    def _token(self, one: Any) -> Any:  # noqa: ANN401
        if not isinstance(one, dict):
            return None
        new = {**one, "logprob": self._round(one.get("logprob"))}
        if isinstance(one.get("top_logprobs"), list):
            new["top_logprobs"] = [self._token(other) for other in one["top_logprobs"][: self.most]]
        return new

    def _cut(self, one: Any) -> Any:  # noqa: ANN401
        if not isinstance(one, dict):
            return None
        rank: Callable[[str], float] = lambda token: -_number(one[token])  # noqa: E731
        kept = sorted(one, key=rank)[: self.most]
        return {token: self._round(one[token]) for token in one if token in kept}

    def _round(self, value: Any) -> Any:  # noqa: ANN401
        return round(value, self.decimals) if isinstance(value, float) else value


def _number(value: Any) -> float:  # noqa: ANN401
    return float(value) if isinstance(value, int | float) else float("-inf")


def ask_for_none(body: Body) -> Changed:
    """Take every way of asking for log-probabilities out of a request."""
    changed, notes = body, []
    for name in ("logprobs", "top_logprobs"):
        if body.get(name) is not None and body[name] is not False:
            changed = without(changed, name)
            notes.append(f"{name} removed")
    include = body.get("include")
    if isinstance(include, list) and INCLUDED in include:
        changed = {**changed, "include": [one for one in include if one != INCLUDED]}
        notes.append(f"{INCLUDED} removed")
    return changed, tuple(notes)
