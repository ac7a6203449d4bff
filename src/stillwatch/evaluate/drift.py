"""Nominal beside measured false-accusation rates: over many draws, and for a tenant nobody has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.accounts import draw_accounts, fold_draws
from stillwatch.evaluate.scores import p_values
from stillwatch.evaluate.tables import Table
from stillwatch.evaluate.unseen import examine_accounts
from stillwatch.statistics.looks import at_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.config import Config
    from stillwatch.evaluate.accounts import AccountSet
    from stillwatch.evaluate.sources import Source

NOMINAL: Final = (0.01, 0.05, 0.10, 0.25)
SIZES: Final = (30, 100)
POOL: Final = 60
"""Honest accounts of each source and size that seeds draw from."""
LOOKS: Final = 30


def error_control(
    sources: Sequence[Source], training: AccountSet, config: Config, *, seeds: int, rng: np.random.Generator
) -> Table:
    """Measure how often honest accounts get a p-value at or below a nominal one.

    Three ways: the provider's reference holds accounts of the same tenants; it holds none of the tenant's kind
    (drift: a new tenant); and the same account is looked at again and again, with the level shared out over
    looks and without.
    """
    honest = tuple(source for source in sources if source.cls != "A")
    pool = fold_draws(honest, draw_accounts(honest, SIZES, POOL, rng), config, rng)
    # The shape model knows the sources; their order here is that of the honest ones alone.
    exam = examine_accounts(pool, config)
    number_of = {source.name: n for n, source in enumerate(sources)}
    full = examine_accounts(training, config)
    totals = np.full(len(pool.draws), np.nan)
    for number, source in enumerate(honest):
        mine = pool.source == number
        if mine.any():
            totals[mine] = _unseen_totals(exam, full, number_of[source.name])[mine]
    present = sorted(set(pool.source.tolist()))
    body: list[tuple[str, ...]] = []
    for nominal in NOMINAL:
        same, new = list[float](), {number: list[float]() for number in present}
        for seed in range(seeds):
            half = np.random.default_rng(seed).permutation(len(pool.draws))
            reference, asked = half[: half.shape[0] // 2], half[half.shape[0] // 2 :]
            same.append(float((p_values(totals[asked], totals[reference]) <= nominal).mean()))
            for number in present:
                known = reference[pool.source[reference] != number]
                mine = asked[pool.source[asked] == number]
                if mine.shape[0]:
                    new[number].append(float((p_values(totals[mine], totals[known]) <= nominal).mean()))
        means = {number: float(np.mean(rates)) for number, rates in new.items() if rates}
        worst = max(means, key=lambda number: means[number])
        body.append(
            (
                f"{nominal:.2f}",
                f"{np.mean(same):.3f} [{min(same):.3f}, {max(same):.3f}]",
                f"{np.mean(list(means.values())):.3f}",
                f"{means[worst]:.3f} ({honest[worst].name})",
                *_looks(totals, nominal, seeds),
            )
        )
    return Table(
        "error_control",
        f"Nominal and measured false-accusation rate, {seeds} seeds",
        (
            *("nominal", "same tenants, mean [least, most]", "new tenant, mean over sources", "new tenant, worst"),
            *(f"{LOOKS} looks, level shared out", f"{LOOKS} looks, not shared out"),
        ),
        tuple(body),
        "Within the traffic a reference was made of, the rate holds. It does not hold for a tenant of a kind the "
        "reference has none of: the p-value says unusual, not guilty, and no report rests on it alone.",
    )


def _unseen_totals(exam: object, full: object, number: int) -> np.ndarray:
    from stillwatch.evaluate.unseen import Examination  # noqa: PLC0415

    assert isinstance(exam, Examination)
    assert isinstance(full, Examination)
    again = Examination(exam.accounts, exam.examined, full.middles, full.classes, exam.config)
    return again.totals((number,))


def _looks(totals: np.ndarray, nominal: float, seeds: int) -> tuple[str, str]:
    """Look at honest accounts again and again, each time at new traffic of the same kind."""
    shared, plain = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(1000 + seed)
        half = rng.permutation(totals.shape[0])
        reference, asked = totals[half[: half.shape[0] // 2]], totals[half[half.shape[0] // 2 :]]
        seen = np.stack([p_values(rng.permutation(asked), reference) for _ in range(LOOKS)])
        plain.append(float((seen <= nominal).any(axis=0).mean()))
        spent = np.stack([at_look(p, look) for look, p in enumerate(seen, 1)])
        shared.append(float((spent <= nominal).any(axis=0).mean()))
    return f"{np.mean(shared):.3f}", f"{np.mean(plain):.3f}"
