"""One answer a request and no fixed seed, where features are restricted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from stillwatch.enforcement.barriers.base import Barrier, without

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Body, Call, Changed

_COUNTS: Final = ("n", "best_of")


@dataclass(frozen=True, slots=True)
class Samples(Barrier):
    """At most ``most`` answers a request; a seed is dropped."""

    most: int = 1
    """Most answers a request."""
    seed: bool = False
    """Whether a seed is let through."""

    name: ClassVar[str] = "samples"
    stops: ClassVar[str] = "harvesting many different answers to one prompt"
    costs: ClassVar[str] = "Self-consistency and pass@k evaluations must send more requests and cannot repeat a draw."
    owns: ClassVar[tuple[str, ...]] = (*_COUNTS, "seed")

    def ask(self, body: Body, call: Call) -> Changed:
        """Lower the number of answers asked for."""
        if call.shape not in {"chat", "completion"}:
            return body, ()
        changed, notes = body, []
        for name in _COUNTS:
            asked = body.get(name)
            if asked is None or (type(asked) is int and asked <= self.most):
                continue
            changed = {**changed, name: self.most} if type(asked) is int else without(changed, name)
            notes.append(f"{name} {asked} -> {self.most}" if type(asked) is int else f"{name} is no number, removed")
        if not self.seed and body.get("seed") is not None:
            changed = without(changed, "seed")
            notes.append("seed removed")
        return changed, tuple(notes)
