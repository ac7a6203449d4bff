"""What ``stillwatch terms`` prints for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.model.verdict import Met
from stillwatch.policy.explain import day
from stillwatch.reports.layout import empty_table, show
from stillwatch.reports.words import clean, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from stillwatch.model.decision import Action
    from stillwatch.model.terms import Terms
    from stillwatch.model.verdict import Answer, Verdict
    from stillwatch.policy.diff import Change
    from stillwatch.policy.explain import InWords
    from stillwatch.policy.language.load import Loaded
    from stillwatch.policy.lint.remark import Remark
    from stillwatch.policy.replay import Replayed

ROWS: Final = 30
"""Accounts of a replay shown; --json lists all."""
_LONG: Final = 600


def _rows(pairs: Sequence[tuple[str | Text, str | Text]], width: int = 12) -> RenderableType:
    lines = Table.grid(padding=(0, 2, 0, 0), expand=True)
    lines.add_column(width=width)
    lines.add_column(ratio=1)
    for name, said in pairs:
        lines.add_row(name, said)
    return Padding(lines, (0, 0, 1, 2))


def show_lint(found: Sequence[tuple[Loaded, Sequence[Remark]]], console: Console) -> None:
    """Print remarks as file, line, severity and rule; then what to do."""
    for loaded, remarks in found:
        for one in remarks:
            style = "bold red" if one.severity == "error" else "yellow"
            head = Text(f"{clean(loaded.file)}:{one.line}: ").append(f"{one.severity} {one.rule}", style)
            head.append(f": clause {one.clause} {clean(one.says, _LONG)}")
            show(Group(head, Padding(Text(f"-> {clean(one.do, _LONG)}", "dim"), (0, 0, 0, 4))), console)
        errors = sum(one.severity == "error" for one in remarks)
        clauses = counted(len(loaded.terms.clauses), "clause")
        rest = counted(len(remarks) - errors, "warning")
        show(Text(f"{loaded.terms.name}, {clauses}: {counted(errors, 'error')}, {rest}", "bold"), console)


def _answer(answer: Answer) -> tuple[Text, Text]:
    if isinstance(answer, Met):
        word, said = Text("met", "green"), answer.fact
    else:
        word, said = Text("unknown", "cyan") if answer.unknown else Text("not met", "dim"), answer.reason
    return word, Text(clean(said, _LONG)).append(f"  {clean(answer.condition, _LONG)}", "dim")


def _actions(actions: Sequence[Action]) -> str:
    return ", ".join(one.name.lower() for one in actions)


def show_verdict(verdict: Verdict, console: Console) -> None:
    """Print one verdict with every reason."""
    style = {"broken": "bold dark_orange3", "exempt": "cyan"}.get(verdict.outcome, "dim")
    head = Text(f"{pseudonym_text(verdict.account)}  {verdict.clause}  ", "bold").append(verdict.outcome, style)
    head.append("  in shadow" if verdict.shadow else "", "dim")
    rows: list[tuple[str | Text, str | Text]] = [_answer(one) for one in verdict.answers]
    rows += [("", Text("exemptions", "dim"))] if verdict.exemptions else []
    rows += [_answer(one) for one in verdict.exemptions]
    if verdict.permitted:
        rows.append(("permits", _actions(verdict.permitted)))
    if verdict.withheld:
        rows.append(("withheld", f"{_actions(verdict.withheld)}: the evidence does not carry it"))
    show(Group(head, _rows(rows)), console)


def show_words(terms: Terms, words: Sequence[InWords], verdicts: Sequence[Verdict], console: Console) -> None:
    """Print terms in plain words, or of one dossier why each clause applies or not."""
    show(Text(f"{terms.name}, {counted(len(terms.clauses), 'clause')}", "bold"), console)
    if verdicts:
        for verdict in verdicts:
            show_verdict(verdict, console)
        return
    for one in words:
        rows: list[tuple[str | Text, str | Text]] = [("contract", Text(one.sentence, "italic")), ("state", one.mode)]
        rows += [("" if at else "broken if", f"- {said}") for at, said in enumerate(one.broken_if)]
        rows += [("" if at else "unless", f"- {said}") for at, said in enumerate(one.unless)]
        rows += [("permits", one.permits), ("told", one.told)]
        show(
            Group(Text(one.id, "bold"), _rows([(name, Text(clean(str(said), 5_000))) for name, said in rows])), console
        )


def show_diff(old: Terms, new: Terms, changes: Sequence[Change], replayed: Replayed | None, console: Console) -> None:
    """Print what changed, and whose action would."""
    number = counted(len(changes), "clause")
    show(Text(f"{old.name} -> {new.name}: {number} added, removed or changed", "bold"), console)
    if changes and old.name == new.name:
        show(Text(f"Both are {new.name}: raise version, decisions and appeals name it.", "yellow"), console)
    for one in changes:
        turn = Text(f"{one.clause}  {one.what}", "bold").append(
            f"  {one.turn}", "yellow" if one.turn != "same" else "dim"
        )
        show(Group(turn, *(Padding(Text(clean(said, _LONG)), (0, 0, 0, 2)) for said in one.says)), console)
    if replayed:
        _show_replay(replayed, console)


def _show_replay(replayed: Replayed, console: Console) -> None:
    accounts = counted(sum(replayed.accounts.values()), "account")
    span = f"{day(replayed.from_ms)} to {day(replayed.until_ms)}" if replayed.dossiers else "no time at all"
    head = f"Over {counted(replayed.dossiers, 'dossier')} of {accounts}, {span}, as if every clause were live:"
    made = empty_table()
    for title in ("Plan", "Strictest action permitted"):
        made.add_column(title)
    for title in ("Old", "New"):
        made.add_column(title, justify="right")
    for (plan, action), (was, now) in replayed.counts.items():
        made.add_row(
            clean(plan) or "unknown", action, f"{was:,}", Text(f"{now:,}", "" if was == now else "bold yellow")
        )
    show(Group(Text(head, "bold"), made), console)
    turns = ", ".join(f"{number:,} {turn}" for turn, number in replayed.turns.items() if number)
    about = f"about {counted(len(replayed.moved), 'account')}" if replayed.moved else "about nobody"
    show(Text(f"Something else would be permitted {about}{': ' if turns else ''}{turns}", "bold"), console)
    for one in replayed.moved[:ROWS]:
        plan = clean(one.plan) or "unknown plan"
        said = f"{one.turn:9}{pseudonym_text(one.account)}  {plan}  {one.old} -> {one.new}  from {day(one.first_ms)}"
        show(Text(f"{said}  ({', '.join(one.clauses)}{', in shadow' if one.watched else ''})"), console)
    if len(replayed.moved) > ROWS:
        show(Text(f"{len(replayed.moved) - ROWS:,} more; --json lists all", "dim"), console)
    if replayed.outside:
        show(Text(f"{counted(replayed.outside, 'dossier')} before that time left out (--days)", "dim"), console)
    if replayed.ahead:
        why = "left out: they count requests from after their own time"
        show(Text(f"{counted(replayed.ahead, 'dossier')} {why}", "yellow"), console)
