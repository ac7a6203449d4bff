"""Campaigns as one offline HTML page, and as a part of a scan's page: an overview, then a page for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports import pages, pictures, words
from stillwatch.reports.campaigns.graph import Drawn, account_graph
from stillwatch.reports.campaigns.lives import KINDS, Lives, lives
from stillwatch.reports.campaigns.plane import plane
from stillwatch.reports.campaigns.summary import MEMBER_LAYERS
from stillwatch.reports.campaigns.untested import untested_words
from stillwatch.reports.campaigns.view import SAYS_MEANING, UNLIKELY, chance, headline, shown
from stillwatch.reports.campaigns.waterfall import COUNTS, EVEN_BITS, shared_axis, waterfall
from stillwatch.reports.view import totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from stillwatch.model.campaign import Campaigns, Line, Members
    from stillwatch.model.scan import ScanResult
    from stillwatch.reports.campaigns.view import CampaignView
    from stillwatch.reports.svg import Axis

DRAWN: Final = 50
"""Most campaigns with a page of their own."""
MEMBERS: Final = 100
"""Most members listed on a page."""
EXEMPLAR_CHARS: Final = 2000
"""Characters of a kept prompt that are shown."""
SHARED_START: Final = 24
"""Fewest characters that all kept prompts begin with before that beginning is called a template."""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member in the table."""

    account: str
    """Pseudonym."""
    layer_bits: tuple[float, ...]
    """Bits by layer."""
    total_bits: float
    """log2 odds that it belongs."""
    belongs: float
    """The chance, 0 to 1."""
    events: int
    """Requests."""
    tokens_out: int
    """Answer tokens."""
    signup_ms: int
    """Sign-up; -1 where unknown."""
    first_ms: int
    """First request."""
    last_ms: int
    """Last request."""
    closed_ms: int
    """Closing; -1 where none."""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the page shows of one campaign."""

    view: CampaignView
    """The campaign."""
    headline: str
    """What was found, in one or two sentences."""
    graph: Drawn
    """Accounts around what they share."""
    lives: Lives
    """Accounts over time."""
    waterfall: tuple[tuple[pictures.Bar, Markup], ...]
    """Lines for and against."""
    lines: tuple[tuple[str, tuple[Line, ...]], ...]
    """Those that weigh something, by what they speak of."""
    silent: tuple[str, ...]
    """Names of lines that weigh nothing: what they would say was not seen."""
    members: tuple[MemberRow, ...]
    """Surest members first."""
    template: str
    """What all kept prompts begin with; empty where nothing was kept or shared."""
    exemplars: tuple[tuple[str, tuple[str, ...]], ...]
    """Pseudonym and prompts kept on request."""


def render_campaigns_html(result: ScanResult) -> str:
    """Render the campaigns of a scan as one HTML page.

    Parameters
    ----------
    result
        The scan, with campaigns.

    Returns
    -------
    str
        The page; the same input gives the same text.

    Notes
    -----
    About 100 KB a campaign drawn, at most DRAWN of them. Blind spot: members are those of these logs only.
    """
    return (
        pages.environment()
        .get_template("campaigns_page.html.j2")
        .render(
            policy=pages.POLICY,
            result=result,
            totals=totals(result),
            rejects=result.rejects[:50],
            few=6,
            noted=[s for s in result.sources if s.incomplete or s.rejected or s.blanked],
            **campaign_parts(result),
        )
    )


def campaign_parts(result: ScanResult) -> Mapping[str, object]:
    """Give what the templates of campaigns are filled with; empty where none were looked for."""
    if result.campaigns is None:
        return {"campaigns": None}
    return {"campaigns": _filled(result.campaigns, result)}


def _filled(campaigns: Campaigns, result: ScanResult) -> Mapping[str, object]:
    seen = shown(campaigns)
    axis = shared_axis(seen.views[:DRAWN])
    cards = tuple(_card(view, axis, result.exemplars) for view in seen.views[:DRAWN])
    return {
        "seen": seen,
        "cards": cards,
        "plane": plane(seen.views),
        "meters": {
            view.name: (pictures.meter(view.one_operator), pictures.meter(view.extraction)) for view in seen.views
        },
        "axis": pictures.bits_axis(axis, EVEN_BITS),
        "headline": headline,
        "chance": chance,
        "unlikely": UNLIKELY,
        "layers": MEMBER_LAYERS,
        "kinds": KINDS,
        "untested": untested_words(result.known),
        "drawn": DRAWN,
    }


def _card(view: CampaignView, axis: Axis, exemplars: Mapping[int, tuple[str, ...]]) -> Card:
    members = view.source.members
    kept = _kept(members, exemplars)
    return Card(
        view=view,
        headline=headline(view),
        graph=account_graph(members),
        lives=lives(members),
        waterfall=waterfall(view, axis),
        lines=_by_meaning([line for line in view.lines if abs(line.bits) >= COUNTS]),
        silent=tuple(line.name for line in view.lines if abs(line.bits) < COUNTS),
        members=_rows(members),
        template=_template([text for _, texts in kept for text in texts]),
        exemplars=kept,
    )


def _by_meaning(lines: Sequence[Line]) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    found = ((SAYS_MEANING[says], tuple(line for line in lines if line.says == says)) for says in SAYS_MEANING)
    return tuple((name, mine) for name, mine in found if mine)


def _rows(members: Members) -> tuple[MemberRow, ...]:
    order = np.lexsort((members.account, -members.total_bits))[:MEMBERS]
    return tuple(
        MemberRow(
            account=pseudonym_text(int(members.account[row])),
            layer_bits=tuple(members.layer_bits[row].tolist()),
            total_bits=float(members.total_bits[row]),
            belongs=float(1.0 / (1.0 + 2.0 ** -np.clip(members.total_bits[row], -60.0, 60.0))),
            events=int(members.events[row]),
            tokens_out=int(members.tokens_out[row]),
            signup_ms=int(members.signup_ms[row]),
            first_ms=int(members.first_ms[row]),
            last_ms=int(members.last_ms[row]),
            closed_ms=int(members.closed_ms[row]),
        )
        for row in order.tolist()
    )


def _kept(members: Members, exemplars: Mapping[int, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    mine = [account for account in members.account.tolist() if account in exemplars] if exemplars else []
    return tuple(
        (pseudonym_text(account), tuple(words.clean(text, EXEMPLAR_CHARS) for text in exemplars[account]))
        for account in mine
    )


def _template(prompts: Sequence[str]) -> str:
    """Give what all prompts begin with, where that is long enough to be no accident.

    Examples
    --------
    >>> _template(["Grade this answer from 1 to 5: a", "Grade this answer from 1 to 5: b"])
    'Grade this answer from 1 to 5: '
    >>> _template(["Grade this", "Say that"]), _template(["one prompt alone says nothing of the others"])
    ('', '')
    """
    # What the least and the greatest have in common, all between them have too.
    least, most = (min(prompts), max(prompts)) if len(prompts) > 1 else ("", "")
    same = next((at for at, (one, other) in enumerate(zip(least, most, strict=False)) if one != other), len(least))
    return least[:same] if same >= SHARED_START else ""
