"""A scan result as rich tables in a terminal of any width.

Strings from outside are shown as text, never as markup, and without control characters; accounts are
shown by pseudonym, and by name only where the account file has a ``display`` column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stillwatch.config import DEFAULT
from stillwatch.reports.campaigns.terminal import campaign_parts
from stillwatch.reports.cohort import Cohorts
from stillwatch.reports.in_favour import in_favour
from stillwatch.reports.layout import empty_table, show
from stillwatch.reports.view import account_view, shown_rows, totals
from stillwatch.reports.words import (
    CAMPAIGN_EXIT_MEANING,
    EXIT_MEANING,
    bits,
    clean,
    count,
    counted,
    did_more,
    one_in,
    ordinary,
    percent,
    plain,
    rare,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console, RenderableType

    from stillwatch.config import Config
    from stillwatch.model.scan import Capability, ScanResult
    from stillwatch.reports.in_favour import InFavour
    from stillwatch.reports.view import AccountView

SOURCES: Final = 8
"""Sources listed one by one; more are summed up."""
REJECTS: Final = 5
"""Rejected records named; --json and the report list more."""
AGAINST: Final = 3
"""Most detectors named that weigh against a reported account."""
FAVOURS: Final = 2
"""Most sentences that speak for it."""
BELOW: Final = 5
"""Accounts below the threshold listed for comparison; the report draws more."""
EVIDENCE_CHARS: Final = 160
"""Characters of a sentence about an account."""


def render_terminal(
    result: ScanResult,
    console: Console,
    config: Config = DEFAULT,
    *,
    exit_code: int | None = None,
    written: Sequence[str] = (),
) -> None:
    """Print a scan: what was read, what could run, who ranks highest and what speaks for them.

    Parameters
    ----------
    result
        The scan.
    console
        Where to print; its width, colours and ``NO_COLOR`` are respected.
    config
        Settings; ``shown`` says how many accounts are listed.
    exit_code
        The code the command will leave with; None leaves its meaning out.
    written
        Paths of the files written, named in the last lines.
    """
    parts = [*read_parts(result), _detectors(result), *_findings(result, config)]
    if result.campaigns:
        parts += campaign_parts(result.campaigns, result.known, brief=True)
    show(_page(parts, _closing(result, exit_code, written)), console)


def render_campaigns(
    result: ScanResult, console: Console, *, exit_code: int | None = None, written: Sequence[str] = ()
) -> None:
    """Print the campaigns of a scan, and what was read for them.

    Parameters
    ----------
    result
        The scan, with campaigns.
    console
        Where to print; its width, colours and ``NO_COLOR`` are respected.
    exit_code
        The code the command will leave with; None leaves its meaning out.
    written
        Paths of the files written, named in the last lines.
    """
    parts = read_parts(result)
    if result.campaigns:
        parts += campaign_parts(result.campaigns, result.known)
    said = Text("Stated and simulated rates, not measured on your traffic: an observation, not a verdict.", "dim")
    show(_page(parts, _ending(said, exit_code, written, CAMPAIGN_EXIT_MEANING)), console)


def read_parts(result: ScanResult) -> list[RenderableType | None]:
    """Lay out what was read and what was not."""
    return [_read(result), _sources(result), _rejects(result)]


def _page(parts: Sequence[RenderableType | None], closing: RenderableType) -> Group:
    return Group(*(Group(part, "") for part in parts if part is not None), closing)


def _read(result: ScanResult) -> RenderableType:
    summed = totals(result)
    line = Text(f"{counted(summed.events, 'event')} from {counted(summed.accounts, 'account')} examined", "bold")
    line.append(f" in {result.elapsed_s:.1f} s", "not bold dim")
    if result.cold_kernels:
        line.append(" (kernels were compiled first; the next run starts faster)", "not bold dim")
    rest = (
        (summed.rejected, "rejected"),
        (summed.duplicates, "counted already"),
        (summed.unattributed, "without an account"),
    )
    said = [f"{count(number)} {what}" for number, what in rest if number]
    return Group(line, Text("; ".join(said))) if said else line


def _sources(result: ScanResult) -> RenderableType | None:
    if not result.sources:
        return Text("Nothing was read.")
    table = empty_table()
    table.add_column("Source", ratio=1, overflow="fold")
    table.add_column("Read as", max_width=14, overflow="fold")
    for title in ("Events", "Rejected"):
        table.add_column(title, justify="right", no_wrap=True)
    listed = result.sources if len(result.sources) <= SOURCES else result.sources[: SOURCES - 1]
    for source in listed:
        name = Text(_tail(clean(source.path, 1000)))
        if source.incomplete:
            name.append(f"\nincomplete: {clean(source.incomplete)}", "yellow")
        table.add_row(name, Text(clean(source.provenance.reader)), count(source.accepted), count(source.rejected))
    rest = result.sources[len(listed) :]
    if rest:
        ended = sum(bool(source.incomplete) for source in rest)
        name = Text(f"{len(rest)} more sources" + (f", {ended} incomplete" if ended else ""), "dim")
        table.add_row(name, "", count(sum(s.accepted for s in rest)), count(sum(s.rejected for s in rest)))
    return table


def _rejects(result: ScanResult) -> RenderableType | None:
    if not result.rejects:
        return None
    said = Text("Rejected records, the first of them", "bold")
    for one in result.rejects[:REJECTS]:
        said.append(f"\n{_tail(clean(one.file, 1000))}, line {one.line}: ", "not bold")
        said.append(f"{clean(one.field)} {clean(one.reason)}", "not bold dim")
    rest = totals(result).rejected - REJECTS
    if rest > 0:
        said.append(f"\n{count(rest)} more; --json and the report list them", "not bold dim")
    return said


def _tail(path: str, limit: int = 48) -> str:
    # The end of a path tells sources apart; its start they share.
    return path if len(path) <= limit else "\u2026" + path[1 - limit :]


def _detectors(result: ScanResult) -> RenderableType | None:
    if not result.capabilities:
        return None
    table = empty_table()
    table.add_column("Detectors", max_width=12, overflow="fold")
    table.add_column("Could run", no_wrap=True)
    table.add_column("Which could not, and what was missing", ratio=1)
    for group in dict.fromkeys(capability.group for capability in result.capabilities):
        mine = [capability for capability in result.capabilities if capability.group == group]
        unable = [capability for capability in mine if not capability.able]
        said = "; ".join(f"{plain(c.detector)} ({_missing(c)})" for c in unable)
        number = Text(f"{len(mine) - len(unable)} of {len(mine)}", "yellow" if unable else "")
        table.add_row(Text(plain(group)), number, Text(said, "dim"))
    return table


def _missing(capability: Capability) -> str:
    if capability.absent:
        return f"no {', '.join(clean(name) for name in capability.absent)}"
    return clean(capability.reason, 90)


def _findings(result: ScanResult, config: Config) -> list[RenderableType]:
    flagged = result.ranking.flagged
    rows = shown_rows(result, config)
    above = [row for row in rows if flagged[row]]
    rows = above + rows[len(above) :][:BELOW]
    if not rows:
        return [Text("No account could be examined.")] if not len(result.profile) else []
    cohorts = Cohorts(result)
    threshold = result.ranking.threshold_bits
    table = empty_table()
    table.add_column("Account", max_width=15, overflow="fold")
    for title in ("Bits", "Chance", "p"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Weighs most; for it", ratio=1, no_wrap=True)
    told = []
    for rank, row in enumerate(rows, 1):
        view = account_view(result, row, rank)
        favours = in_favour(view, threshold, cohorts.compare(view))
        chance, p = percent(view.probability), rare(view.p_value)
        table.add_row(_name(view), Text(bits(view.total_bits), _tone(view)), chance, p, _brief(view, favours))
        if view.flagged:
            told.append(_account(view, favours))
            if rank < len(rows) and not flagged[rows[rank]]:
                table.add_section()
    return [Group(table, _rests_on(result)), *told]


def _rests_on(result: ScanResult) -> Text:
    sure, ranking = result.assurance, result.ranking
    return Text(
        f"Chance: if {one_in(sure.base_rate)} accounts extract (prior {bits(ranking.prior_bits)} bits; stated, not "
        f"measured). Threshold {bits(ranking.threshold_bits)} bits. p: how many like accounts show as much, among "
        f"{clean(sure.reference)}; look {sure.look}. The weights are uncalibrated: an observation, not a verdict.",
        "dim",
    )


def _name(view: AccountView) -> Text:
    name = Text(view.account, "bold" if view.flagged else "")
    if view.label:
        name.append(f"\n{view.label}", "not bold")
    return name


def _tone(view: AccountView) -> str:
    return "bold dark_orange3" if view.flagged else "dim"


def _brief(view: AccountView, favours: Sequence[InFavour]) -> Text:
    top = "nothing" if view.top is None else f"{plain(view.top.detector)} {bits(view.top.counted_bits)}"
    said = Text(top, "" if view.flagged else "dim", overflow="ellipsis")
    if favours:
        said.append("; for it: " + "; ".join(favour.brief for favour in favours[:2]), "dim")
    return said


def _account(view: AccountView, favours: Sequence[InFavour]) -> RenderableType:
    """Lay out what weighs most against one account and for it, and who did more."""
    lines = Table.grid(padding=(0, 2, 0, 0), expand=True)
    lines.add_column(width=7)
    lines.add_column(ratio=1)
    against = [step for step in view.against if step.counts][:AGAINST]
    for at, step in enumerate(against):
        share = ordinary(step.ordinary_share)
        said = Text(f"{plain(step.detector)} {bits(step.counted_bits)}", "bold")
        said.append(f" ({share}): " if share else ": ", "not bold dim")
        said.append(clean(step.evidence, EVIDENCE_CHARS), "not bold")
        lines.add_row("" if at else "against", said)
    for at, favour in enumerate(favours[:FAVOURS]):
        lines.add_row(Text("" if at else "for it", "cyan"), Text(clean(favour.sentence, EVIDENCE_CHARS)))
    if not favours:
        lines.add_row(Text("for it", "cyan"), Text("nothing known; ask the customer", "dim"))
    lines.add_row("beside", Text("; ".join(_beside(view)), "dim"))
    head = Text(view.account, "bold").append(f" {view.label}" if view.label else "", "not bold")
    return Padding(Group(head, lines), (0, 0, 0, 2))


def _beside(view: AccountView) -> list[str]:
    number = sum(step.counts for step in view.against)
    more = number - AGAINST
    return [
        did_more(view.did_more) or "how many of its plan made more requests is unknown",
        f"p {rare(view.p_value)}, at least {rare(view.smallest_p)} among {view.cohort}; q {rare(view.q_value)}",
        *([f"{counted(more, 'further detector')} against it"] if more > 0 else []),
        *([f"{len(view.untold)} of {len(view.steps)} detectors could not tell"] if view.untold else []),
    ]


def _closing(result: ScanResult, exit_code: int | None, written: Sequence[str]) -> Text:
    summed = totals(result)
    said = Text(f"{count(summed.reported)} of {counted(summed.accounts, 'account')} at or above the threshold.", "bold")
    if summed.incomplete:
        said.append(f" {counted(summed.incomplete, 'source')} ended early.", "yellow")
    return _ending(said, exit_code, written, EXIT_MEANING)


def _ending(said: Text, exit_code: int | None, written: Sequence[str], meaning: Mapping[int, str]) -> Text:
    for path in written:
        said.append(f"\nwritten: {clean(path, 1000)}", "not bold not dim")
    if exit_code is not None:
        said.append(f"\nexit code {exit_code}: {meaning.get(exit_code, 'an error')}", "not bold dim")
    return said
