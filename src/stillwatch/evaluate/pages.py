"""The evaluation as a page of the documentation: tables, pictures, the command, the machine and the date."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Final

from stillwatch.evaluate.charts import bars, lines
from stillwatch.evaluate.tables import markdown
from stillwatch.reports.files import write_atomically

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from stillwatch.evaluate.study import Study
    from stillwatch.evaluate.tables import Table

MADE: Final = "<!-- Written by `{command}`; run that, do not edit. -->"
INTRO: Final = """\
How well Stillwatch tells distillation from honest work, how often it is wrong about honest accounts, and how other
methods do on the very same accounts. Prompts and answer lengths are real; **who sent them and when is simulated**,
because no public data has attack traffic with accounts and times. What comes from simulated worlds says so."""
READING: Final = """\
* **A** are sources of distillation prompts, **B** conversations of people, **C** benign automation: evaluations,
  templated pipelines, prompt optimisation, an agentic application. An account is a draw from one A source, one
  conversation or person of B, one task or application of C.
* Every figure for a source is made by a shape model that never saw it, nor any A source of the same kind. The
  weights of all other detectors were written down beforehand.
* There are {a} sources of A, {b} of B and {c} of C with accounts. Accounts of one source are much alike, so the
  intervals, which draw accounts again, are narrower than what a new source would show."""


def machine() -> str:
    """Say on what a page's figures were made."""
    return f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"


def _section(title: str, tables: list[Table], pictures: dict[str, str]) -> list[str]:
    made = [f"## {title}", ""]
    for table in tables:
        made += markdown(table)
        if table.key in pictures:
            made += [f"![{table.title}]({pictures[table.key]})", ""]
    return made


def _drawn(study: Study, folder: Path) -> dict[str, str]:
    """Draw the pictures beside the page; returns table key -> file name."""
    made = {}
    for key, draw in (("error_control", lines), ("reliability", bars)):
        name = f"evaluation-{key.replace('_', '-')}.svg"
        write_atomically(folder / name, draw(study.table(key)).encode())
        made[key] = name
    return made


def write_page(study: Study, path: Path, *, command: str, today: date) -> None:
    """Write the page and its pictures.

    Raises
    ------
    StoreError
        A file could not be written.
    """
    keys = [table.key for table in study.tables]
    rows = study.table("error_rates").rows
    many = {cls: sum(row[0] == cls for row in rows) for cls in "ABC"}
    pictures = _drawn(study, path.parent)

    def chosen(*wanted: str) -> list[Table]:
        return [study.table(key) for key in wanted if key in keys]

    text = [
        MADE.format(command=command),
        "# Evaluation",
        "",
        INTRO,
        "",
        (
            f"`{command}`, {today.isoformat()}, {machine()}: {study.accounts:,} accounts of real prompts, "
            f"{study.events:,} requests."
        ),
        "",
        READING.format(a=many["A"], b=many["B"], c=many["C"]),
        "",
        *_section("Unseen sources", chosen("headline", "by_size", "matrix"), pictures),
        *_section("Who is reported", chosen("operating", "error_rates", "languages", "worst"), pictures),
        *_section("Hidden attack", chosen("fractions"), pictures),
        *_section("Beside other methods", chosen("peers", "windows"), pictures),
        *_section("What each detector adds", chosen("ablation"), pictures),
        *_section("Whether the numbers are kept", chosen("reliability", "error_control"), pictures),
        *_section("Simulated worlds", chosen("personas", "worlds_ablation", "replay"), pictures),
    ]
    write_atomically(path, ("\n".join(text).rstrip() + "\n").encode())
