"""Write the reference pages that come from the code: event fields, configuration, commands.

``make docs`` runs it; a test renders the same pages again and compares, so a field, a setting or an
option cannot appear without its line here.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reference_gateway import barriers, gateway_settings
from reference_hub import hub_paths
from reference_tables import MADE, field_docs, table

from stillwatch import config
from stillwatch.cli import build_parser
from stillwatch.enforcement import rules
from stillwatch.ingest.accounts import COLUMNS
from stillwatch.ingest.readers import READERS
from stillwatch.model import dossier
from stillwatch.model.campaign import HARVEST_BITS
from stillwatch.model.dossier_json import FORMAT
from stillwatch.model.event import BINDING_MISMATCHES, CODES, EVENT_FIELDS, FORBIDDEN, Privacy
from stillwatch.policy.conditions import CONDITIONS
from stillwatch.policy.conditions.evidence.speaking import LIKELY
from stillwatch.policy.floor import LEAST_BITS, RESTRICTS, TELLS
from stillwatch.policy.language.fields import Field, RecordOf
from stillwatch.policy.language.schema import schema
from stillwatch.policy.language.table import CLAUSE, EVIDENCE, TERMS
from stillwatch.store.dossier_days import KEPT_D

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

HERE: Final = Path(__file__).resolve().parent


def kind(type_: pa.DataType) -> str:
    """Name an Arrow type as the page shows it."""
    return f"`{type_}`".replace("item: ", "")


def event_fields() -> str:
    """Render the page of the event: one row a column."""
    rows = [(f"`{f.name}`", kind(f.raw), kind(f.keyed), f.privacy.name, f.unit, f.meaning) for f in EVENT_FIELDS]
    lines = [
        MADE.format(source="src/stillwatch/model/event.py"),
        "# Event fields",
        "",
        "One event is one API call. Readers deliver the *read as* type; at the door identifiers become keyed 64-bit",
        "numbers and words become codes (*kept as*). A field that the log does not carry is null, never zero. A native",
        "Parquet or JSONL file uses these names.",
        "",
        *table(("Field", "Read as", "Kept as", "Class", "Unit", "Meaning"), rows),
        "",
        "## Privacy classes",
        "",
        *table(("Class", "What may happen to it"), [(p.name, p.value) for p in Privacy]),
        "",
        "## Words that become codes",
        "",
        "The code is the position in the list, from 0.",
        "",
        *table(("Field", "Words"), [(f"`{name}`", ", ".join(words)) for name, words in CODES.items()]),
        "",
        f"`binding_mismatch` is a set of bits, in this order: {', '.join(BINDING_MISMATCHES)}.",
        "",
        "## Names refused (class P4)",
        "",
        "A native Parquet file or an account file with a column of one of these names is refused, and so is a native",
        "JSON record that fills one; the other formats never read them:",
        ", ".join(f"`{name}`" for name in FORBIDDEN) + ".",
        "",
    ]
    return "\n".join(lines)


def configuration() -> str:
    """Render the page of the settings: one row a field of ``Config``."""
    docs = field_docs(config, "Config")
    rows = [(f"`{f.name}`", f"`{f.default:_}`" if isinstance(f.default, int) else f"`{f.default}`", docs[f.name])
            for f in fields(config.Config)]  # fmt: skip
    lines = [
        MADE.format(source="src/stillwatch/config.py"),
        "# Configuration",
        "",
        "Every default is a field of the frozen `stillwatch.config.Config`. From the command line the ones with an",
        "[option](cli.md) can be changed; from Python all of them, with `dataclasses.replace(Config(), ...)`.",
        "",
        *table(("Field", "Default", "Meaning and unit"), rows),
        "",
    ]
    return "\n".join(lines)


def deciding_rules() -> str:
    """Render the page of the rules that ``--rules`` may set, table by table."""
    lines = [
        MADE.format(source="src/stillwatch/enforcement/rules.py"),
        "# Rules of deciding",
        "",
        "`stillwatch watch --rules FILE` reads them from TOML: one table for each heading below. What is not set stays",
        "as it is. [What they are for](../explanation/deciding.md).",
    ]
    for name, part in (("ladder", rules.Ladder), ("limits", rules.Limits), ("stagger", rules.Stagger)):
        docs = field_docs(rules, part.__name__)
        rows = [(f"`{f.name}`", f"`{_default(f.default)}`", docs[f.name]) for f in fields(part)]
        lines += ["", f"## [{name}]", "", (part.__doc__ or "").split("\n")[0], ""]
        lines += table(("Key", "Default", "Meaning and unit"), rows)
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    return f'"{value.name.lower()}"' if isinstance(value, Enum) else f"{value:_}"


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Walk the tree of commands: full name, its parser, its one-line summary."""
    for action in parser._actions:  # noqa: SLF001  argparse has no public way to list them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            for name, sub in action.choices.items():
                yield sub.prog, sub, summaries.get(name, "")
                yield from commands(sub)


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """List what one command takes, help and the list of commands apart."""
    left_out = (argparse._HelpAction, argparse._SubParsersAction)  # noqa: SLF001
    return [a for a in parser._actions if not isinstance(a, left_out) and a.help != argparse.SUPPRESS]  # noqa: SLF001


