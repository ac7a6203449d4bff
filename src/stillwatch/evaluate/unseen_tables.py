"""How well accounts of sources that no model has seen are ranked, and how often honest ones are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.learn import kin
from stillwatch.evaluate.scores import auc, drawn, resampled
from stillwatch.evaluate.tables import Cell, Table, rate, spanned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.evaluate.scores import Interval
    from stillwatch.evaluate.unseen import Examination

    Rows = NDArray[np.bool_]

FEWEST: Final = 30
"""Requests from which an account is large enough for the headline figures."""
REVIEW: Final = 0.01
"""Share of honest accounts that the review line lets above it."""
LINES: Final = (0.001, 0.01, 0.05)
"""Shares of honest accounts above a line."""
Weigher = Callable[[tuple[int, ...]], "NDArray[np.float64]"]
"""Sources left out -> a value for every account."""


class Pairs:
    """Values of two classes, pair of sources by pair, each by a model that saw neither."""

    def __init__(self, exam: Examination, weigher: Weigher, against: str, rows: Rows) -> None:
        source = exam.accounts.source
        self.of: dict[tuple[int, int], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        known: dict[tuple[int, ...], NDArray[np.float64]] = {}
        for a, one in enumerate(exam.accounts.sources):
            if one.cls != "A" or not (rows & (source == a)).any():
                continue
            for b, other in enumerate(exam.accounts.sources):
                if other.cls != against or not (rows & (source == b)).any():
                    continue
                left_out = (*kin(exam.accounts, a), b)
                if left_out not in known:
                    known[left_out] = weigher(left_out)
                values = known[left_out]
                self.of[a, b] = (values[rows & (source == a)], values[rows & (source == b)])

    def macro(self, rng: np.random.Generator | None) -> float:
        """Give the mean AUC over pairs of sources; accounts are drawn again under a generator."""
        found = [auc(drawn(above, rng), drawn(below, rng)) for above, below in self.of.values()]
        return float(np.mean(found)) if found else float("nan")


def headline(exam: Examination, weighers: Mapping[str, Weigher], rng: np.random.Generator) -> Table:
    """Rank A against B and C for each way of weighing, accounts of 30 requests or more."""
    rows = exam.accounts.size >= FEWEST
    body = []
    for name, weigher in weighers.items():
        figures = [resampled(Pairs(exam, weigher, against, rows).macro, rng) for against in "BC"]
        body.append((name, *(spanned(figure) for figure in figures)))
    return Table(
        "headline",
        "Unseen sources: AUC, mean over pairs of sources",
        ("weighed by", "A against B (people)", "A against C (machines)"),
        tuple(body),
        "Every pair is judged by a model that saw neither source nor any source of the same kind as A's. Intervals "
        "draw the accounts of each source again, 200 times; they do not cover the choice of sources.",
    )


def by_size(exam: Examination, weigher: Weigher, rng: np.random.Generator) -> Table:
    """Rank by account size."""
    body: list[tuple[Cell, ...]] = []
    for size in sorted(set(exam.accounts.size.tolist())):
        rows = exam.accounts.size == size
        figures: list[Interval] = [resampled(Pairs(exam, weigher, against, rows).macro, rng) for against in "BC"]
        body.append((int(size), *(spanned(figure) for figure in figures)))
    note = "Larger sizes rest on fewer sources: a conversation or a task rarely has that many prompts."
    return Table(
        "by_size", "The same by requests an account", ("requests", "A against B", "A against C"), tuple(body), note
    )


def matrix(exam: Examination, weigher: Weigher) -> Table:
    """Show AUC for every pair of sources, so that no mean hides a failure."""
    rows = exam.accounts.size >= FEWEST
    names = exam.accounts.sources
    both = [Pairs(exam, weigher, against, rows).of for against in "BC"]
    columns = sorted({b for pairs in both for _, b in pairs})
    lines = sorted({a for pairs in both for a, _ in pairs})
    merged = both[0] | both[1]
    body: tuple[tuple[Cell, ...], ...] = tuple((names[a].name, *(auc(*merged[a, b]) for b in columns)) for a in lines)
    return Table("matrix", "AUC of every pair", ("A", *(names[b].name for b in columns)), body)


def unseen_totals(exam: Examination) -> NDArray[np.float64]:
    """Give every account's total by a model that saw neither its source nor its kin."""
    totals = np.full(len(exam.accounts.draws), np.nan)
    for number in range(len(exam.accounts.sources)):
        mine = exam.accounts.source == number
        if mine.any():
            totals[mine] = exam.of_unseen(number)[mine]
    return totals


