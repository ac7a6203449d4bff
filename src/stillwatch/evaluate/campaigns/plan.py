"""How much of the study is run, and the worlds that are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stillwatch.evaluate.campaigns.background import TIMES
from stillwatch.evaluate.campaigns.jobs import Job
from stillwatch.evaluate.campaigns.knobs import settings
from stillwatch.evaluate.campaigns.look import FIRST_SEED


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is run."""

    seeds: int
    """HYDRA worlds, and as many without a campaign."""
    knob_seeds: int
    """Worlds of each setting."""
    background_seeds: int
    """Worlds of each background."""
    leak_seeds: int
    """Worlds that are searched step by step."""
    scale: float
    """Size of the HYDRA worlds."""
    honest: int
    """Honest accounts of a background."""
    step_h: float
    """Length of a step (h)."""
    named: tuple[str, ...] = ()
    """Settings to run, by name; all if empty."""


FULL: Final = Plan(20, 5, 3, 5, 1.0, 15_000, 6.0)
"""What the documentation quotes: about half an hour on two cores."""
SMALL: Final = Plan(
    2, 1, 1, 1, 0.4, 600, 48.0, ("plain", "0: plain", "1: no shared cards", "60 accounts, customers similar")
)
"""What a test run can afford."""


def jobs(plan: Plan, *, peers: bool = True) -> list[Job]:
    """List the worlds to judge, the longest first."""
    seeds = range(FIRST_SEED, FIRST_SEED + max(plan.seeds, plan.knob_seeds, plan.background_seeds, plan.leak_seeds))
    tried = [one for one in settings() if not plan.named or one.name in plan.named]
    made = [
        Job("background", seed, times=times, honest=plan.honest)
        for times in TIMES
        for seed in seeds[: plan.background_seeds]
    ]
    made += [Job("leak", seed, plan.scale, step_h=plan.step_h) for seed in seeds[: plan.leak_seeds]]
    made += [Job("hydra", seed, plan.scale, peers=peers) for seed in seeds[: plan.seeds]]
    made += [Job("quiet", seed, plan.scale) for seed in seeds[: plan.seeds]]
    made += [Job("setting", seed, plan.scale, setting=one) for one in tried for seed in seeds[: plan.knob_seeds]]
    return made
