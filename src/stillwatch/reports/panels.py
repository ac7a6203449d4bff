"""One account's panels as pictures: time line, hours of the week, answer length, topics, peers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from markupsafe import Markup

from stillwatch.reports.svg import Axis, element, picture, short
from stillwatch.reports.words import amount, count, counted, percent, span, when
from stillwatch.sketches.topics import names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.reports.cohort import Comparison

WIDTH: Final = 480
HEIGHT: Final = 128
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEVELS: Final = 6
"""Shades of the heat map."""


def timeline(values: NDArray[np.float64], start_ms: float, bin_s: float) -> Markup:
    """Draw events over time, in bins of equal width.

    Parameters
    ----------
    values
        Events by bin, shape (k,).
    start_ms
        Start of the first bin, ms since 1970; NaN where unknown.
    bin_s
        Width of a bin (s); NaN where unknown.

    Returns
    -------
    Markup
        One SVG, empty where nothing is known.
    """
    seen = _known(values)
    if not seen.any():
        return Markup("")
    dated = math.isfinite(start_ms) and math.isfinite(bin_s)
    used = min(len(seen), max(int(np.flatnonzero(seen)[-1]) + 1, 6))
    said = [
        f"{when(start_ms + i * bin_s * 1000) if dated else f'Bin {i + 1}'}: {counted(seen[i], 'event')}"
        for i in range(used)
    ]
    parts = _columns(seen[:used], said)
    if dated:
        ends = ((0, start_ms, "start"), (WIDTH, start_ms + used * bin_s * 1000, "end"))
        parts += [_text(when(ms).removesuffix(" UTC"), x, anchor=anchor) for x, ms, anchor in ends]
        parts.append(_text(f"one bar: {span(bin_s)}", WIDTH / 2))
    else:
        parts.append(_text("times not in the logs", 0, anchor="start"))
    title = f"Events over time; most in one bin {count(seen.max())}"
    return _panel(parts, title)


def hour_of_week(values: NDArray[np.float64]) -> Markup:
    """Draw events by hour of the week, Monday 00:00 UTC first, as seven rows of 24 cells."""
    seen = _known(values)
    if len(seen) != 168 or not seen.any():
        return Markup("")
    left, cell, high = 34, (WIDTH - 34) / 24, 17
    parts = [
        element("rect", x=left, y=0, width=short(cell * 24), height=high * 7, class_="heat0"),
        *(_text(day, 0, y=high * row + 13, anchor="start") for row, day in enumerate(DAYS)),
        *(_text(f"{hour:02d}", left + cell * hour, y=high * 7 + 15, anchor="start") for hour in range(0, 24, 3)),
    ]
    # The root keeps quiet hours of a busy account visible.
    shades = np.ceil(LEVELS * np.sqrt(seen / seen.max())).astype(int)
    for i in np.flatnonzero(seen):
        row, hour = divmod(int(i), 24)
        said = f"{DAYS[row]} {hour:02d}:00: {counted(seen[i], 'event')}"
        parts.append(
            element(
                "rect",
                element("title", said),
                x=short(left + cell * hour + 0.5),
                y=high * row + 0.5,
                width=short(cell - 1),
                height=high - 1,
                class_=f"heat{shades[i]}",
            )
        )
    busiest = divmod(int(seen.argmax()), 24)
    active = int((seen > 0).sum())
    title = f"Active in {active} of 168 hours of the week; busiest {DAYS[busiest[0]]} {busiest[1]:02d}:00 UTC"
    return _panel(parts, title, high * 7 + 22)


def answer_length(values: NDArray[np.float64], typical: NDArray[np.float64] | None) -> Markup:
    """Draw answers by length; bin b holds 2^b up to 2^(b+1) tokens. The line is the mean of others."""
    seen = _known(values)
    if not seen.any():
        return Markup("")
    shares = seen / seen.sum()
    said = [
        f"{2**b if b else 0:,} to {2 ** (b + 1) - 1:,} tokens: {counted(seen[b], 'answer')}, {percent(shares[b])}"
        for b in range(len(seen))
    ]
    parts = _columns(shares, said, typical)
    cell = WIDTH / len(seen)
    parts += [_text(_power(b), cell * b, anchor="start") for b in range(0, len(seen), 2)]
    middle = int(np.searchsorted(np.cumsum(shares), 0.5))
    return _panel(parts, f"Answer length in tokens; half of the answers are shorter than about {2 ** (middle + 1):,}")


def topics(values: NDArray[np.float64], typical: NDArray[np.float64] | None) -> Markup:
    """Draw the share of each topic, the largest first; the line is the mean of others, each ordered by itself."""
    seen = _known(values)
    if not seen.any():
        return Markup("")
    shares = seen / seen.sum()
    order = np.argsort(-shares, kind="stable")
    named = names() if len(seen) == len(names()) else tuple(f"topic {t}" for t in range(len(seen)))
    said = [f"{named[t]}: {percent(shares[t])} of prompts" for t in order]
    parts = _columns(shares[order], said, typical)
    parts += [_text(f"largest: {named[order[0]]}", 0, anchor="start"), _text(f"topic {len(seen)}", WIDTH, anchor="end")]
    half = int(np.searchsorted(np.cumsum(shares[order]), 0.5)) + 1
    several = f"{counted((seen > 0).sum(), 'topic')} of {len(seen)} seen"
    title = f"{several}; {counted(half, 'topic')} make up half of the prompts"
    return _panel(parts, title)


def beside_others(comparison: Comparison) -> Markup:
    """Draw one quantity of an account against the middle 90 % of the others, on a log axis."""
    values = (comparison.value, comparison.low, comparison.median, comparison.high, comparison.largest)
    logs = [math.log10(max(value, 1.0)) for value in values]
    axis = Axis(min(logs) - 0.15, max(logs) + 0.15)
    value, low, median, high, largest = logs
    parts = [
        element("line", x1="0", x2="100%", y1=11, y2=11, class_="rail"),
        element("rect", x=axis.pct(low), width=axis.wide(low, high), y=7, height=8, rx=2, class_="band"),
        element("line", x1=axis.pct(median), x2=axis.pct(median), y1=3, y2=19, class_="median"),
        element("line", x1=axis.pct(largest), x2=axis.pct(largest), y1=7, y2=15, class_="median"),
        element("circle", cx=axis.pct(value), cy=11, r=4.5, class_="sum"),
    ]
    title = (
        f"{amount(comparison.value)} {comparison.noun}; the middle 90 % of {count(comparison.others)} others: "
        f"{amount(round(comparison.low))} to {amount(round(comparison.high))}"
    )
    return picture(parts, title, class_="small", width="100%", height=22)


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values) & (values > 0), values, 0.0)


def _columns(values: NDArray[np.float64], said: list[str], typical: NDArray[np.float64] | None = None) -> list[Markup]:
    marks = None if typical is None or len(typical) != len(values) else typical
    tallest = max(float(values.max()), 0.0 if marks is None else float(marks.max()))
    cell, room = WIDTH / len(values), HEIGHT - 26
    gap = min(2.0, cell * 0.2)
    parts = [element("line", x1=0, x2=WIDTH, y1=room, y2=room, class_="rail")]
    for i, value in enumerate(values):
        if value > 0:
            height = max(1.5, (room - 4) * float(value) / tallest)
            x, y, width = short(cell * i + gap / 2), short(room - height), short(cell - gap)
            parts.append(
                element("rect", element("title", said[i]), x=x, y=y, width=width, height=short(height), class_="own")
            )
    if marks is not None:
        heights = [short(room - (room - 4) * float(share) / tallest) for share in marks]
        steps = "".join(f"V{height}h{short(cell)}" for height in heights)
        parts.append(element("path", d=f"M0 {heights[0]}{steps}", class_="typical"))
    return parts


def _text(said: str, x: float, *, y: float = HEIGHT - 8, anchor: str = "middle") -> Markup:
    return element("text", said, x=short(x), y=short(y), text_anchor=anchor, class_="tick")


def _power(b: int) -> str:
    size = 2**b if b else 0
    return f"{size // 1024}k" if size >= 1024 else str(size)


def _panel(parts: list[Markup], title: str, height: int = HEIGHT) -> Markup:
    return picture(parts, title, viewBox=f"0 0 {WIDTH} {height}", class_="panel")