def operating_points(exam: Examination) -> Table:
    """Set what is found beside who is wrongly accused, for the default threshold and for lower lines."""
    source, rows = exam.accounts.source, exam.accounts.size >= FEWEST
    totals = unseen_totals(exam)
    by_source = {n: totals[rows & (source == n)] for n in sorted(set(source[rows].tolist()))}
    honest = {n: mine for n, mine in by_source.items() if exam.accounts.sources[n].cls != "A"}
    extracting = {n: mine for n, mine in by_source.items() if n not in honest}
    default = exam.config.threshold_bits
    # An account at the threshold itself is reported; one at a line drawn here is not above it.
    lines = {"default threshold": float(np.nextafter(default, -np.inf))}
    for most in LINES:
        # The lowest line at which the mean over honest sources stays at or below the rate.
        cuts = np.unique(np.concatenate(list(honest.values())))
        rates = np.array([np.mean([(mine > cut).mean() for mine in honest.values()]) for cut in cuts])
        lines[f"line of {most:.1%} of honest accounts"] = float(cuts[int(np.argmax(rates <= most))])
        rates = np.array([np.max([(mine > cut).mean() for mine in honest.values()]) for cut in cuts])
        lines[f"line of {most:.1%} of the worst honest source"] = float(cuts[int(np.argmax(rates <= most))])
    body: list[tuple[Cell, ...]] = []
    for name, line in lines.items():
        accused = {n: float((mine > line).mean()) for n, mine in honest.items()}
        worst = max(accused, key=lambda n: accused[n])
        found = [float((mine > line).mean()) for mine in extracting.values()]
        body.append(
            (
                name,
                default if name == "default threshold" else line,
                float(np.mean(list(accused.values()))),
                f"{accused[worst]:.3f} ({exam.accounts.sources[worst].name})",
                float(np.mean(found)),
                f"{sum(rate >= 0.5 for rate in found)} of {len(found)}",
            )
        )
    return Table(
        "operating",
        "What is found beside who is wrongly accused",
        (
            *("line", "bits", "honest above it, mean over sources", "honest above it, worst source"),
            *("extracting above it, mean over sources", "sources with half of their accounts above it"),
        ),
        tuple(body),
        "Lines are drawn on these accounts and show what a ranking is worth to a person who reviews; nothing is "
        "reported on them. The default threshold is fixed beforehand. Text and lengths alone never reach it: that is "
        "what the cap on content means.",
    )


def error_rates(exam: Examination) -> Table:
    """Count what is reported at the default threshold and above the review line, source by source."""
    source, rows = exam.accounts.source, exam.accounts.size >= FEWEST
    honest = [n for n, one in enumerate(exam.accounts.sources) if one.cls != "A" and (rows & (source == n)).any()]
    unseen = {n: exam.of_unseen(n) for n in range(len(exam.accounts.sources)) if (rows & (source == n)).any()}
    body = []
    for number, totals in unseen.items():
        one = exam.accounts.sources[number]
        mine = totals[rows & (source == number)]
        others = [n for n in honest if n != number]
        line = max(float(np.quantile(unseen[n][rows & (source == n)], 1 - REVIEW)) for n in others)
        reported = int((mine >= exam.config.threshold_bits).sum())
        body.append(
            (
                one.cls,
                one.name,
                float(np.median(mine)),
                rate(reported, mine.size),
                rate(int((mine > line).sum()), mine.size),
            )
        )
    return Table(
        "error_rates",
        "Reported, by source",
        ("class", "source", "median total (bits)", "reported at the default threshold", "above the review line"),
        tuple(sorted(body)),
        "For B and C every report is a false accusation. The review line is the highest 99th percentile over the "
        "*other* honest sources, so a row of B or C shows what a line drawn without it would have done to it.",
    )


