"""A scan result as one offline HTML page: no script, no font, nothing fetched.

Every string from outside is hostile: the templates escape all of it, and the page forbids itself
scripts and requests by a content security policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.event import Clock, Identity
from stillwatch.reports import panels, pictures, words
from stillwatch.reports.campaigns.html import campaign_parts
from stillwatch.reports.cohort import COMPARED, Cohorts, Comparison, typical_shares
from stillwatch.reports.in_favour import InFavour, in_favour
from stillwatch.reports.pages import POLICY, environment
from stillwatch.reports.steps import StepGroup, grouped
from stillwatch.reports.view import AccountView, account_view, shown_rows, totals

if TYPE_CHECKING:
    from markupsafe import Markup

    from stillwatch.config import Config
    from stillwatch.model.profile import Feature
    from stillwatch.model.scan import Capability, ScanResult
    from stillwatch.reports.svg import Axis

REJECTS_SHOWN: Final = 50
"""Rejected records listed on the page."""
FEW_SOURCES: Final = 6
"""Most sources listed at once; more are folded away, those with something to note apart."""
EXEMPLAR_CHARS: Final = 2000
"""Characters of a kept prompt that are shown."""


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature of one account."""

    name: str
    """Column name."""
    value: str
    """Value with its unit, in words."""
    meaning: str
    """What low and high mean; empty where nobody said."""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the page shows of one account."""

    view: AccountView
    """The account."""
    favours: tuple[InFavour, ...]
    """What speaks for it."""
    groups: tuple[StepGroup, ...]
    """Each detector's part, by dependence group."""
    comparisons: tuple[tuple[Comparison, Markup], ...]
    """The account beside those not reported, each with its picture."""
    waterfall: tuple[tuple[pictures.Bar, Markup], ...]
    """Rows of the waterfall, each with its picture."""
    small: Markup
    """The waterfall on one line."""
    events: float
    """Number of events; NaN where unknown."""
    panels: tuple[tuple[str, str, Markup], ...]
    """Caption, explanation and picture of every panel that the logs show."""
    features: tuple[FeatureRow, ...]
    """All features."""
    exemplars: tuple[str, ...]
    """Prompts kept on request."""


def render_html(
    result: ScanResult, config: Config, generated_ms: int | None, *, features: tuple[Feature, ...] = ()
) -> str:
    """Render a scan as one HTML page.

    Parameters
    ----------
    result
        The scan.
    config
        Settings; ``shown`` says how many accounts are drawn.
    generated_ms
        When the page is made, ms since 1970; None leaves the date out.
    features
        What the profile's columns mean, for their units and explanations.

    Returns
    -------
    str
        The page; the same input gives the same text.

    Notes
    -----
    About 40 KB an account drawn, whatever the number of accounts. Blind spot: peers are the accounts
    of this scan only; a scan of a few hours compares with whoever was awake.
    """
    cards = _cards(result, config, features)
    axis = pictures.shared_axis((card.view for card in cards), result.ranking)
    return environment().get_template("page.html.j2").render(
        policy=POLICY,
        result=result,
        totals=totals(result),
        ranking=result.ranking,
        assurance=result.assurance,
        abilities=_abilities(result),
        unable=[capability for capability in result.capabilities if not capability.able],
        generated=None if generated_ms is None else words.when(generated_ms, seconds=True),
        cards=cards,
        overview=pictures.overview(result.ranking),
        axis=pictures.bits_axis(axis, result.ranking.threshold_bits),
        notes=_notes(result),
        rejects=result.rejects[:REJECTS_SHOWN],
        few=FEW_SOURCES,
        noted=[s for s in result.sources if s.incomplete or s.rejected or s.blanked],
        **campaign_parts(result),
    )  # fmt: skip


def _abilities(result: ScanResult) -> list[tuple[str, list[Capability]]]:
    groups = dict.fromkeys(capability.group for capability in result.capabilities)
    return [(group, [c for c in result.capabilities if c.group == group]) for group in groups]


