"""Whether a stated probability is kept: promised beside observed shares on sources no model has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.detectors.calibration.reliability import brier_parts, reliability_curve
from stillwatch.evaluate.tables import Table
from stillwatch.evaluate.unseen_tables import FEWEST, unseen_totals
from stillwatch.statistics.isotonic import probability

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.evaluate.unseen import Examination

BINS: Final = 8


def unseen_bits(exam: Examination) -> NDArray[np.float64]:
    """Give every account's evidence without the prior, by a model that saw neither its source nor its kin."""
    return unseen_totals(exam) - exam.config.prior_bits


def reliability(exam: Examination) -> Table:
    """Set promised probabilities beside what came true, on these accounts and by size of account.

    The base rate is that of the accounts judged, not that of a provider's traffic: what is tested is whether
    bits are worth what they say.
    """
    rows = exam.accounts.size >= FEWEST
    bits, label, source = unseen_bits(exam), exam.accounts.cls == "A", exam.accounts.source
    body: list[tuple[str | int | float, ...]] = []
    base = float(label[rows].mean())
    promised = probability(bits, base)
    curve = reliability_curve(promised[rows], label[rows], bins=BINS, source=source[rows])
    body += [
        (
            "all",
            int(curve.accounts[at]),
            float(curve.promised[at]),
            float(curve.observed[at]),
            f"{curve.low[at]:.2f} to {curve.high[at]:.2f}",
            "",
        )
        for at in range(curve.accounts.shape[0])
    ]
    for size in sorted(set(exam.accounts.size.tolist())):
        mine = exam.accounts.size == size
        share = float(label[mine].mean())
        if not 0 < share < 1:
            continue
        chance = probability(bits[mine], share)
        parts = brier_parts(chance, label[mine], bins=BINS)
        body.append(
            (
                f"{size} requests",
                int(mine.sum()),
                float(chance.mean()),
                share,
                f"Brier {parts.loss:.3f}",
                f"reliability {parts.reliability:.3f}, resolution {parts.resolution:.3f}, of {parts.uncertainty:.3f}",
            )
        )
    return Table(
        "reliability",
        "Promised and observed probability",
        ("cohort", "accounts", "promised", "observed", "interval or Brier", "parts"),
        tuple(body),
        f"Base rate of these accounts {base:.2f}; intervals draw whole sources again. At a provider the base rate is a "
        "thousandth or less, and the same bits promise far less.",
    )
