"""Bits as pictures: the waterfall of one account, its small form, and the totals of all accounts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from markupsafe import Markup

from stillwatch.reports.svg import Axis, element, join, picture, round_step, short
from stillwatch.reports.words import MINUS, bits, count, counted, odds, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from stillwatch.model.finding import Ranking
    from stillwatch.reports.steps import Step
    from stillwatch.reports.view import AccountView

ROW: Final = 34
"""Height of one row of the waterfall (px)."""
OVERVIEW: Final = 132
"""Height of the bars of the overview (px)."""
DRAWN: Final = 12
"""Most detectors that a waterfall draws one by one."""
BINS: Final = 56
"""About as many bins as the overview has."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the waterfall."""

    name: str
    """What the row is called."""
    kind: str
    """``prior``, ``more``, ``less``, ``none``, ``untold`` or ``total``."""
    start_bits: float
    """Running total before the row."""
    end_bits: float
    """Running total after it."""
    step: Step | None
    """The detector's part; none for prior, total and what is drawn together."""

    @property
    def shown_bits(self) -> float:
        """The number written beside the row."""
        return self.end_bits if self.kind in {"prior", "total"} else self.end_bits - self.start_bits


def bars(account: AccountView, prior_bits: float) -> tuple[Bar, ...]:
    """Stack prior and counted weights; the last running total is the account's total.

    Parameters
    ----------
    account
        The account.
    prior_bits
        log2 odds before any evidence.

    Returns
    -------
    tuple of Bar
        Prior; one row a detector that counts, at most DRAWN of them; all smaller ones in one row; those that
        could not tell in one; total.
    """
    made = [Bar("prior", "prior", 0.0, prior_bits, None)]
    drawn = sorted((step for step in account.told if step.counts), key=lambda step: -abs(step.counted_bits))[:DRAWN]
    small = [step for step in account.told if step not in drawn]
    running = prior_bits
    for step in account.told:
        if step in drawn:
            made.append(_bar(step.detector, running, step.counted_bits, step))
            running = made[-1].end_bits
    if small:
        only = small[0] if len(small) == 1 else None
        name = only.detector if only else f"{len(small)} smaller"
        made.append(_bar(name, running, sum(step.counted_bits for step in small), only))
        running = made[-1].end_bits
    if account.untold:
        only = account.untold[0] if len(account.untold) == 1 else None
        name = only.detector if only else f"{len(account.untold)} others"
        made.append(Bar(name, "untold", running, running, only))
    return (*made, Bar("total", "total", 0.0, account.total_bits, None))


def _bar(name: str, start: float, counted: float, step: Step | None) -> Bar:
    kind = "more" if counted > 0 else "less" if counted < 0 else "none"
    return Bar(name, kind, start, start + counted, step)


def shared_axis(accounts: Iterable[AccountView], ranking: Ranking) -> Axis:
    """Choose one axis for all waterfalls, so that accounts can be compared by eye."""
    values = [0.0, ranking.prior_bits, ranking.threshold_bits]
    for account in accounts:
        for bar in bars(account, ranking.prior_bits):
            values.append(bar.end_bits)
            if bar.step and not bar.step.reason:
                values += [bar.start_bits + bar.step.low_bits, bar.start_bits + bar.step.high_bits]
    known = [v for v in values if math.isfinite(v)]
    room = max((max(known) - min(known)) * 0.03, 0.5)
    return Axis(min(known) - room, max(known) + room)


def waterfall_row(bar: Bar, axis: Axis, threshold_bits: float) -> Markup:
    """Draw one row: what counted, what the caps left out, and the 90 % interval."""
    middle = ROW // 2
    parts = [_upright(axis, 0.0, "zero"), _upright(axis, threshold_bits, "threshold")]
    if bar.kind not in {"prior", "total"}:
        parts.append(_line(axis.pct(bar.start_bits), 0, middle, "link"))
    if bar.kind != "total":
        parts.append(_line(axis.pct(bar.end_bits), middle, ROW, "link"))
    if bar.step and not bar.step.reason:
        parts += _interval(bar, bar.step, axis)
    if bar.kind in {"untold", "none"}:
        parts.append(element("circle", cx=axis.pct(bar.end_bits), cy=middle, r=4, class_=bar.kind))
    else:
        parts.insert(2, _block(axis, bar.start_bits, bar.end_bits, bar.kind))
    return picture(parts, _row_title(bar), class_="row", width="100%", height=ROW)


