"""One campaign at several providers: what each finds alone, what left each, and what all find together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from stillwatch.reports.layout import empty_table
from stillwatch.reports.svg import element, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup
    from rich.console import RenderableType

TITLE: Final = "One campaign, spread thin over {count} providers: alone nothing is reported, together it is found"
_WIDTH, _LAB, _GAP = 960, 280, 40
_INK, _SOFT, _EDGE, _FOUND, _PALE = "#1d2730", "#4a5560", "#9aa4ad", "#2b6ca3", "#e3effa"
_BAR: Final = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """One provider."""

    name: str
    """Name."""
    accounts: int
    """All its accounts."""
    events: int
    """Requests in its logs."""
    campaign: int
    """Its accounts in the campaign, in truth."""
    alone: int
    """Those it reports by itself."""
    together: int
    """Those in a joint campaign that is reported."""
    standing: int
    """Those of them that would be in one without any one other provider, too."""
    wrong_alone: int
    """Honest accounts that it reports by itself."""
    wrong_together: int
    """Honest accounts in a joint campaign that is reported."""
    tags: int
    """Tags that left."""
    offers: int
    """Groups that matched, and whose evidence left."""
    left_bytes: int
    """Everything that left (bytes)."""


def alliance_parts(labs: Sequence[Seen]) -> RenderableType:
    """Show it as a table."""
    table = empty_table()
    table.add_column("provider", no_wrap=True)
    for title in ("accounts", "campaign", "alone", "together", "stand", "honest", "tags", "kB"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in labs:
        table.add_row(
            one.name,
            f"{one.accounts:,}",
            str(one.campaign),
            str(one.alone),
            str(one.together),
            str(one.standing),
            f"{one.wrong_alone} / {one.wrong_together}",
            f"{one.tags:,}",
            f"{one.left_bytes / 1000:.0f}",
        )
    note = (
        "Campaign: its accounts in truth. Alone, together: those found. Stand: those found whichever other provider is"
        " left out; by default nothing else is judged. Honest: accused alone / together. Tags, kB: all that was sent"
        " to the hub; no account, prompt, network or name."
    )
    return Group(table, Text(note))


def alliance_svg(labs: Sequence[Seen]) -> str:
    """Draw it."""
    parts = [
        element("rect", width=_WIDTH, height=330, fill="#fff"),
        _text(20, 34, TITLE.format(count=len(labs)), 17, _INK, weight=600),
    ]
    for at, one in enumerate(labs):
        parts += _lab(20 + at * (_LAB + _GAP), one)
    parts.append(element("rect", x=20, y=262, width=_WIDTH - 40, height=48, rx=8, fill=_PALE, stroke=_FOUND))
    told = "Hub and custodian see tags that nobody can read back. Each provider learns only of its own groups."
    parts.append(_text(_WIDTH // 2, 291, told, 13.5, _INK, anchor="middle"))
    return str(
        picture(
            parts,
            TITLE.format(count=len(labs)),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {_WIDTH} 330",
            font_family="system-ui, sans-serif",
        )
    )


def _lab(x: int, one: Seen) -> list[Markup]:
    parts = [
        element("rect", x=x, y=56, width=_LAB, height=170, rx=8, fill="#f6f7f8", stroke=_EDGE),
        _text(x + 16, 82, one.name, 16, _INK, weight=600),
        _text(x + 16, 102, f"{one.accounts:,} accounts, {one.campaign} of the campaign", 12.5),
    ]
    for row, (name, found, wrong) in enumerate(
        (("alone", one.alone, one.wrong_alone), ("together", one.together, one.wrong_together))
    ):
        y = 128 + row * 48
        width = _BAR * found / max(one.campaign, 1)
        parts += [
            _text(x + 16, y, f"{name}: {found} found, {wrong} honest accused", 12.5, _INK),
            element("rect", x=x + 16, y=y + 8, width=_BAR, height=12, fill="#fff", stroke=_EDGE),
            element("rect", x=x + 16, y=y + 8, width=round(width, 1), height=12, fill=_FOUND),
        ]
    arrow = element("path", d=f"M{x + 40} 228V258", stroke=_SOFT, stroke_width=1.5, fill="none")
    sent = f"left it: {one.tags} tags, evidence of {one.offers} groups"
    return [*parts, arrow, _text(x + 52, 247, sent, 12.5)]


def _text(
    x: float, y: float, words: str, size: float, fill: str = _SOFT, *, weight: int = 400, anchor: str = "start"
) -> Markup:
    return element("text", words, x=x, y=y, font_size=size, fill=fill, font_weight=weight, text_anchor=anchor)