def _cards(result: ScanResult, config: Config, features: tuple[Feature, ...]) -> tuple[Card, ...]:
    views = [account_view(result, row, rank) for rank, row in enumerate(shown_rows(result, config), 1)]
    axis = pictures.shared_axis(views, result.ranking)
    cohorts = Cohorts(result)
    typical = {
        "tokens_out": typical_shares(result, "tokens_out"),
        "topics": typical_shares(result, "topics", ordered=True),
    }
    return tuple(
        Card(
            view=view,
            favours=in_favour(view, result.ranking.threshold_bits, compared := cohorts.compare(view)),
            groups=grouped(view.steps),
            comparisons=tuple((c, panels.beside_others(c)) for c in compared),
            waterfall=_waterfall(view, result, axis),
            small=pictures.small(view, result.ranking, axis),
            events=_column(result, "events", view.row),
            panels=_panels(result, view.row, typical),
            features=_features(result, view.row, features),
            exemplars=_exemplars(result, view.row),
        )
        for view in views
    )


def _waterfall(view: AccountView, result: ScanResult, axis: Axis) -> tuple[tuple[pictures.Bar, Markup], ...]:
    threshold = result.ranking.threshold_bits
    bars = pictures.bars(view, result.ranking.prior_bits)
    return tuple((bar, pictures.waterfall_row(bar, axis, threshold)) for bar in bars)


def _column(result: ScanResult, name: str, row: int) -> float:
    column = result.profile.columns.get(name)
    return float("nan") if column is None else float(column[row])


def _panels(result: ScanResult, row: int, typical: dict[str, np.ndarray | None]) -> tuple[tuple[str, str, Markup], ...]:
    shown = result.profile.panels
    empty = np.zeros(0)
    values = {name: shown[name][row] if name in shown else empty for name in _CAPTIONS}
    start, width = (_column(result, name, row) for name in ("timeline_start_ms", "timeline_bin_s"))
    drawn = {
        "timeline": panels.timeline(values["timeline"], start, width),
        "hour_of_week": panels.hour_of_week(values["hour_of_week"]),
        "tokens_out": panels.answer_length(values["tokens_out"], typical["tokens_out"]),
        "topics": panels.topics(values["topics"], typical["topics"]),
    }
    return tuple((*_CAPTIONS[name], svg) for name, svg in drawn.items() if svg)


_CAPTIONS: Final = {
    "timeline": ("Events over time", "On this account's own time axis."),
    "hour_of_week": (
        "Hour of the week, UTC",
        "The stronger the colour, the busier. Working round the clock alone is not abuse.",
    ),
    "tokens_out": ("Answer length, tokens", "Number of answers. Line: mean shape of the accounts not reported."),
    "topics": (
        "Share of prompts by topic, largest first",
        "Line: mean of the accounts not reported, each by its own order. Breadth alone is not abuse.",
    ),
}


def _features(result: ScanResult, row: int, features: tuple[Feature, ...]) -> tuple[FeatureRow, ...]:
    known = {feature.name: feature for feature in features}
    lead = [name for name, _, _ in COMPARED if name in result.profile.columns]
    rows = []
    for name in dict.fromkeys((*lead, *result.profile.columns)):
        feature = known.get(name)
        value = words.amount(_column(result, name, row), name, feature.unit if feature else "")
        rows.append(FeatureRow(name, value, feature.meaning if feature else ""))
    return tuple(rows)


def _exemplars(result: ScanResult, row: int) -> tuple[str, ...]:
    kept = result.exemplars.get(int(result.profile.account[row]), ())
    return tuple(words.clean(text, EXEMPLAR_CHARS) for text in kept)


def _notes(result: ScanResult) -> tuple[str, ...]:
    said = []
    if any(source.provenance.identity is Identity.HEADER for source in result.sources):
        said.append(
            "Some accounts are known only by a field the caller controls: an account may be several, or nobody."
        )
    if any(source.provenance.clock is Clock.INGEST for source in result.sources):
        said.append(
            "Some events carry the time of reading, not of the call: time line and hours mean nothing for them."
        )
    if len(result.profile) and not any(capability.able for capability in result.capabilities):
        said.append("No detector could run: every total is the prior. That is no finding that all is well.")
    return tuple(said)
