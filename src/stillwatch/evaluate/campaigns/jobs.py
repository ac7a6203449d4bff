"""One world judged for one part of the study; plain data in and out, so that it may run in another program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from stillwatch.evaluate.campaigns.ablation import Ablated, ablated
from stillwatch.evaluate.campaigns.background import background_spec
from stillwatch.evaluate.campaigns.calibrate import Entity, entities
from stillwatch.evaluate.campaigns.found import Outcome, outcome
from stillwatch.evaluate.campaigns.leak import Leak, leaks
from stillwatch.evaluate.campaigns.look import look
from stillwatch.evaluate.campaigns.peers import PEERS
from stillwatch.evaluate.campaigns.rates import Rate, rates
from stillwatch.evaluate.campaigns.shards import Shard, shards
from stillwatch.evaluate.campaigns.wrong import Wrong, wrong
from stillwatch.simulate.hydra import HYDRA

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.evaluate.campaigns.knobs import Setting
    from stillwatch.simulate import WorldSpec


@dataclass(frozen=True, slots=True)
class Job:
    """One world to judge."""

    part: Literal["hydra", "quiet", "setting", "background", "leak"]
    """Part of the study."""
    seed: int
    """Seed of the world."""
    scale: float = 1.0
    """Times as many accounts as the HYDRA world."""
    setting: Setting | None = None
    """What is tried, for a setting."""
    times: int = 0
    """Honest accounts to one of a campaign, for a background."""
    honest: int = 0
    """Honest accounts of a background."""
    step_h: float = 0.0
    """Length of a step (h), for a leak."""
    peers: bool = False
    """Whether other methods run."""

    @property
    def words(self) -> str:
        """Say what it is, for a progress line."""
        what = {"setting": self.setting.name if self.setting else "", "background": f"{self.times}x"}.get(self.part, "")
        return f"{self.part} {what} seed {self.seed}".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class Judged:
    """What one job found; empty where its part does not ask."""

    outcome: Outcome | None = None
    """What became of everybody."""
    rates: tuple[Rate, ...] = ()
    """False and all discoveries."""
    ablated: tuple[Ablated, ...] = ()
    """Layers forgotten."""
    entities: tuple[Entity, ...] = ()
    """Stated and true, entity by entity."""
    wrong: tuple[Wrong, ...] = ()
    """False positives."""
    shards: tuple[Shard, ...] = ()
    """Partition evidence."""
    leaks: tuple[Leak, ...] = ()
    """What was got before detection."""


def run_job(job: Job, config: Config) -> Judged:
    """Build and judge one world."""
    spec = replace(HYDRA.scaled(job.scale)) if job.scale != 1.0 else HYDRA
    if job.part == "leak":
        return Judged(leaks=tuple(leaks(spec, job.seed, config, step_h=job.step_h)))
    looked = look(_spec(job, spec), job.seed, config)
    if job.part == "background":
        return Judged(outcome=outcome(looked), wrong=tuple(wrong(looked)))
    found = looked.coordinated()
    if job.part == "quiet":
        counted = rates(looked, found, what="no campaign: ", guards=False)
        return Judged(rates=tuple(counted), wrong=tuple(wrong(looked, found)))
    if job.part == "setting":
        hard = job.setting is not None and job.setting.table == "hard"
        return Judged(
            outcome=outcome(looked),
            # The honest groups are those of the main world of this seed again.
            entities=tuple(one for one in entities(looked) if one.taking),
            shards=tuple(shards(looked, found)) if hard else (),
        )
    return Judged(
        outcome=outcome(looked, found.roster, PEERS if job.peers else ()),
        rates=tuple(rates(looked, found)),
        ablated=tuple(ablated(found, looked.known)),
        entities=tuple(entities(looked)),
        wrong=tuple(wrong(looked, found)),
    )


def _spec(job: Job, hydra: WorldSpec) -> WorldSpec:
    if job.part == "quiet":
        return replace(hydra, campaigns=())
    if job.part == "background":
        return background_spec(job.times, job.honest)
    if job.setting is not None:
        return job.setting.spec(hydra)
    return hydra
