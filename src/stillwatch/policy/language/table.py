"""What a file of terms may hold: the one table behind the loader, the JSON Schema and the reference page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.decision import Action
from stillwatch.policy.conditions.evidence.speaking import COUNTABLE, STRENGTHS
from stillwatch.policy.language.fields import Field, RecordOf
from stillwatch.policy.language.kinds import Day, ListOf, Nested, Number, OneOf, Span, Text
from stillwatch.policy.language.nodes import Record, Scalar

if TYPE_CHECKING:
    from stillwatch.policy.language.nodes import Node
    from stillwatch.policy.language.reading import Reading

ACTIONS: Final = {action.name.lower(): action for action in Action}
"""Word of the language -> action."""
DEFAULT_CLASSES: Final = 2
DEFAULT_STRENGTH: Final = "substantial"
DEFAULT_BITS: Final = 1.0

_NAME: Final = Text(64, r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "a short name, such as no-model-copying")
_ACTION: Final = OneOf(tuple(ACTIONS))

EVIDENCE: Final = RecordOf(
    "evidence",
    (
        Field(
            "classes",
            Number(0, len(COUNTABLE), "classes", whole=True),
            "How many different classes must speak against the account. 0 is for clauses that only observe.",
            default=str(DEFAULT_CLASSES),
        ),
        Field(
            "among",
            ListOf(OneOf(COUNTABLE), 1, len(COUNTABLE)),
            "Classes that count. Coordination is none: acting together says nothing of extraction.",
            default=", ".join(COUNTABLE),
        ),
        Field(
            "strength",
            OneOf(tuple(STRENGTHS)),
            "Strength that at least one of those that speak must have: artefacts and a reported campaign are strong, "
            "probing and content substantial, what was asked and habits weak.",
            default=DEFAULT_STRENGTH,
        ),
        Field("bits", Number(0.01, 200, "bits"), "Bits from which a class speaks.", default=f"{DEFAULT_BITS:g}"),
    ),
)

CLAUSE: Final = RecordOf(
    "a clause",
    (
        Field("id", _NAME, "Short name; decisions and appeals name it.", required=True),
        Field("sentence", Text(2_000), "Sentence of the contract that it enforces, word for word.", required=True),
        Field("mode", OneOf(("shadow", "live")), "`shadow`: recorded, nothing in force.", default="shadow"),
        Field("from", Day(), "First moment in force, UTC.", required=True),
        Field("until", Day(), "Moment it ends, UTC: every clause is looked at again.", required=True),
        Field("conditions", ListOf(Nested(), 1, 30), "All of them must be met.", required=True),
        Field("evidence", EVIDENCE, "Which classes of evidence must speak.", default="2 classes, one substantial"),
        Field("exemptions", ListOf(Nested(), 0, 30), "Where one is met, the clause does not apply.", default="none"),
        Field("actions", ListOf(_ACTION, 1, len(ACTIONS)), "What it permits.", required=True),
        Field("by_person", ListOf(_ACTION, 1, len(ACTIONS)), "Of these, what only a person may do.", default="none"),
        Field("lasts", Span(), "How long a decision under it lasts.", required=True),
        Field("notice", Text(4_000), "Text to the customer, with {facts}, {until} and {appeal}.", default="none"),
        Field(
            "appeal",
            Text(500, r"(https://|mailto:)\S+", "an address, https:// or mailto:, with {decision}"),
            "Where to contest a decision; {decision} is filled in.",
            default="none",
        ),
        Field(
            "jurisdictions",
            ListOf(Text(32, r"[a-z]{2,8}(-[a-z0-9]{1,8})*", "a tag, such as eu or us-ca"), 0, 60),
            "Where it applies, for reviewers; nothing reads it.",
            default="none",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _ClauseOf:
    """A clause: problems inside it carry its id."""

    def read(self, node: Node, reading: Reading) -> dict[str, Any]:
        """Read it, and keep where its fields stand."""
        named = node.fields.get("id") if isinstance(node, Record) else None
        reading.clause = named.text[:64] if isinstance(named, Scalar) else ""
        try:
            return CLAUSE.read(node, reading) | {"lines": _lines(node)}
        finally:
            reading.clause = ""

    def schema(self) -> dict[str, object]:
        """Write the JSON Schema."""
        return CLAUSE.schema()

    def words(self) -> str:
        """Say what it takes."""
        return "a clause"


def _lines(node: Node) -> dict[str, int]:
    """Map each field, and each condition in a list, to its line."""
    found = {"": node.line}
    if isinstance(node, Record):
        for name, line in node.lines.items():
            found[name] = line
            items = getattr(node.fields[name], "items", None)
            if isinstance(items, tuple):
                found |= {f"{name}[{at}]": item.line for at, item in enumerate(items)}
    return found


TERMS: Final = RecordOf(
    "terms",
    (
        Field("terms", _NAME, "Name of these terms.", required=True),
        Field("version", Number(1, 1_000_000, whole=True), "Raised with every change.", required=True),
        Field("clauses", ListOf(_ClauseOf(), 1, 200), "In the order in which they are judged.", required=True),
    ),
)
