"""The whole study of campaigns in one run: worlds judged one after the other or side by side, then tables."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillwatch.coordination.coordinate import ALPHA
from stillwatch.evaluate.campaigns import (
    ablation,
    background,
    calibrate,
    found,
    knobs,
    leak,
    rates,
    shards,
    wrong,
)
from stillwatch.evaluate.campaigns.jobs import run_job
from stillwatch.evaluate.campaigns.plan import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stillwatch.config import Config
    from stillwatch.evaluate.campaigns.calibrate import Entity
    from stillwatch.evaluate.campaigns.found import Outcome
    from stillwatch.evaluate.campaigns.jobs import Job, Judged
    from stillwatch.evaluate.campaigns.plan import Plan
    from stillwatch.evaluate.campaigns.shards import Shard
    from stillwatch.evaluate.tables import Table

    Pairs = Sequence[tuple[Job, Judged]]


@dataclass(frozen=True, slots=True)
class Study:
    """Results, in the order they are read."""

    tables: tuple[Table, ...]
    """All tables."""
    worlds: int
    """Worlds judged."""
    accounts: int
    """Accounts in those that were judged as a whole."""

    def table(self, key: str) -> Table:
        """Give a table by its key; a StopIteration names none."""
        return next(table for table in self.tables if table.key == key)


def run(plan: Plan, config: Config, *, told: Callable[[str], None], workers: int = 1, peers: bool = True) -> Study:
    """Run the study.

    Parameters
    ----------
    plan
        How much is run.
    config
        Prior and threshold.
    told
        Called with what has been judged, for a progress line.
    workers
        Worlds judged side by side, each in a program of its own; 1 stays in this one.
    peers
        Whether other methods run on the same accounts.

    Returns
    -------
    Study
        The same tables whatever the number of workers.
    """
    asked = jobs(plan, peers=peers)
    pairs = list(zip(asked, _judged(asked, config, told, workers), strict=True))
    told("laying out tables")
    seen = [(job, one.outcome) for job, one in pairs if one.outcome is not None]
    every = [entity for _, one in pairs for entity in one.entities]
    tables = [*_found(pairs, plan), *_turned(pairs, plan), *_held(pairs, every, plan)]
    return Study(tuple(tables), len(pairs), sum(one.accounts for _, one in seen))


def _judged(asked: Sequence[Job], config: Config, told: Callable[[str], None], workers: int) -> list[Judged]:
    made: dict[int, Judged] = {}

    def note(at: int, judged: Judged) -> None:
        made[at] = judged
        told(f"{len(made)} of {len(asked)} worlds: {asked[at].words}")

    if workers == 1:
        for at, job in enumerate(asked):
            note(at, run_job(job, config))
    else:
        # A fresh program each: threads of this one are not copied into it.
        context = multiprocessing.get_context("spawn")
        alone = replace(config, threads=1)
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            waiting = {pool.submit(run_job, job, alone): at for at, job in enumerate(asked)}
            try:
                for done in as_completed(waiting):
                    note(waiting[done], done.result())
            except BaseException:
                # What failed, or was interrupted, is told at once and not after the worlds that wait.
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return [made[at] for at in range(len(asked))]


def _found(pairs: Pairs, plan: Plan) -> list[Table]:
    hydra = [one for job, one in pairs if job.part == "hydra"]
    outcomes = [one.outcome for one in hydra if one.outcome is not None]
    counted = [rate for part in ("hydra", "quiet") for job, one in pairs if job.part == part for rate in one.rates]
    listed = [one.wrong for job, one in pairs if job.part in {"hydra", "quiet", "background"}]
    n = f"{plan.seeds} worlds"
    return [
        found.campaign_table(outcomes, key="campaigns_found", title=f"Campaigns found, {n}"),
        found.method_table(outcomes, key="campaigns_methods", title=f"Methods on the same accounts, {n}"),
        found.honest_table(outcomes, key="campaigns_honest", title=f"Honest accounts by kind, {n}"),
        rates.rate_table(counted, key="campaigns_fdr", title=f"False discoveries, measured and nominal, {n}"),
        rates.rate_table(
            counted, key="campaigns_guards", title=f"False groups without a guard of the tests, {n}", guards=True
        ),
        rates.count_table(
            counted, key="campaigns_fdr_counts", title=f"False discoveries at the default rate, {n}", level=ALPHA
        ),
        wrong.wrong_table(listed, key="campaigns_wrong", title="Every false positive"),
    ]


def _turned(pairs: Pairs, plan: Plan) -> list[Table]:
    tried: dict[tuple[str, str], list[Outcome]] = {}
    parts: dict[tuple[str, str], list[tuple[Shard, ...]]] = {}
    large: dict[int, list[Outcome]] = {}
    for job, one in pairs:
        if job.setting is not None and one.outcome is not None:
            tried.setdefault((job.setting.table, job.setting.name), []).append(one.outcome)
        if job.setting is not None and job.setting.table == "hard":
            parts.setdefault((job.setting.table, job.setting.name), []).append(one.shards)
        if job.part == "background" and one.outcome is not None:
            large.setdefault(job.times, []).append(one.outcome)
    n = f"{plan.knob_seeds} worlds each"
    made = [
        knobs.knob_table(tried, "knobs", key="campaigns_knobs", title=f"One knob at a time, {n}"),
        knobs.knob_table(tried, "ladder", key="campaigns_ladder", title=f"Knobs one after the other, {n}"),
        knobs.curve_table(tried, key="campaigns_curve", title="What hiding costs"),
        knobs.knob_table(tried, "hard", key="campaigns_hard", title=f"Everything hidden but what is asked, {n}"),
        shards.shard_table(parts, key="campaigns_shards", title=f"Partition evidence in the hard world, {n}"),
    ]
    if large:
        made.append(
            background.background_table(large, key="campaigns_background", title="Published campaigns in a background")
        )
        made += [
            found.campaign_table(
                worlds,
                key=f"campaigns_background_{times}",
                title=f"Each of them, {times} honest to one, {len(worlds)} worlds",
            )
            for times, worlds in large.items()
        ]
    return made


def _held(pairs: Pairs, every: Sequence[Entity], plan: Plan) -> list[Table]:
    hydra = [one for job, one in pairs if job.part == "hydra"]
    lost = [one.leaks for job, one in pairs if job.part == "leak"]
    made = [
        ablation.ablation_table(
            [one.ablated for one in hydra], key="campaigns_ablation", title=f"Without a layer, {plan.seeds} worlds"
        ),
        leak.leak_table(
            lost, key="campaigns_leak", title=f"Got before detection, {plan.leak_seeds} worlds", step_h=plan.step_h
        ),
    ]
    return made + [
        calibrate.reliability_table(
            every, asked, key=f"campaigns_reliability_{asked.name}", title=f"Promised and observed: {asked.words}"
        )
        for asked in calibrate.QUESTIONS
    ]