def _interval(bar: Bar, step: Step, axis: Axis) -> list[Markup]:
    low, high, middle = bar.start_bits + step.low_bits, bar.start_bits + step.high_bits, ROW // 2
    parts = []
    if abs(step.weight_bits - step.counted_bits) > 0.05:
        parts.append(_block(axis, bar.start_bits, bar.start_bits + step.weight_bits, "uncapped"))
    if high > low:
        parts.append(element("line", x1=axis.pct(low), x2=axis.pct(high), y1=middle, y2=middle, class_="whisker"))
        parts += [_line(axis.pct(edge), middle - 4, middle + 4, "whisker") for edge in (low, high)]
    return parts


def _row_title(bar: Bar) -> str:
    if bar.kind == "untold":
        return f"{plain(bar.name).capitalize()} could not tell"
    if bar.step is None and bar.kind not in {"prior", "total"}:
        return f"{plain(bar.name).capitalize()}: {bits(bar.shown_bits)} bits counted together"
    if bar.step is None:
        return f"{plain(bar.name).capitalize()}: {bits(bar.end_bits)} bits, odds {odds(bar.end_bits)}"
    capped = "" if abs(bar.step.weight_bits - bar.step.counted_bits) <= 0.05 else f" of {bits(bar.step.weight_bits)}"
    interval = f"90 % interval of the weight {bits(bar.step.low_bits)} to {bits(bar.step.high_bits)}"
    return f"{plain(bar.name).capitalize()}: {bits(bar.step.counted_bits)}{capped} bits counted; {interval}"


def _block(axis: Axis, start: float, end: float, kind: str) -> Markup:
    low = min(start, end)
    width = axis.wide(start, end)
    return element("rect", x=axis.pct(low), y=8, width=width, height=ROW - 16, rx=2, class_=kind)


def _line(x: str, y1: int, y2: int, kind: str) -> Markup:
    return element("line", x1=x, x2=x, y1=y1, y2=y2, class_=kind)


def _upright(axis: Axis, value: float, kind: str) -> Markup:
    return _line(axis.pct(value), 0, ROW, kind)


def bits_axis(axis: Axis, threshold_bits: float) -> Markup:
    """Draw the axis under a waterfall."""
    parts = [_line(axis.pct(0.0), 0, 6, "zero"), _line(axis.pct(threshold_bits), 0, 6, "threshold")]
    parts += [
        element("text", _tick(tick), x=axis.pct(tick), y=20, text_anchor="middle", class_="tick")
        for tick in axis.ticks(6)
    ]
    return picture(parts, "Axis in bits", class_="row", width="100%", height=26)


def _tick(value: float) -> str:
    return f"{value:+g}".replace("-", MINUS) if value else "0"


def small(account: AccountView, ranking: Ranking, axis: Axis) -> Markup:
    """Draw a waterfall on one line, for the ranking table."""
    parts = [
        element("line", x1="0", x2="100%", y1=11, y2=11, class_="rail"),
        element("circle", cx=axis.pct(ranking.prior_bits), cy=11, r=2.5, class_="origin"),
    ]
    for bar in bars(account, ranking.prior_bits):
        if bar.kind in {"more", "less"}:
            y, low = (5, bar.start_bits) if bar.kind == "more" else (12, bar.end_bits)
            width = axis.wide(bar.start_bits, bar.end_bits)
            parts.append(element("rect", x=axis.pct(low), y=y, width=width, height=5, class_=bar.kind))
    parts.append(_line(axis.pct(ranking.threshold_bits), 0, 22, "threshold"))
    parts.append(element("circle", cx=axis.pct(account.total_bits), cy=11, r=4.5, class_="sum"))
    return picture(parts, f"Total {bits(account.total_bits)} bits", class_="small", width="100%", height=22)


