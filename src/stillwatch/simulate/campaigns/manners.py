"""How each technique asks: request parameters, answer lengths, what goes wrong, how sessions run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from stillwatch.simulate.habits import Access, Answers, Friction, Habits
from stillwatch.simulate.pace import SINGLE, STORED, TYPED, WORKED, Shape

_ACCESS: Final = Access(plans=("payg",), software=("openai",), operations=("chat",), signup_days=(0.0, 1.0))
_LONG: Final = Answers(
    tokens_out=650.0,
    sigma=0.5,
    max_tokens=(8192,),
    temperature=(0.7,),
    reasoning=0.5,
    efforts=("high",),
    follows=0.3,
)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a technique behaves."""

    shape: Shape
    """How its sessions run."""
    habits: Habits
    """Requests, answers and refusals."""
    conversing: bool
    """Whether calls of a session build on each other."""


def _habits(answers: Answers, refusals: dict[str, float], limited: float = 0.003) -> Habits:
    return Habits(_ACCESS, answers, Friction(limited=limited, refusals=refusals))


MANNERS: Final = {
    "template": Manners(
        SINGLE, _habits(_LONG, {"reasoning_extraction": 0.008, "frontier_llm": 0.004}), conversing=False
    ),
    "reasoning": Manners(
        SINGLE,
        _habits(replace(_LONG, tokens_out=1100.0), {"reasoning_extraction": 0.03, "frontier_llm": 0.004}),
        conversing=False,
    ),
    "grading": Manners(
        SINGLE,
        _habits(replace(_LONG, tokens_out=420.0, temperature=(0.0,)), {"frontier_llm": 0.006}),
        conversing=False,
    ),
    "agentic": Manners(
        WORKED,
        _habits(
            replace(_LONG, tokens_out=340.0, reasoning=1.0, tools=(12, 12), context=(2000.0, 16_000.0), streams=1.0),
            {"frontier_llm": 0.004, "reasoning_extraction": 0.003, "cyber": 0.001},
        ),
        conversing=True,
    ),
    "store_replay": Manners(
        STORED,
        _habits(
            replace(_LONG, tokens_out=420.0, sigma=0.7, max_tokens=(0, 4096, 8192)),
            {"general_harms": 0.003, "reasoning_extraction": 0.001},
        ),
        conversing=True,
    ),
    "live_relay": Manners(
        TYPED,
        _habits(
            replace(_LONG, tokens_out=320.0, sigma=0.8, max_tokens=(0, 4096, 8192), streams=1.0, tools=(0, 12)),
            {"general_harms": 0.003, "reasoning_extraction": 0.002},
        ),
        conversing=True,
    ),
    "sweep": Manners(
        SINGLE,
        _habits(replace(_LONG, tokens_out=450.0), {"reasoning_extraction": 0.05, "frontier_llm": 0.01}),
        conversing=False,
    ),
}
"""Technique -> how it behaves."""
TRIED: Final = _habits(
    replace(_LONG, tokens_out=450.0),
    {"reasoning_extraction": 0.7, "frontier_llm": 0.08, "general_harms": 0.02},
    limited=0.01,
)
"""Tricks before one is known to work: most are refused."""
CUSTOMERS: Final = Manners(
    TYPED,
    Habits(
        _ACCESS,
        Answers(
            tokens_out=280.0,
            sigma=0.8,
            max_tokens=(0, 4096),
            temperature=(-1.0, 1.0),
            reasoning=0.4,
            efforts=("low", "medium", "high"),
            follows=0.4,
            streams=0.9,
        ),
        Friction(limited=0.003, refusals={"general_harms": 0.004, "bio": 0.0003, "cyber": 0.0005}),
    ),
    conversing=True,
)
"""Unrelated paying customers of a reseller."""


def pivoting(habits: Habits, *, pivots: bool) -> Habits:
    """Let an operator move half of its requests to a new model within 24 h, or slowly as others do."""
    follows, within_h = (0.5, 24.0) if pivots else (0.3, 120.0)
    return replace(habits, answers=replace(habits.answers, follows=follows, follows_within_h=within_h))
