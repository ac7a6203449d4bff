"""The pictures of the evaluation page: plain SVG that reads on light and dark paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.reports.svg import element, join, picture, short

if TYPE_CHECKING:
    from markupsafe import Markup

    from stillwatch.evaluate.tables import Table

_WIDE, _HIGH, _LEFT, _BOTTOM = 560, 320, 56, 46
_INK: Final = "#444"
_COLOURS: Final = ("#1f6f8b", "#b5432e", "#7a5c99", "#3d7a3a", "#8a6d1f")


def _frame(title: str, across: str, up: str) -> list[Markup]:
    right, top, base = _WIDE - 12, 12, _HIGH - _BOTTOM
    return [
        element("rect", x=0, y=0, width=_WIDE, height=_HIGH, fill="#fff"),
        element("path", d=f"M{_LEFT} {top}V{base}H{right}", fill="none", stroke=_INK),
        element("text", across, x=(_LEFT + right) / 2, y=_HIGH - 8, text_anchor="middle", fill=_INK),
        element(
            "text", up, x=14, y=_HIGH / 2, transform=f"rotate(-90 14 {_HIGH / 2})", text_anchor="middle", fill=_INK
        ),
        element("title", title),
    ]


def _place(x: float, y: float, most_x: float, most_y: float) -> tuple[float, float]:
    right, top, base = _WIDE - 12, 12, _HIGH - _BOTTOM
    return _LEFT + (right - _LEFT) * x / most_x, base - (base - top) * y / most_y


def _ticks(most_x: float, most_y: float) -> list[Markup]:
    made = []
    for part in range(5):
        x, base = _place(most_x * part / 4, 0, most_x, most_y)
        made.append(
            element("text", f"{most_x * part / 4:.2f}", x=short(x), y=base + 16, text_anchor="middle", fill=_INK)
        )
        left, y = _place(0, most_y * part / 4, most_x, most_y)
        made.append(
            element("text", f"{most_y * part / 4:.2f}", x=left - 6, y=short(y + 4), text_anchor="end", fill=_INK)
        )
    return made


def _number(cell: object) -> float:
    """Read the first number of a cell, such as 0.05 of ``0.05 [0.04, 0.06]``."""
    return float(str(cell).split(" ", 1)[0])


def lines(table: Table) -> str:
    """Draw every column of a table of rates against its first, with the line where both are equal."""
    nominal = [_number(row[0]) for row in table.rows]
    series = [[_number(row[at]) for row in table.rows] for at in range(1, len(table.head))]
    most_x = max(nominal)
    # The line of equality stays inside the frame, also where nothing was measured above nought.
    most_y = max(most_x, *(max(one) for one in series))
    parts = _frame(table.title, "nominal", "measured") + _ticks(most_x, most_y)
    ends = [_place(0, 0, most_x, most_y), _place(most_x, most_x, most_x, most_y)]
    parts.append(_path(ends, "#999", dash="4 4"))
    for at, values in enumerate(series):
        colour = _COLOURS[at % len(_COLOURS)]
        points = [_place(x, y, most_x, most_y) for x, y in zip(nominal, values, strict=True)]
        parts.append(_path(points, colour))
        parts += [element("circle", cx=short(x), cy=short(y), r=3, fill=colour) for x, y in points]
        parts.append(element("text", table.head[at + 1], x=_LEFT + 12, y=28 + 16 * at, fill=colour))
    return _document(parts, table.title)


def curve(table: Table) -> str:
    """Draw columns of shares, 0 to 1, against the whole numbers of a table's first column."""
    across = [_number(row[0]) for row in table.rows]
    most = max(*across, 1.0)
    base = _HIGH - _BOTTOM
    parts = _frame(table.title, table.head[0], "share")
    for x in across:
        at, _ = _place(x, 0, most, 1)
        parts.append(element("text", f"{x:g}", x=short(at), y=base + 16, text_anchor="middle", fill=_INK))
    for part in range(5):
        left, y = _place(0, part / 4, most, 1)
        parts.append(element("text", f"{part / 4:.2f}", x=left - 6, y=short(y + 4), text_anchor="end", fill=_INK))
    for at, name in enumerate(table.head[1:], start=1):
        colour = _COLOURS[(at - 1) % len(_COLOURS)]
        points = [_place(x, _number(row[at]), most, 1) for x, row in zip(across, table.rows, strict=True)]
        parts.append(_path(points, colour))
        parts += [element("circle", cx=short(x), cy=short(y), r=3, fill=colour) for x, y in points]
        parts.append(element("text", name, x=_LEFT + 12, y=base - 12 - 16 * (len(table.head) - 1 - at), fill=colour))
    return _document(parts, table.title)


def bars(table: Table) -> str:
    """Draw observed against promised shares of the rows of all accounts, with the line where both are equal."""
    rows = [row for row in table.rows if row[0] in {"all", "as stated"}]
    parts = _frame(table.title, "promised", "observed") + _ticks(1.0, 1.0)
    parts.append(_path([_place(0, 0, 1, 1), _place(1, 1, 1, 1)], "#999", dash="4 4"))
    points = []
    for row in rows:
        x, y = float(row[2]), float(row[3])
        low, high = (float(end) for end in str(row[4]).split(" to "))
        at = _place(x, y, 1, 1)
        parts.append(_path([_place(x, low, 1, 1), _place(x, high, 1, 1)], _COLOURS[0]))
        parts.append(element("circle", cx=short(at[0]), cy=short(at[1]), r=4, fill=_COLOURS[0]))
        points.append(at)
    parts.append(_path(points, _COLOURS[0]))
    return _document(parts, table.title)


def _path(points: list[tuple[float, float]], colour: str, dash: str = "none") -> Markup:
    drawn = "L".join(f"{short(x)} {short(y)}" for x, y in points)
    return element("path", d=f"M{drawn}", fill="none", stroke=colour, stroke_width=1.5, stroke_dasharray=dash)


def _document(parts: list[Markup], title: str) -> str:
    text = element("style", "text{font:12px sans-serif}")
    box = f"0 0 {_WIDE} {_HIGH}"
    return str(picture([text, join(parts)], title, xmlns="http://www.w3.org/2000/svg", viewBox=box)) + "\n"
