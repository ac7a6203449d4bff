"""Accounts that hide their harvest among honest requests: how much is left to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.evaluate.scores import auc
from stillwatch.evaluate.tables import Table
from stillwatch.evaluate.unseen_tables import REVIEW, unseen_totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.evaluate.unseen import Examination


def by_fraction(pure: Examination, mixed: Examination, fractions: Sequence[float]) -> Table:
    """Rank mixed accounts against honest ones of the same size, and count those above the review line."""
    honest = pure.accounts.cls != "A"
    totals, hidden = unseen_totals(pure), unseen_totals(mixed)
    body: list[tuple[int | str, ...]] = []
    for size in sorted(set(mixed.accounts.size.tolist())):
        ordinary = totals[honest & (pure.accounts.size == size)]
        if ordinary.shape[0] < 1 / REVIEW:
            continue
        line = float(np.quantile(ordinary, 1 - REVIEW))
        cells = []
        for fraction in fractions:
            mine = hidden[(mixed.accounts.size == size) & (mixed.accounts.fraction == fraction)]
            cells.append(f"{auc(mine, ordinary):.2f} / {(mine > line).mean():.2f}" if mine.shape[0] else "-")
        body.append((int(size), *cells))
    return Table(
        "fractions",
        "Attack hidden among honest requests: AUC / share above the review line",
        ("requests", *(f"{round(100 * fraction)} %" for fraction in fractions)),
        tuple(body),
        "The review line lets 1 % of all honest accounts of that size above it. An account that hides a few per cent "
        "of attack is not seen by what one account shows; that is what joining accounts is for.",
    )