def meter(share: float) -> Markup:
    """Draw a chance as a filled bar; an unknown one as an empty bar."""
    known = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    parts = [
        element("rect", x=0, y=2, width="100%", height=8, rx=4, class_="trough"),
        element("rect", x=0, y=2, width=f"{short(100 * known)}%", height=8, rx=4, class_="filled"),
    ]
    return picture(parts, f"{100 * known:.1f} %", class_="meter", width="100%", height=12)


def overview(ranking: Ranking) -> Markup:
    """Draw the totals of all accounts as a histogram with the threshold.

    Parameters
    ----------
    ranking
        Combined evidence of all accounts.

    Returns
    -------
    Markup
        One SVG; the height is on a log scale, so that one account among a million stays visible.
    """
    known = ranking.total_bits[np.isfinite(ranking.total_bits)]
    if not known.size:
        return Markup("")
    threshold = ranking.threshold_bits
    low, high = min(float(known.min()), threshold - 4), max(float(known.max()), threshold + 4)
    step = max(round_step((high - low) / BINS), 0.25)
    below, above = math.ceil((threshold - low) / step), math.floor((high - threshold) / step) + 1
    # An edge falls on the threshold, so that no bar is half reported.
    edges = np.asarray(threshold + step * np.arange(-below, above + 1), np.float64)
    heights = _tally(known, edges)
    axis = Axis(float(edges[0]) - step, float(edges[-1]) + step)
    tallest = math.log2(1 + int(heights.max()))
    parts = []
    for i in np.flatnonzero(heights):
        height = max(4.0, OVERVIEW * 0.82 * math.log2(1 + int(heights[i])) / tallest)
        parts.append(_column(axis, (float(edges[i]), float(edges[i + 1])), height, int(heights[i]), threshold))
    parts += _overview_axis(axis, ranking)
    said = (
        f"{counted(known.size, 'account')} by total; {count(int((known >= threshold).sum()))} at or above the threshold"
    )
    return picture(parts, said, class_="overview", width="100%", height=OVERVIEW + 46)


def _tally(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    # np.histogram rounds at edges in its own way; a total equal to the threshold must fall on its right.
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    return np.bincount(place, minlength=len(edges) - 1)


def _column(axis: Axis, edges: tuple[float, float], height: float, number: int, threshold: float) -> Markup:
    said = f"{bits(edges[0])} to {bits(edges[1])} bits: {counted(number, 'account')}"
    kind = "above" if edges[0] >= threshold - 1e-9 else "below"
    return element(
        "rect", element("title", said), x=axis.pct(edges[0]), width=axis.wide(*edges),
        y=short(OVERVIEW - height), height=short(height), class_=kind,
    )  # fmt: skip


def _overview_axis(axis: Axis, ranking: Ranking) -> list[Markup]:
    x, threshold = axis.pct(ranking.threshold_bits), ranking.threshold_bits
    parts = [
        element("line", x1="0", x2="100%", y1=OVERVIEW, y2=OVERVIEW, class_="rail"),
        _line(x, 0, OVERVIEW, "threshold"),
        _threshold_label(axis, threshold),
    ]
    for tick in axis.ticks(6):
        # Words at the edges are written inwards, so that they are not cut off.
        anchor = "start" if axis.at(tick) < 6 else "end" if axis.at(tick) > 94 else "middle"
        place: dict[str, object] = {"x": axis.pct(tick), "text_anchor": anchor}
        said = "even" if tick == 0 else odds(tick)
        parts.append(element("text", _tick(tick), y=OVERVIEW + 18, class_="tick", **place))
        parts.append(element("text", said, y=OVERVIEW + 36, class_="tick odds", **place))
    return [join(parts)]


def _threshold_label(axis: Axis, threshold: float) -> Markup:
    # Written towards the middle, so that it is never cut off.
    side: dict[str, object] = {"dx": -6, "text_anchor": "end"} if axis.at(threshold) > 50 else {"dx": 6}
    said = f"threshold {bits(threshold)} bits"
    return element("text", said, x=axis.pct(threshold), y=12, class_="tick mark", **side)
