"""How kinds of work look from outside: one row a kind, one Beta a feature, written down beforehand.

Each kind is a spread over accounts, not a point. The last honest kind has the very shape of a
harvest: permitted bulk generation (licensed distillation, synthetic data for one's own model,
dataset translation). How common it is among honest accounts bounds what this shape can weigh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.detectors.weights.likelihood import Beta

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARES: Final = ("distinct", "single_turn", "long_answers", "template", "breadth", "tools", "carried")
"""The features of a kind, in the order of its Betas."""


@dataclass(frozen=True, slots=True)
class WorkShape:
    """One kind of work."""

    name: str
    """What it is called in an evidence sentence."""
    extraction: float
    """Share of it among extracting accounts, 0 to 1."""
    honest: float
    """Share of it among honest accounts, 0 to 1."""
    shares: Mapping[str, Beta]
    """Feature of SHARES -> how it is spread over accounts of this kind."""
    log10_prompts: tuple[float, float]
    """Mean and standard deviation of log10 of distinct prompts."""


def _shape(
    name: str, extraction: float, honest: float, betas: tuple[tuple[float, float], ...], log10: tuple[float, float]
) -> WorkShape:
    shares = {feature: Beta(*pair) for feature, pair in zip(SHARES, betas, strict=True)}
    return WorkShape(name, extraction, honest, shares, log10)


# Distinct prompts, single turn, long answers, template, breadth, tools, carried; as in SHARES. Breadth says
# little: it is 0.47 to 0.97 in public sets of distillation prompts, 0.61 to 0.93 in evaluations and tasks.
_HARVEST: Final = ((9.0, 1.0), (9.0, 1.0), (2.0, 1.0), (5.0, 2.0), (3.0, 1.2), (1.0, 9.0), (1.0, 9.0))
_AGENT: Final = ((2.0, 2.0), (1.0, 6.0), (2.0, 3.0), (8.0, 1.0), (2.0, 1.5), (8.0, 1.0), (4.0, 2.0))
_CHAT: Final = ((9.0, 1.0), (2.0, 4.0), (2.0, 2.0), (1.0, 2.0), (4.0, 1.2), (1.0, 4.0), (1.0, 4.0))
_RELAY: Final = ((9.0, 1.0), (2.0, 4.0), (2.0, 2.0), (1.0, 2.0), (5.0, 1.0), (1.0, 4.0), (1.0, 4.0))
_BATCH: Final = ((8.0, 2.0), (19.0, 1.0), (1.0, 19.0), (12.0, 1.0), (2.0, 1.5), (1.0, 9.0), (1.0, 19.0))
_EVAL: Final = ((1.0, 1.0), (9.0, 1.0), (1.0, 1.0), (4.0, 2.0), (3.0, 1.5), (1.0, 6.0), (1.0, 19.0))
_APP: Final = ((7.0, 2.0), (3.0, 2.0), (2.0, 5.0), (10.0, 1.0), (2.0, 1.5), (1.0, 2.0), (1.0, 9.0))
_STATELESS: Final = ((8.0, 2.0), (9.0, 1.0), (2.0, 2.0), (6.0, 2.0), (2.0, 1.2), (1.0, 9.0), (1.0, 19.0))
_QUESTIONS: Final = ((9.0, 1.0), (9.0, 1.0), (2.0, 2.0), (1.0, 3.0), (4.0, 1.2), (1.0, 9.0), (1.0, 19.0))
_SCRIPT: Final = ((6.0, 2.0), (6.0, 1.0), (2.0, 2.0), (2.0, 1.0), (2.0, 1.0), (1.0, 4.0), (1.0, 9.0))

WORK_SHAPES: Final[tuple[WorkShape, ...]] = (
    _shape("harvest of a prompt sweep", 0.7, 0.0, _HARVEST, (2.6, 0.8)),
    _shape("harvest of agent runs", 0.15, 0.0, _AGENT, (2.6, 0.8)),
    _shape("relay of other people's sessions", 0.15, 0.0, _RELAY, (2.6, 0.8)),
    _shape("interactive use", 0.0, 0.32, _CHAT, (2.0, 0.7)),
    _shape("a coding agent", 0.0, 0.22, _AGENT, (2.8, 0.9)),
    _shape("batch classification or extraction", 0.0, 0.13, _BATCH, (3.5, 1.2)),
    _shape("an evaluation run", 0.0, 0.05, _EVAL, (2.8, 0.8)),
    _shape("an application with end users", 0.0, 0.125, _APP, (3.0, 1.2)),
    _shape("translation, summaries or writing in single requests", 0.0, 0.03, _STATELESS, (3.0, 1.2)),
    _shape("single questions without a template", 0.0, 0.03, _QUESTIONS, (2.3, 1.0)),
    _shape("a small script", 0.0, 0.09, _SCRIPT, (1.7, 0.5)),
    _shape("permitted bulk generation", 0.0, 0.005, _HARVEST, (3.0, 1.0)),
)
"""Kinds of work and how common they are; a judgement from public reports and data, not a measurement."""