def spelled(action: argparse.Action) -> str:
    """Spell an argument as it is typed."""
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return f"`{metavar}`" + (" ..." if action.nargs in {"*", "+"} else "")
    value = "" if action.nargs == 0 else f" {metavar}"
    return ", ".join(f"`{name}{value}`" for name in action.option_strings)


def default(action: argparse.Action) -> str:
    """Show a default where there is one to speak of."""
    if action.nargs == 0 or action.default in (None, argparse.SUPPRESS, [], ()):
        return "required" if action.required else ""
    return f"`{action.default}`"


def meaning(action: argparse.Action) -> str:
    """Give an argument's help text and its choices."""
    text = (action.help or "") % {**vars(action), "prog": "stillwatch"} if action.help else ""
    if action.choices is not None:
        text += "; one of " + ", ".join(f"`{choice}`" for choice in action.choices)
    return text.strip()


def described(parser: argparse.ArgumentParser) -> list[str]:
    """Lay out one command's arguments."""
    rows = [(spelled(a), default(a), meaning(a)) for a in arguments(parser)]
    return [*table(("Argument", "Default", "Meaning"), rows), ""] if rows else []


def command_line() -> str:
    """Render the page of the command line: every command, every argument."""
    parser = build_parser()
    lines = [
        MADE.format(source="src/stillwatch/parsers"),
        "# Command line",
        "",
        "`stillwatch COMMAND --help` says the same. What a command's exit code means: [exit codes](exit-codes.md).",
        "",
        *described(parser),
    ]
    for name, sub, summary in commands(parser):
        lines += [f"## {name}", "", sub.description or summary, "", *described(sub)]
    return "\n".join(lines)


def places(paths: Iterable[tuple[str, ...]]) -> str:
    """Spell places in a record, the first that holds something first."""
    return ", else ".join("`" + ".".join(f'"{key}"' if "." in key else key for key in path) + "`" for path in paths)


def formats() -> str:
    """Render the page of the log formats: where each reader looks for each field."""
    overview = [(f"`{r.name}`", r.title, r.identity.value, r.clock.value) for r in READERS]
    lines = [
        MADE.format(source="src/stillwatch/ingest/readers/"),
        "# Log formats",
        "",
        "`--format auto`, the default, takes the first of these that recognises most of a source's first records.",
        "Parquet is told by its first bytes.",
        "",
        *table(("`--format`", "What it is", "Account known by", "Time"), overview),
        "",
        "Below: where each field is looked for. `[]` is the first element of a list, a name in quotes has dots in it.",
        "Fields worked out from others, such as a latency from two times, are not listed.",
        "",
    ]
    known = {field.name for field in EVENT_FIELDS}
    for reader in READERS:
        lines += [f"## {reader.name}", ""]
        if reader.lists:
            lines += ["Every [event field](event-fields.md) under its own name.", ""]
            continue
        inside = ".".join(reader.nested_in)
        found = {name: places(paths) for name, paths in reader.fields.items() if name in known}
        found |= {name: f"{places(paths)} inside `{inside}`" for name, paths in reader.nested.items()}
        texts = {"request (turns, prompt, artefacts sent)": reader.request, "system text": reader.system}
        texts |= {"answer (length, artefacts born)": reader.answer, "transformations": reader.mismatch}
        texts |= {"proxies passed": reader.forwarded}
        rows = [(f"`{name}`", found[name]) for name in (f.name for f in EVENT_FIELDS) if name in found]
        rows += [(name, places(paths)) for name, paths in texts.items() if paths]
        lines += [*table(("Field", "Looked for in"), rows), ""]
    return "\n".join(lines)


def account_file() -> str:
    """Render the page of the account file: one row a column."""
    lines = [
        MADE.format(source="src/stillwatch/ingest/accounts.py"),
        "# Account file",
        "",
        "CSV or Parquet, one row an account ([how to write one](../how-to/account-file.md)). Other columns are",
        "ignored; a column with direct personal data ([class P4](event-fields.md#names-refused-class-p4)) is refused.",
        "",
        *table(("Column", "Meaning"), [(f"`{name}`", text) for name, text in COLUMNS.items()]),
        "",
    ]
    return "\n".join(lines)


def terms_table(fields: Iterable[Field]) -> list[str]:
    """Lay out the fields of one record of the terms."""
    rows = [
        (f"`{one.name}`", one.kind.words(), "required" if one.required else one.default, one.meaning) for one in fields
    ]
    return table(("Key", "Takes", "If left out", "Meaning"), rows)


def terms_conditions() -> list[str]:
    """Lay out every word of the language of terms."""
    lines = []
    for word in CONDITIONS:
        lines += [
            f"### {word.name}",
            "",
            word.meaning,
            "",
            f"Unknown: {word.unknown[:1].lower()}{word.unknown[1:]}",
            "",
        ]
        if isinstance(word.kind, RecordOf):
            lines += [*terms_table(word.kind.fields), ""]
        lines += ["```yaml", *(f"- {example}" for example in word.examples), "```", ""]
    return lines


