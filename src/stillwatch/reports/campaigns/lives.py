"""The lives of a campaign's accounts over time, as one SVG: pools that sign up together, closings, who comes after.

Above, how many members signed up, began, ended and were closed in each bin of time; below, one line a member from its
first to its last request, in the order of beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.reports.campaigns.graph import sampled
from stillwatch.reports.svg import element, join, picture, short
from stillwatch.reports.words import count, counted, day, span, when

if TYPE_CHECKING:
    from markupsafe import Markup
    from numpy.typing import NDArray

    from stillwatch.model.campaign import Members

WIDTH: Final = 920
LEFT: Final = 124
LANE: Final = 46
DRAWN: Final = 110
"""Most lives drawn one by one; of more an even sample is."""
BINS: Final = 72
"""Most bins of the time axis."""
_HOUR_MS: Final = 3_600_000
_WIDTHS_H: Final = (1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760, 87_600, 876_000)
_BACK: Final = 2.0
"""The axis reaches back before the first request by at most so many times the time of requests, or two weeks."""
_LEAST_BACK_MS: Final = 14 * 24 * _HOUR_MS
KINDS: Final = (
    ("signup", "sign-ups"),
    ("first", "first requests"),
    ("last", "last requests"),
    ("closed", "closings"),
)
"""Lanes of the picture: class of its bars and name."""


@dataclass(frozen=True, slots=True)
class Bin:
    """What happened in one bin of time."""

    start_ms: int
    """Where it starts (ms since 1970)."""
    counts: tuple[int, ...]
    """Members that signed up, began, ended, were closed."""
    at_work: int
    """Members between their first and their last request."""


@dataclass(frozen=True, slots=True)
class Lives:
    """The picture, its numbers as a table, and what it leaves out."""

    svg: Markup
    """The picture."""
    bins: tuple[Bin, ...]
    """Bins in which something happened."""
    bin_words: str
    """Width of a bin in words."""
    notes: tuple[str, ...]
    """What was seen, and what is not drawn."""


def lives(members: Members) -> Lives:
    """Draw the lives of the members of a campaign.

    Parameters
    ----------
    members
        Accounts of one campaign.

    Returns
    -------
    Lives
        One SVG; the same members give the same bytes.

    Notes
    -----
    O(members + DRAWN). Blind spot: a member that began twice is drawn as one life.
    """
    begin, end = _range(members)
    width = _bin_ms(end - begin)
    begin = begin // width * width
    number = int((end - begin) // width) + 1
    tallies = np.stack([_tally(ms, begin, width, number) for ms in _moments(members)])
    work = _at_work(members, begin, width, number)
    axis = _Axis(begin, begin + number * width)
    rows = sampled(len(members), DRAWN)
    high = float(np.clip(300 / max(len(rows), 1), 2.6, 9.0))
    top = LANE * (len(KINDS) + 1) + 14
    parts = [*_grid(axis, top + high * len(rows)), *_lanes(axis, tallies, work, begin, width)]
    parts += _rows(members, rows, axis, top, high)
    title = f"{counted(len(members), 'account')} from {when(begin)} to {when(begin + number * width)}"
    svg = picture(parts, title, viewBox=f"0 0 {WIDTH} {short(top + high * len(rows) + 26)}", class_="lives")
    bins = tuple(
        Bin(begin + at * width, tuple(tallies[:, at].tolist()), int(work[at]))
        for at in np.flatnonzero(tallies.any(0)).tolist()
    )
    return Lives(svg, bins, span(width / 1000), tuple(_notes(members, axis, tallies, width, len(rows))))


@dataclass(frozen=True, slots=True)
class _Axis:
    begin: int
    end: int

    def x(self, ms: float) -> float:
        share = (ms - self.begin) / max(self.end - self.begin, 1)
        return LEFT + (WIDTH - LEFT - 8) * min(max(share, 0.0), 1.0)


def _moments(members: Members) -> tuple[NDArray[np.int64], ...]:
    return members.signup_ms, members.first_ms, members.last_ms, members.closed_ms


def _range(members: Members) -> tuple[int, int]:
    """Choose the ends of the axis: all requests, and sign-ups and closings not too far from them."""
    first, last = int(members.first_ms.min(initial=2**62)), int(members.last_ms.max(initial=-1))
    if last < first:
        return 0, _HOUR_MS
    room = max(int(_BACK * (last - first)), _LEAST_BACK_MS)
    signed = members.signup_ms[members.signup_ms >= first - room]
    closed = members.closed_ms[(members.closed_ms >= 0) & (members.closed_ms <= last + room)]
    return min(first, int(signed.min(initial=first))), max(last, int(closed.max(initial=last)))


def _bin_ms(length_ms: int) -> int:
    wide = next((hours for hours in _WIDTHS_H if length_ms <= hours * _HOUR_MS * (BINS - 1)), _WIDTHS_H[-1])
    return wide * _HOUR_MS


def _tally(ms: NDArray[np.int64], begin: int, width: int, number: int) -> NDArray[np.int64]:
    at = (ms[ms >= 0] - begin) // width
    return np.bincount(at[(at >= 0) & (at < number)], minlength=number)


def _at_work(members: Members, begin: int, width: int, number: int) -> NDArray[np.int64]:
    change = np.zeros(number + 1, np.int64)
    np.add.at(change, np.clip((members.first_ms - begin) // width, 0, number), 1)
    np.add.at(change, np.clip((members.last_ms - begin) // width + 1, 0, number), -1)
    return np.cumsum(change)[:number]


def _grid(axis: _Axis, high: float) -> list[Markup]:
    """Draw upright lines at round dates, with their names below."""
    days = (axis.end - axis.begin) / (24 * _HOUR_MS)
    step = next((n for n in (1, 2, 3, 7, 14, 28, 91, 182, 365) if days / n <= 7), 3650) * 24 * _HOUR_MS
    made = []
    for ms in range(-(-axis.begin // step) * step, axis.end + 1, step):
        x = axis.x(ms)
        made.append(element("line", x1=short(x), x2=short(x), y1=0, y2=short(high + 6), class_="rail"))
        # A date at the very edge would be cut off.
        if x < WIDTH - 36:
            made.append(element("text", day(ms), x=short(x), y=short(high + 20), text_anchor="middle", class_="tick"))
    return made


def _lanes(axis: _Axis, tallies: NDArray[np.int64], work: NDArray[np.int64], begin: int, width: int) -> list[Markup]:
    made = []
    lanes = [*zip(KINDS, tallies, strict=True), (("work", "at work"), work)]
    for lane, ((kind, name), values) in enumerate(lanes, 1):
        base, most = LANE * lane, int(values.max(initial=0))
        made.append(element("line", x1=LEFT, x2=WIDTH - 8, y1=base, y2=base, class_="rail"))
        made.append(element("text", name, x=LEFT - 10, y=base - 14, text_anchor="end", class_="name"))
        told = f"most {count(most)}" if most else "none"
        made.append(element("text", told, x=LEFT - 10, y=base, text_anchor="end", class_="tick"))
        for at in np.flatnonzero(values).tolist():
            ms, number = begin + at * width, int(values[at])
            said = f"{when(ms)}: {count(number)} {name}"
            made.append(_bar((axis.x(ms), axis.x(ms + width)), base, number / most, kind, said))
    return made


def _bar(ends: tuple[float, float], base: int, share: float, kind: str, said: str) -> Markup:
    high, wide = max(1.5, (LANE - 12) * share), max(ends[1] - ends[0] - 1, 1.0)
    return element(
        "rect",
        element("title", said),
        x=short(ends[0]),
        y=short(base - high),
        width=short(wide),
        height=short(high),
        class_=f"bar {kind}",
    )


def _rows(members: Members, rows: NDArray[np.int64], axis: _Axis, top: float, high: float) -> list[Markup]:
    """Draw one line a member, the earliest to begin on top: waiting, at work, closed."""
    order = rows[np.lexsort((members.account[rows], members.last_ms[rows], members.first_ms[rows]))]
    waiting, work, signed, closed = [], [], [], []
    for at, row in enumerate(order.tolist()):
        y = top + high * (at + 0.5)
        first, last = axis.x(members.first_ms[row]), axis.x(members.last_ms[row])
        work.append(f"M{short(first)} {short(y)}H{short(max(last, first + 0.5))}")
        sign, ban = int(members.signup_ms[row]), int(members.closed_ms[row])
        if sign >= axis.begin:
            waiting.append(f"M{short(axis.x(sign))} {short(y)}H{short(first)}")
            signed.append(f"M{short(axis.x(sign))} {short(y)}h.01")
        if 0 <= ban <= axis.end:
            closed.append(f"M{short(axis.x(ban))} {short(y - high * 0.45)}v{short(high * 0.9)}")
    thick = short(max(high * 0.55, 1.4))
    made = [
        element("text", "lives", x=LEFT - 10, y=short(top + 12), text_anchor="end", class_="name"),
        element("text", f"{count(len(rows))} drawn", x=LEFT - 10, y=short(top + 26), text_anchor="end", class_="tick"),
        element("path", d="".join(waiting), class_="waiting"),
        element("path", d="".join(work), class_="working", stroke_width=thick),
        element("path", d="".join(signed), class_="signed", stroke_width=short(max(high * 0.5, 2.2))),
        element("path", d="".join(closed), class_="ended"),
    ]
    return [join(made)]


def _notes(members: Members, axis: _Axis, tallies: NDArray[np.int64], width: int, drawn: int) -> list[str]:
    said = []
    known, closed = members.signup_ms >= 0, members.closed_ms >= 0
    if known.any() and tallies[0].any():
        most = int(tallies[0].argmax())
        said.append(
            f"Most sign-ups within {span(width / 1000)}: {count(tallies[0].max())} of {count(known.sum())} known,"
            f" from {when(axis.begin + most * width)}."
        )
    before = members.signup_ms[known & (members.signup_ms < axis.begin)]
    if len(before):
        days, each = np.unique(before // (24 * _HOUR_MS), return_counts=True)
        densest = f"{count(each.max())} of them on {day(int(days[each.argmax()]) * 24 * _HOUR_MS)}"
        said.append(f"{count(len(before))} signed up before {day(axis.begin)}, which is not drawn, {densest}.")
    if not known.any():
        said.append("When members signed up is not known.")
    said.append(f"{count(closed.sum())} of {counted(len(members), 'member')} were closed by the provider.")
    if drawn < len(members):
        said.append(f"{count(drawn)} of {count(len(members))} lives are drawn, an even sample; bars count all.")
    return said
