"""Dossiers judged a second, on one core: every verdict with its reasons, only those that hold, and the bar before both.

    python bench/terms.py [DOSSIERS]          default 20000

Ninety-five dossiers in a hundred are ordinary; five are near the bounds of the shipped terms, half of them in a campaign.
"""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.dossier import Agreement, Belonging, Dossier, Seen
from stillwatch.model.dossier_json import from_json, to_json
from stillwatch.policy.bar import clauses_could_speak
from stillwatch.policy.judge import judge, judge_all
from stillwatch.policy.lint import lint
from stillwatch.policy.replay import replay
from stillwatch.policy.shipped import SHIPPED, shipped

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_MS = 1_798_675_200_000
DAY_MS = 86_400_000
CLASSES = ("artefacts", "probing", "content", "asked", "habits")


def made(rng: np.random.Generator, account: int) -> Dossier:
    """Draw one dossier."""
    near = rng.random() < 0.05
    low, high = (-1.0, 9.0) if near else (-4.0, 2.0)
    seen = tuple(
        Seen(f"detector_{at}", CLASSES[at % 5], float(rng.uniform(low, high)), "12 of 40 prompts share one shape")
        for at in range(int(rng.integers(3, 12)))
    )
    total = -10 + sum(one.bits for one in seen)
    campaign = Belonging("c-1", 40, 0.97, 0.93, 0.95, 9.0, -40.0, extracting=True, sentence="40 accounts act together")
    return Dossier(
        account=account,
        at_ms=NOW_MS,
        plan=("free", "pro", "enterprise")[account % 3],
        signup_ms=NOW_MS - int(rng.integers(1, 900)) * DAY_MS,
        organisation=account // 4,
        events=int(rng.lognormal(6, 2)),
        first_ms=NOW_MS - int(rng.integers(1, 90)) * DAY_MS,
        last_ms=NOW_MS,
        tokens_out=int(rng.lognormal(12, 2)),
        total_bits=total,
        probability=1 / (1 + 2**-total),
        q_value=float(rng.uniform(0, 0.05)) if near else float(rng.uniform(0.2, 1)),
        seen=seen,
        campaign=campaign if near and account % 2 else None,
        agreements=(Agreement("reseller", "C-1", 0, NOW_MS + DAY_MS),) if account % 50 == 0 else (),
        attributed_share=float(rng.random()) if account % 3 else math.nan,
    )


def timed(what: str, number: int, run: Callable[[], object]) -> None:
    """Print how many a second, the best of three."""
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    print(f"{what:58s} {number / best:12,.0f} a second   {best / number * 1e6:8.2f} us each")


def main() -> None:
    """Measure."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng = np.random.default_rng(7)
    dossiers = [made(rng, account) for account in range(number)]
    columns = (
        np.array([one.total_bits for one in dossiers]),
        np.array([one.probability for one in dossiers]),
        np.array([one.q_value for one in dossiers]),
        np.array([one.events for one in dossiers]),
        np.array([one.campaign is not None for one in dossiers]),
    )
    for name in SHIPPED:
        terms = shipped(name).terms
        start = time.process_time()
        remarks = lint(shipped(name), NOW_MS)
        took = time.process_time() - start
        broken = sum(any(v.outcome == "broken" for v in some) for some in judge_all(dossiers, terms, NOW_MS))
        bar = clauses_could_speak(terms, NOW_MS)
        admitted = int(bar.admits(*columns).sum())
        print(f"\n{name}: {len(terms.clauses)} clauses, lint {took * 1e3:.1f} ms, {len(remarks)} remarks;")
        print(f"  of {number:,} dossiers {admitted:,} reach the bar, {broken:,} break a clause")
        timed("  judge: every verdict, every reason", number, lambda t=terms: [judge(d, t, NOW_MS) for d in dossiers])
        timed(
            "  judge_all: verdicts whose conditions hold", number, lambda t=terms: list(judge_all(dossiers, t, NOW_MS))
        )
        timed("  bar: whether a clause could speak", number, lambda b=bar: b.admits(*columns))
    old, new = shipped("starter").terms, shipped("frontier-lab").terms
    print()
    timed("replay: two versions over recorded dossiers", number, lambda: replay(dossiers, old, new))
    lines = [to_json(one) for one in dossiers]
    timed("dossiers written as JSON", number, lambda: [to_json(one) for one in dossiers])
    timed("dossiers read from JSON", number, lambda: [from_json(line) for line in lines])
    print(f"{sum(map(len, lines)) / number:,.0f} bytes a dossier")


if __name__ == "__main__":
    main()