def languages(exam: Examination) -> Table:
    """Count reports and mean totals by language; language itself is no feature."""
    spoken = np.array([_language(exam, i) for i in range(len(exam.accounts.draws))])
    rows = exam.accounts.size >= FEWEST
    totals = unseen_totals(exam)
    body = []
    for cls in "ABC":
        for language in sorted(set(spoken)):
            mine = rows & (exam.accounts.cls == cls) & (spoken == language)
            if mine.any():
                reported = int((totals[mine] >= exam.config.threshold_bits).sum())
                body.append(
                    (cls, language, int(mine.sum()), float(np.median(totals[mine])), rate(reported, int(mine.sum())))
                )
    return Table(
        "languages", "By language", ("class", "language", "accounts", "median total (bits)", "reported"), tuple(body)
    )


def _language(exam: Examination, at: int) -> str:
    draw = exam.accounts.draws[at]
    spoken = [exam.accounts.sources[o].lang[r] for o, r in zip(draw.origin.tolist(), draw.rows.tolist(), strict=True)]
    most = max(set(spoken), key=spoken.count)
    return most if most in ("en", "zh") else "other"


def ablation(exam: Examination, names: tuple[str, ...]) -> Table:
    """Rank and report with each detector switched off in turn."""
    rows = exam.accounts.size >= FEWEST

    def figures(without: tuple[str, ...]) -> tuple[float, float]:
        pairs = [Pairs(exam, lambda left_out: exam.totals(left_out, without), against, rows) for against in "BC"]
        return pairs[0].macro(None), pairs[1].macro(None)

    whole = figures(())
    body = [("none", *whole, 0.0, 0.0)]
    for name in names:
        b, c = figures((name,))
        body.append((name, b, c, b - whole[0], c - whole[1]))
    head = ("switched off", "A against B", "A against C", "change, B", "change, C")
    return Table("ablation", "Each detector switched off", head, tuple(body))


def worst_ranked(exam: Examination, many: int = 10) -> Table:
    """List the accounts ranked most wrongly: honest ones above and extracting ones below where they belong."""
    rows = exam.accounts.size >= FEWEST
    totals = unseen_totals(exam)
    honest = exam.accounts.cls != "A"
    wrong = np.where(honest, totals, -totals)
    wrong[~rows] = -np.inf
    found: list[tuple[str, str, int, float, str]] = []
    seen: dict[int, int] = {}
    for at in np.argsort(-wrong).tolist():
        number = int(exam.accounts.source[at])
        if seen.get(number, 0) >= 2:
            continue
        seen[number] = seen.get(number, 0) + 1
        found.append(_why(exam, at, float(totals[at])))
        if len(found) == many:
            break
    head = ("class", "source", "requests", "total (bits)", "what counted most")
    note = "At most two accounts a source, so that one source does not fill the table."
    return Table("worst", "The ten most wrongly ranked accounts", head, tuple(found), note)


def _why(exam: Examination, at: int, total: float) -> tuple[str, str, int, float, str]:
    source = exam.accounts.sources[int(exam.accounts.source[at])]
    wrong = 1.0 if source.cls != "A" else -1.0
    steps = sorted(
        ((wrong * float(one.weight_bits[at]), one) for one in exam.examined if one.reason[at] == 0),
        key=lambda pair: -pair[0],
    )
    said = "; ".join(
        f"{one.detector} {wrong * bits:+.1f}: {one.sentence(at)[:160]}" for bits, one in steps[:2] if bits > 0
    )
    return source.cls, source.name, int(exam.accounts.size[at]), total, said or "nothing spoke: no evidence either way"
