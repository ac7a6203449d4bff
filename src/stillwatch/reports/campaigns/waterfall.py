"""Lines for and against extraction as the house's waterfall: prior, each line, total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.reports.pictures import Bar, waterfall_row
from stillwatch.reports.svg import Axis

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from stillwatch.reports.campaigns.view import CampaignView

EVEN_BITS: Final = 0.0
"""Even odds, which the dashed line marks: at least these, and evidence of harvest, before a campaign is reported."""
COUNTS: Final = 0.05
"""Fewest bits that are drawn as a bar."""


def bars(view: CampaignView) -> tuple[Bar, ...]:
    """Stack the prior and the lines of a campaign; the last running total is its total.

    Parameters
    ----------
    view
        The campaign.

    Returns
    -------
    tuple of Bar
        Prior; harvest, hiding, scale and what speaks in favour, as given; total.
    """
    made, running = [Bar("prior", "prior", 0.0, view.prior_bits, None)], view.prior_bits
    for line in view.lines:
        kind = "none" if abs(line.bits) < COUNTS else "more" if line.bits > 0 else "less"
        made.append(Bar(line.name, kind, running, running + line.bits, None))
        running += line.bits
    return (*made, Bar("total", "total", 0.0, view.total_bits, None))


def shared_axis(views: Iterable[CampaignView]) -> Axis:
    """Choose one axis for all campaigns, so that they can be compared by eye."""
    values = [EVEN_BITS, *(bar.end_bits for view in views for bar in bars(view))]
    room = max((max(values) - min(values)) * 0.03, 0.5)
    return Axis(min(values) - room, max(values) + room)


def waterfall(view: CampaignView, axis: Axis) -> tuple[tuple[Bar, Markup], ...]:
    """Draw the rows of one campaign's waterfall."""
    return tuple((bar, waterfall_row(bar, axis, EVEN_BITS)) for bar in bars(view))
