"""Campaigns as rich tables: what is reported as extraction, and, clearly apart, what is coordinated and is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stillwatch.reports.campaigns.untested import untested_words
from stillwatch.reports.campaigns.view import UNLIKELY, chance, shown
from stillwatch.reports.layout import empty_table
from stillwatch.reports.words import bits, clean, count, counted, day, percent, short_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from stillwatch.model.campaign import Campaigns, Line
    from stillwatch.reports.campaigns.view import CampaignView, Shown

BLOCKS: Final = 20
"""Campaigns described one by one in the terminal; --json and the report hold all."""
ROWS: Final = 30
"""Rows of a table in the terminal."""
AGAINST: Final = 3
"""Most lines named that speak for extraction."""
_SENTENCE: Final = 220


def campaign_parts(campaigns: Campaigns, known: frozenset[str], *, brief: bool = False) -> list[RenderableType]:
    """Lay campaigns out for a terminal.

    Parameters
    ----------
    campaigns
        What was found.
    known
        Event fields and account file columns that hold something.
    brief
        Leave out the block of each campaign, as a scan does.

    Returns
    -------
    list
        What to print, one under the other.
    """
    seen = shown(campaigns)
    parts: list[RenderableType] = [_opening(seen)]
    if seen.reported:
        parts.append(_reported(seen.reported))
        parts += [_one_line(view) if brief else _block(view) for view in seen.reported[:BLOCKS]]
    if seen.coordinated:
        parts.append(_coordinated(seen.coordinated))
    parts += [Text(note, "dim") for note in _notes(seen, known)]
    return parts


def _opening(seen: Shown) -> Text:
    among = f"among {counted(seen.accounts, 'account')}"
    if not seen.views:
        said = Text(f"No campaign was found {among}.", "bold")
        said.append(f" {counted(seen.groups, 'candidate group')} tested; {_rate(seen)}.", "not bold dim")
        return said
    number = counted(len(seen.views), "coordinated group")
    said = Text(f"{number} {among}: {len(seen.reported)} reported as extraction", "bold")
    said.append(f", {len(seen.coordinated)} coordinated and not reported.", "bold")
    said.append(f" {counted(seen.groups, 'candidate group')} tested; {_rate(seen)}.", "not bold dim")
    return said


def _rate(seen: Shown) -> str:
    return f"at most {percent(seen.alpha)} of those found are false, over many runs"


def _reported(views: Sequence[CampaignView]) -> RenderableType:
    made = empty_table()
    made.add_column("#", justify="right", no_wrap=True)
    made.add_column("Reported", ratio=1, min_width=14, overflow="fold")
    for title in ("Accounts", "Requests,\ntokens", "One\noperator", "Extracts,\nif so", "Without\nstrongest"):
        made.add_column(title, justify="right", no_wrap=True)
    for view in views[:ROWS]:
        name = Text(view.name, "bold").append(f"\n{_span(view)}", "not bold dim")
        volume = f"{count(view.events)}\n{short_count(view.tokens_out)}"
        operator = Text(percent(view.one_operator), "yellow" if view.one_operator < UNLIKELY else "")
        extracts = Text(percent(view.extraction), "bold dark_orange3")
        made.add_row(str(view.rank), name, count(view.accounts), volume, operator, extracts, _stands(view))
    return Group(made, *_more(len(views)))


def _more(number: int) -> list[Text]:
    return [Text(f"{number - ROWS} more; --json and the report list them", "dim")] if number > ROWS else []


def _span(view: CampaignView) -> str:
    return f"{day(view.first_ms)[5:]} to {day(view.last_ms)[5:]}"


def _stands(view: CampaignView) -> Text:
    said = Text("stands" if view.stands else "falls", "" if view.stands else "yellow")
    return said.append(f"\np {chance(view.log_p_rest)}", "dim")


def _strongest(view: CampaignView) -> str:
    best = view.strongest
    return "nothing could be tested" if best is None else f"{best.name}: {clean(best.sentence, _SENTENCE)}"


def _one_line(view: CampaignView) -> RenderableType:
    return Padding(Text(f"{view.name}  ", "bold").append(_strongest(view), "not bold"), (0, 0, 0, 2))


def _block(view: CampaignView) -> RenderableType:
    """Lay out what weighs most for and against one reported campaign."""
    lines = Table.grid(padding=(0, 2, 0, 0), expand=True)
    lines.add_column(width=9)
    lines.add_column(ratio=1)
    lines.add_row("strongest", Text(_strongest(view)))
    without = "would stand" if view.stands else "would not stand"
    lines.add_row(
        "without", Text(f"{without} without it, on the other kinds of evidence (p {chance(view.log_p_rest)})")
    )
    against = sorted((line for line in view.lines if line.bits > 0.05), key=lambda line: -line.bits)
    for at, line in enumerate(against[:AGAINST]):
        lines.add_row("" if at else "extracts", _line(line))
    favour = sorted((line for line in view.lines if line.bits < -0.05), key=lambda line: line.bits)
    for at, line in enumerate(favour[:AGAINST]):
        lines.add_row(Text("" if at else "for them", "cyan"), _line(line))
    lines.add_row(Text("honest", "cyan"), Text(_honest(view)))
    if view.one_operator < UNLIKELY:
        lines.add_row(Text("caution", "yellow"), Text(_caution(view)))
    spans = f"{day(view.first_ms)} to {day(view.last_ms)}, {count(view.tokens_out)} answer tokens"
    closed = f", {count(view.closed)} of {counted(view.accounts, 'account')} closed" if view.closed else ""
    head = Text(view.name, "bold").append(f"  {spans}{closed}", "not bold dim")
    return Padding(Group(head, lines), (0, 0, 0, 2))


def _line(line: Line) -> Text:
    said = Text(f"{line.name} {bits(line.bits)}: ", "bold")
    return said.append(clean(line.sentence, _SENTENCE), "not bold")


def _honest(view: CampaignView) -> str:
    if view.fitting:
        return "; ".join(f"fits: {one.name} ({one.sentence})" for one in view.fitting)
    tried = ", ".join(one.name for one in view.explanations)
    return f"none fits of those considered: {tried}" if tried else "none was considered"


def _caution(view: CampaignView) -> str:
    return (
        f"one operator is not likely ({percent(view.one_operator)}): strangers may share what these accounts share; "
        f"that there is one and that it extracts: {percent(view.both)}"
    )


def _coordinated(views: Sequence[CampaignView]) -> RenderableType:
    made = empty_table()
    made.add_column("Coordinated, not reported", min_width=12, overflow="fold", no_wrap=True)
    for title in ("Accounts", "Operator", "Extracts"):
        made.add_column(title, justify="right", no_wrap=True)
    made.add_column("Honest explanation", ratio=1)
    for view in views[:ROWS]:
        if view.harvest_missing:
            fits = Text(_fits(view) if view.fitting else "none, but no evidence of harvest")
        else:
            fits = Text(_fits(view), "" if view.fitting else "dim")
        chances = (percent(view.one_operator), percent(view.extraction))
        made.add_row(Text(view.name), count(view.accounts), *chances, fits)
    closing = Text("Coordination is not abuse. Operator: chance of one; extracts: chance if there is one.", "dim")
    return Group(made, *_more(len(views)), closing)


def _fits(view: CampaignView) -> str:
    return "; ".join(one.name for one in view.fitting) or "none that was considered"


def _notes(seen: Shown, known: frozenset[str]) -> list[str]:
    said = [untested_words(known)]
    if seen.left_out:
        said.append(f"Left out, held by too many accounts to join any: {seen.left_out}.")
    return [note for note in said if note]
