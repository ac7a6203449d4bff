"""Results as small tables: for the terminal, for Markdown and as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.evaluate.scores import Interval

Cell = str | float | int


@dataclass(frozen=True, slots=True)
class Table:
    """One table of results."""

    key: str
    """Short name, as the JSON document calls it."""
    title: str
    """What it shows."""
    head: tuple[str, ...]
    """Names of the columns."""
    rows: tuple[tuple[Cell, ...], ...]
    """Cells; a float is written with three digits, a share with :func:`rate`."""
    note: str = ""
    """How to read it, and what it does not show."""


def written(cell: Cell) -> str:
    """Write one cell.

    Examples
    --------
    >>> written(0.12345), written(1234), written(float("nan"))
    ('0.123', '1,234', '-')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}"
    return "-" if isnan(cell) else f"{cell:.3f}"


def rate(found: int, of: int) -> str:
    """Write a rate with what it was counted from.

    Examples
    --------
    >>> rate(3, 200)
    '1.5 % (3/200)'
    """
    return f"{100 * found / of:.1f} % ({found:,}/{of:,})" if of else "-"


def spanned(figure: Interval) -> str:
    """Write a figure with its interval."""
    if isnan(figure.value):
        return "-"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def markdown(table: Table) -> list[str]:
    """Lay a table out in Markdown, its title as a heading."""
    lines: list[Sequence[str]] = [table.head, ["---"] * len(table.head)]
    lines += [[written(cell).replace("|", "\\|") for cell in row] for row in table.rows]
    laid = ["| " + " | ".join(line) + " |" for line in lines]
    return [f"### {table.title}", "", *laid, "", *([table.note, ""] if table.note else [])]
