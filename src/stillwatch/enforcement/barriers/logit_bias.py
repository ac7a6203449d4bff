"""No log-probabilities in a request that biases tokens: together they read out the model's last layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stillwatch.enforcement.barriers.base import Barrier
from stillwatch.enforcement.barriers.logprobs import ask_for_none
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Body, Call, Changed


@dataclass(frozen=True, slots=True)
class LogitBias(Barrier):
    """Keeps the bias, which steers answers, and drops the log-probabilities, which only read."""

    least: Action = Action.THROTTLE
    """Mildest standing it applies to."""

    name: ClassVar[str] = "logit_bias"
    stops: ClassVar[str] = "stealing the last layer by biasing tokens and reading what comes back"
    costs: ClassVar[str] = "Nobody needs both at once but experiments on decoding; either alone goes through."
    owns: ClassVar[tuple[str, ...]] = ("logprobs", "top_logprobs", "include")

    def ask(self, body: Body, call: Call) -> Changed:
        """Drop log-probabilities where tokens are biased."""
        if call.shape == "other" or not body.get("logit_bias"):
            return body, ()
        changed, notes = ask_for_none(body)
        return changed, tuple(f"{note}: logit_bias is set" for note in notes)
