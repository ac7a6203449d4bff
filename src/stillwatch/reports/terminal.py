"""A scan result as rich tables in a terminal of any width.

Strings from outside are shown as text, never as markup, and without control characters; accounts are
shown by pseudonym, and by name only where the account file has a ``display`` column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from stillwatch.config import DEFAULT
from stillwatch.reports.cohort import Cohorts
from stillwatch.reports.in_favour import in_favour
from stillwatch.reports.view import account_view, shown_rows, totals
from stillwatch.reports.words import EXIT_MEANING, MINUS, bits, clean, count, counted, odds, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from stillwatch.config import Config
    from stillwatch.model.scan import ScanResult
    from stillwatch.reports.view import AccountView

SOURCES: Final = 8
"""Sources listed one by one; more are summed up."""
REJECTS: Final = 5
"""Rejected records named; --json and the report list more."""
_PLAIN: Final = str.maketrans({MINUS: "-", "\u2026": "...", "\u2014": "-"})

WORTH: Final = 1.0
"""Fewest bits for which a further detector is named."""
BELOW: Final = 5
"""Accounts below the threshold listed for comparison; the report draws more."""
EVIDENCE_CHARS: Final = 160
"""Characters of an evidence sentence in a table cell."""


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
    parts = [_read(result), _sources(result), _rejects(result), _detectors(result), *_findings(result, config)]
    shown = Group(*(Group(part, "") for part in parts if part is not None), _closing(result, exit_code, written))
    if console.encoding.startswith("utf"):
        console.print(shown)
        return
    # An old terminal must not end a scan with an encoding error.
    with console.capture() as captured:
        console.print(shown)
    text = captured.get().translate(_PLAIN)
    console.file.write(text.encode(console.encoding, "replace").decode(console.encoding))


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
    table = _table()
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
    table = _table()
    table.add_column("Detector", no_wrap=True)
    table.add_column("Could run", no_wrap=True)
    table.add_column("Why not, or not for all", ratio=1)
    for capability in result.capabilities:
        able = (
            Text(f"{count(capability.accounts)} of {count(len(result.profile))}")
            if capability.able
            else Text("no", "yellow")
        )
        table.add_row(Text(plain(capability.detector)), able, Text(clean(capability.reason, 160), "dim"))
    return table


def _findings(result: ScanResult, config: Config) -> list[RenderableType]:
    flagged = result.ranking.flagged
    rows = shown_rows(result, config)
    above = [row for row in rows if flagged[row]]
    rows = above + rows[len(above) :][:BELOW]
    if not rows:
        return [Text("No account could be examined.")] if not len(result.profile) else []
    cohorts = Cohorts(result)
    table = _table()
    table.add_column("Account", max_width=15, overflow="fold")
    table.add_column("Bits", justify="right", no_wrap=True)
    table.add_column("Odds", justify="right", max_width=10)
    table.add_column("Seen, and what speaks for it", ratio=1)
    threshold = result.ranking.threshold_bits
    for rank, row in enumerate(rows, 1):
        view = account_view(result, row, rank)
        favours = [f.brief for f in in_favour(view, threshold, cohorts.compare(view))]
        table.add_row(
            _name(view), Text(bits(view.total_bits), _tone(view)), odds(view.total_bits), _seen(view, favours)
        )
        last = rank == len(rows)
        if not last and view.flagged and not flagged[rows[rank]]:
            table.add_section()
    note = Text(
        f"Prior {bits(result.ranking.prior_bits)}, threshold {bits(threshold)} bits, uncalibrated: an observation, "
        "not a verdict.",
        "dim",
    )
    return [Group(table, note)]


def _name(view: AccountView) -> Text:
    name = Text(view.account, "bold" if view.flagged else "")
    if view.label:
        name.append(f"\n{view.label}", "not bold")
    return name


def _tone(view: AccountView) -> str:
    return "bold dark_orange3" if view.flagged else "dim"


def _seen(view: AccountView, favours: list[str]) -> Text:
    if not view.flagged:
        top = "nothing" if view.top is None else f"{plain(view.top.detector)} {bits(view.top.counted_bits)}"
        rest = "; ".join(favours[:2])
        return Text(f"{top}; for it: {rest}" if rest else top, "dim", no_wrap=True, overflow="ellipsis")
    said = Text()
    if view.top is not None:
        said.append(f"{plain(view.top.detector)}: ", "bold")
        said.append(clean(view.top.evidence, EVIDENCE_CHARS))
    also = [f"{plain(s.detector)} {bits(s.counted_bits)}" for s in view.told[1:] if s.counted_bits >= WORTH]
    if also:
        said.append(f"\nalso: {', '.join(also)}", "")
    said.append("\nfor it: ", "cyan")
    said.append("; ".join(favours[:3]) if favours else "nothing known; ask the customer", "dim")
    return said


def _closing(result: ScanResult, exit_code: int | None, written: Sequence[str]) -> Text:
    summed = totals(result)
    said = Text(f"{count(summed.reported)} of {counted(summed.accounts, 'account')} at or above the threshold.", "bold")
    if summed.incomplete:
        said.append(f" {counted(summed.incomplete, 'source')} ended early.", "yellow")
    for path in written:
        said.append(f"\nwritten: {clean(path, 1000)}", "not bold")
    if exit_code is not None:
        said.append(f"\nexit code {exit_code}: {EXIT_MEANING.get(exit_code, 'an error')}", "not bold dim")
    return said


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD, show_edge=False, expand=True, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
