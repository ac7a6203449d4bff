"""All campaigns on one plane: how likely one operator is, and how likely extraction if there is one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from stillwatch.reports.svg import Axis, element, picture, short
from stillwatch.reports.words import counted, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.reports.campaigns.view import CampaignView

WIDTH: Final = 720
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 712, 14, 252
_EDGE_BITS: Final = 12.0
_TICKS: Final = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
MOST: Final = 200
"""Most campaigns drawn."""


def _log_odds(share: float) -> float:
    held = min(max(share, 1e-9), 1 - 1e-9) if math.isfinite(share) else 0.5
    return max(-_EDGE_BITS, min(_EDGE_BITS, math.log2(held / (1 - held))))


def plane(views: Sequence[CampaignView]) -> Markup:
    """Draw all campaigns, one dot each, on axes of log odds.

    Parameters
    ----------
    views
        Campaigns, reported ones first.

    Returns
    -------
    Markup
        One SVG, empty where there is nothing to draw.
    """
    if not views:
        return Markup("")
    axis = Axis(-_EDGE_BITS, _EDGE_BITS)
    parts = _frame(axis)
    taken: list[tuple[float, float, float]] = []
    for view in views[:MOST]:
        size = 9 + min(math.log10(max(view.accounts, 1)), 5.0) * 2.2
        x, y = _free(_across(axis, _log_odds(view.one_operator)), _up(axis, _log_odds(view.extraction)), size, taken)
        taken.append((x, y, size))
        parts.append(_dot(view, x, y, size))
    reported = sum(view.reported for view in views)
    return picture(
        parts,
        f"{counted(len(views), 'coordinated group')} by chance of one operator and of extraction; {reported} reported",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="plane",
    )


def _across(axis: Axis, bits: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * axis.at(bits) / 100.0


def _up(axis: Axis, bits: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * axis.at(bits) / 100.0


def _free(x: float, y: float, size: float, taken: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Move a dot just far enough that it hides no other: outwards along fixed turns."""
    for step in range(160):
        far, turn = 0.9 * step, 2.4 * step
        at = (x + far * math.cos(turn), y + 0.6 * far * math.sin(turn))
        at = (min(max(at[0], _LEFT + size), _RIGHT - size), min(max(at[1], _TOP + size), _BOTTOM - size))
        if all(math.hypot(at[0] - ox, at[1] - oy) >= size + other for ox, oy, other in taken):
            return at
    return x, y


def _frame(axis: Axis) -> list[Markup]:
    even_x, even_y = short(_across(axis, 0.0)), short(_up(axis, 0.0))
    made = [
        element("rect", x=_LEFT, y=_TOP, width=_RIGHT - _LEFT, height=_BOTTOM - _TOP, class_="field"),
        element("line", x1=even_x, x2=even_x, y1=_TOP, y2=_BOTTOM, class_="threshold"),
        element("line", x1=_LEFT, x2=_RIGHT, y1=even_y, y2=even_y, class_="threshold"),
        element("text", "one operator", x=_RIGHT, y=_BOTTOM + 38, text_anchor="end", class_="mark"),
        element("text", "extraction, if one operator", x=_LEFT, y=_TOP - 4, class_="mark"),
    ]
    for share in _TICKS:
        x, y = _across(axis, _log_odds(share)), _up(axis, _log_odds(share))
        said = f"{100 * share:g} %"
        made.append(element("text", said, x=short(x), y=_BOTTOM + 18, text_anchor="middle", class_="tick"))
        made.append(element("text", said, x=_LEFT - 8, y=short(y + 4), text_anchor="end", class_="tick"))
    return made


def _dot(view: CampaignView, x: float, y: float, size: float) -> Markup:
    said = (
        f"{view.rank}: {view.name}, {counted(view.accounts, 'account')}; one operator {percent(view.one_operator)},"
        f" extraction if so {percent(view.extraction)}"
    )
    kind = "reported" if view.reported else "coordinated"
    dot = element("circle", element("title", said), cx=short(x), cy=short(y), r=short(size), class_=kind)
    number = element("text", str(view.rank), x=short(x), y=short(y + 4), text_anchor="middle", class_=f"in-{kind}")
    return dot + number
