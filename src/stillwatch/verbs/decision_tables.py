"""Decisions in the terminal: tables for many, lines for one. What came from outside is cleaned, nothing is markup."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from stillwatch.model.decision import POLICY, moment
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.words import clean, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from stillwatch.model.decision import Decision, OnRecord
    from stillwatch.model.verdict import Verdict
    from stillwatch.store.appeals import Appeal
    from stillwatch.store.undo import Undone
    from stillwatch.store.waiting import Held

_WHOLE: Final = frozenset({"decision", "account", "appeal"})
"""Columns that are typed again or copied: never broken over two lines."""
LINKED_SHOWN: Final = 10
"""Linked decisions listed with one; more are counted."""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Lay out a table of strangers' strings."""
    made = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    for row in rows:
        made.add_row(*(Text(clean(cell)) for cell in row))
    return made


def decision_table(found: Sequence[OnRecord], state: Callable[[OnRecord], str]) -> Table | Text:
    """Lay out many decisions."""
    if not found:
        return Text("no decisions")
    return table(
        ("decision", "account", "action", "until", "clause"),
        (
            (
                one.decision.id,
                pseudonym_text(one.decision.account),
                f"{one.decision.action.name} {state(one)}",
                moment(one.until_ms),
                _under(one.decision),
            )
            for one in found
        ),
    )


def _under(made: Decision) -> str:
    """Say by which clause, in which campaign, and by whom where it was a person."""
    campaign = f" in {made.campaign}" if made.campaign else ""
    return f"{made.clause}{campaign}" + ("" if made.by == POLICY else f", by {made.by}")


def waiting_table(found: Sequence[Held]) -> Group | Text:
    """Lay out what waits for a person, under each reason once."""
    if not found:
        return Text("nothing waits for a person")
    parts: list[Table | Text] = []
    for reason, alike in groupby(sorted(found, key=lambda one: one.waiting.reason), lambda one: one.waiting.reason):
        rows = list(alike)
        parts += [Text(f"{counted(len(rows), 'decision')}: {clean(reason, 2_000)}"), _waiting_rows(rows), Text()]
    return Group(*parts[:-1])


def _waiting_rows(rows: Sequence[Held]) -> Table:
    return table(
        ("decision", "account", "action", "since", "clause"),
        (
            (
                one.waiting.decision.id,
                pseudonym_text(one.waiting.decision.account),
                one.waiting.decision.action.name,
                moment(one.at_ms),
                _under(one.waiting.decision),
            )
            for one in rows
        ),
    )


def one_decision(
    console: Console,
    one: OnRecord,
    state: str,
    sentence: str,
    verdict: Verdict | None,
    linked: Sequence[OnRecord],
    contests: Sequence[Appeal],
) -> None:
    """Say all about one decision."""
    made = one.decision
    lines = [
        f"{made.id}: {made.action.name}, {state}",
        f"account   {pseudonym_text(made.account)}" + (f" in campaign {made.campaign}" if made.campaign else ""),
        f"span      {moment(made.from_ms)} to {moment(one.until_ms)}",
        f"taken     {moment(made.at_ms)} by {made.by}",
        f"clause    {made.clause} ({made.terms}) {sentence}",
        f"case      {one.case}",
        f"appeal    {made.appeal}",
    ]
    lines += [f"undone    {moment(one.lifted_ms)}"] if one.lifted_ms >= 0 else []
    lines += [f"evidence  {line}" for line in made.evidence]
    if verdict:
        lines += [f"counted   {item.bits:+.1f} bits, {item.evidence_class}" for item in verdict.evidence]
    for contest in contests:
        said = f"{contest.outcome} by {contest.by}: {contest.why}" if contest.outcome else "waits for a person"
        lines.append(f"contested {moment(contest.at_ms)}, {contest.id}: {said}")
    others = [other.decision for other in linked if other.decision.id != made.id]
    lines += [
        f"linked    {other.id} {other.action.name} {pseudonym_text(other.account)}" for other in others[:LINKED_SHOWN]
    ]
    if len(others) > LINKED_SHOWN:
        lines.append(f"linked    and {len(others) - LINKED_SHOWN} more; `stillwatch decisions undo` lifts all of them")
    for line in lines:
        console.print(Text(clean(line, 2_000)))


def undone_lines(console: Console, done: Undone) -> None:
    """Say what was undone."""
    if not done.lifted:
        console.print(Text("it had been undone before; nothing was written"))
        return
    accounts = {one.decision.account for one in done.lifted}
    said = f"{counted(len(done.lifted), 'decision')} about {counted(len(accounts), 'account')} undone"
    if done.cases:
        said += f", {counted(len(done.cases), 'case')} overturned"
    if done.declined:
        said += f", {len(done.declined)} that waited declined"
    console.print(Text(said + "; their evidence is in the calibration set"))
    console.print(decision_table(done.lifted, lambda _: "undone"))