def terms() -> str:
    """Render the page of the language of terms: the loader's own table."""
    lines = [
        MADE.format(source="src/stillwatch/policy/language/table.py and src/stillwatch/policy/conditions/"),
        "# Language of terms",
        "",
        "Terms of use are a YAML file of at most 256 KiB ([how to write one](../how-to/write-your-terms.md)). Keys",
        "that are not on this page are refused by name; so are anchors, tags and a key written twice. The same table",
        "as a JSON Schema for editors: [terms.schema.json](terms.schema.json), or `stillwatch terms schema`.",
        "",
        *terms_table(TERMS.fields),
        "",
        "## Clause",
        "",
        "A clause is *broken* where all of its conditions are met, enough classes of evidence speak, and every",
        "exemption is known not to hold. Where an exemption cannot be told, it is not broken.",
        "",
        *terms_table(CLAUSE.fields),
        "",
        "## Evidence",
        "",
        "A class speaks where its detectors together weigh at least `bits`. `campaign` speaks where the campaign is",
        f"reported as extraction with {HARVEST_BITS:g} bit or more of harvest and the account belongs to it with a",
        f"chance of {LIKELY:g} or more. Coordination never speaks.",
        "",
        *terms_table(EVIDENCE.fields),
        "",
        "## The floor",
        "",
        f"Whatever a clause says, from `{RESTRICTS.name.lower()}` on the judge permits nothing unless a substantial or",
        f"strong class speaks with {LEAST_BITS:g} bit or more (all its detectors together), from",
        f"`{TELLS.name.lower()}` on nothing unless any does, and `suspend` is only ever a person's. What is withheld",
        "stands in the verdict. Lint refuses terms that ask for less.",
        "",
        "## Conditions",
        "",
        "One condition is one key. Bounds are included. A condition of which nothing can be told is *unknown*: never",
        "met, under `not` either. Exemptions are conditions, too.",
        "",
        *table(("Condition", "Asks"), [(f"[`{word.name}`](#{word.name})", word.meaning) for word in CONDITIONS]),
        "",
        *terms_conditions(),
        "## Placeholders",
        "",
        "`{facts}`, `{until}` and `{appeal}` in `notice` and `{decision}` in `appeal` are filled in by each decision.",
        "",
    ]
    return "\n".join(lines)


def dossiers() -> str:
    """Render the page of dossiers: one row a field of each record."""
    rows = {name: field_docs(dossier, name) for name in ("Dossier", "Seen", "Belonging", "Agreement")}
    lines = [
        MADE.format(source="src/stillwatch/model/dossier.py"),
        "# Dossiers",
        "",
        "A dossier is one account at one moment as a clause of the [terms](terms.md) sees it. As a file it is one JSON",
        f"object a line, with `format` {FORMAT!r}, every field below and no other. Unknown numbers are",
        "null, pseudonyms are texts as reports show them, entries of `seen` and `agreements` are lists in the order",
        "below. A line has at most 256 KiB, a list 500 entries, a text 2,000 characters.",
        "",
        "`stillwatch watch --dossiers FOLDER` keeps them, one file a day in UTC, `2026-12-01.jsonl`, for",
        f"{KEPT_D} days: of accounts of which a clause could speak, of members of reported campaigns, and of those as",
        "likely as not to extract; of one account at most one an hour, and one more where its campaign is another.",
        "",
        *table(("Field", "Meaning"), [(f"`{field}`", doc) for field, doc in rows.pop("Dossier").items()]),
        "",
    ]
    for name, title in (("Seen", "seen"), ("Belonging", "campaign"), ("Agreement", "agreements")):
        lines += [
            f"## {title}",
            "",
            *table(("Field", "Meaning"), [(f"`{f}`", doc) for f, doc in rows[name].items()]),
            "",
        ]
    strength = [(f"`{name}`", str(value)) for name, value in dossier.STRENGTH.items()]
    lines += ["## Strength of evidence", "", *table(("Class", "Strength, 3 strong to 0 none"), strength), ""]
    return "\n".join(lines)


def terms_schema() -> str:
    """Render the JSON Schema of terms."""
    return json.dumps(schema(), indent=2) + "\n"


PAGES: Final[tuple[tuple[str, Callable[[], str]], ...]] = (
    ("event-fields.md", event_fields),
    ("config.md", configuration),
    ("rules.md", deciding_rules),
    ("cli.md", command_line),
    ("formats.md", formats),
    ("account-file.md", account_file),
    ("terms.md", terms),
    ("dossiers.md", dossiers),
    ("terms.schema.json", terms_schema),
    ("barriers.md", barriers),
    ("gateway-settings.md", gateway_settings),
    ("hub.md", hub_paths),
)
"""Page of docs/reference -> what renders it."""


if __name__ == "__main__":
    for page, render in PAGES:
        (HERE / "reference" / page).write_text(render(), encoding="utf-8")
        print(f"docs/reference/{page}")
