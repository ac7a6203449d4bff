"""Barriers between a model's answers and whoever would copy it, one a file; applied by standing, all reversible.

Order matters: gates first, mildest request change next, marks last, over what is left.
"""

from __future__ import annotations

from typing import Final

from stillwatch.enforcement.barriers.base import Barrier
from stillwatch.enforcement.barriers.carried import Carried
from stillwatch.enforcement.barriers.delay import Delay
from stillwatch.enforcement.barriers.hold import Hold
from stillwatch.enforcement.barriers.logit_bias import LogitBias
from stillwatch.enforcement.barriers.logprobs import Logprobs
from stillwatch.enforcement.barriers.marks.canaries import Canaries
from stillwatch.enforcement.barriers.marks.variants import Variants
from stillwatch.enforcement.barriers.rate import Rate
from stillwatch.enforcement.barriers.reasoning import Reasoning
from stillwatch.enforcement.barriers.samples import Samples
from stillwatch.enforcement.barriers.step_up import StepUp

BARRIERS: Final[tuple[Barrier, ...]] = (
    Hold(),
    StepUp(),
    Rate(),
    Delay(),
    Carried(),
    LogitBias(),
    Logprobs(),
    Samples(),
    Reasoning(),
    Variants(),
    Canaries(),
)
"""Every barrier with its defaults, in the order in which they are applied."""

__all__ = ["BARRIERS", "Barrier"]
