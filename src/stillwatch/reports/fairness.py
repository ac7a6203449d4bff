"""The fairness report as a page and as a table. Pure values in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from stillwatch.model.fairness import LEVELS
from stillwatch.reports.pages import POLICY, environment
from stillwatch.reports.words import clean, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.model.fairness import Fairness, Share


def said(share: Share) -> str:
    """Write a share with its interval, in per cent.

    Examples
    --------
    >>> from stillwatch.model.fairness import Share
    >>> said(Share(3, 200, 0.0051, 0.0432))
    '1.5 (0.5-4.3)'
    """
    if not share.of:
        return "-"
    return f"{share.value * 100:.1f} ({share.low * 100:.1f}-{share.high * 100:.1f})"


WIDTH: Final = 124
"""Characters that the table takes, at most."""


def fairness_table(found: Fairness, title: str) -> Table:
    """Lay a report out for the terminal."""
    table = Table(box=None, pad_edge=False, header_style="dim", title=Text(clean(title)), title_justify="left")
    for name in ("group", "accounts", "operators", *(f"{level} %" for level in LEVELS), "undone %"):
        table.add_column(name, justify="left" if name == "group" else "right", no_wrap=True)
    whole = (said(share) for share in found.everybody)
    table.add_row("everybody", count(found.everybody[0].of), "", *whole, said(found.undone), style="bold")
    for row in found.groups:
        cells = (count(row.accounts), count(row.operators), *(said(share) for share in row.shares), said(row.undone))
        table.add_row(Text(clean(f"{row.kind} {row.name}")), *cells, style="yellow" if row.unlike else "")
    if found.extracting:
        shares = (said(share) for share in found.extracting)
        table.add_row("extracting", count(found.extracting[0].of), "", *shares, "", style="dim")
    return table


def fairness_html(parts: Sequence[tuple[str, Fairness]], notes: Sequence[str] = ()) -> str:
    """Render reports, each with its title, as one page that loads nothing."""
    page = environment().get_template("fairness.html.j2")
    return page.render(policy=POLICY, parts=parts, notes=notes, levels=tuple(LEVELS), said=said)


def fairness_values(found: Fairness) -> dict[str, Any]:
    """Lay a report out for JSON; what is not a number is null."""

    def share(one: Share) -> dict[str, float | int | None]:
        ends = {"share": one.value, "low": one.low, "high": one.high}
        return {"count": one.count, "of": one.of} | {k: None if math.isnan(v) else v for k, v in ends.items()}

    def levels(shares: tuple[Share, ...]) -> dict[str, object]:
        return {name: share(one) for name, one in zip(LEVELS, shares, strict=True)}

    return {
        "everybody": levels(found.everybody) | {"undone": share(found.undone)},
        "extracting": levels(found.extracting) if found.extracting else None,
        "unknown": list(found.unknown),
        "confidence": found.confidence,
        "intervals": found.intervals,
        "groups": [
            {
                "kind": row.kind,
                "name": row.name,
                "accounts": row.accounts,
                "operators": row.operators,
                **levels(row.shares),
                "undone": share(row.undone),
                "unlike": list(row.unlike),
            }
            for row in found.groups
        ],
    }
