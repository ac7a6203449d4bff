"""The JSON Schema of a file of terms, from the table that the loader follows."""

from __future__ import annotations

from typing import Any, Final

from stillwatch.policy.conditions import CONDITIONS
from stillwatch.policy.language.kinds import NUMBER
from stillwatch.policy.language.nodes import Items, Node, Record
from stillwatch.policy.language.table import TERMS

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Write the JSON Schema (draft 2020-12).

    Returns
    -------
    dict
        For editors and other programs. It says less than the loader: not that dates exist, bounds fit together or ids
        differ.
    """
    condition = {
        "description": "One condition: a word and what follows it.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {word.name: word.kind.schema() | {"description": word.meaning} for word in CONDITIONS},
        "additionalProperties": False,
    }
    made = {"$schema": DRAFT, "title": "Stillwatch terms of use", **TERMS.schema()}
    return made | {"$defs": {"condition": condition}}


def as_json(node: Node) -> Any:  # noqa: ANN401
    """Turn a parsed file into the values that the schema speaks of: plain numbers, true and false; the rest is text."""
    if isinstance(node, Record):
        return {name: as_json(value) for name, value in node.fields.items()}
    if isinstance(node, Items):
        return [as_json(item) for item in node.items]
    if node.quoted:
        return node.text
    if node.text in {"true", "false"}:
        return node.text == "true"
    if not NUMBER.fullmatch(node.text):
        return node.text
    value = float(node.text)
    return int(value) if value.is_integer() else value
