"""The published JSON Schema and the loader are one language: what is read is valid, and every field is in both."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.drawn import conditions, speaking
from policy.test_terms_hostile import HOSTILE
from policy.written_terms import FINE, text
from stillwatch.model.decision import Action
from stillwatch.model.dossier import STRENGTH, AgreementKind
from stillwatch.model.errors import TermsError
from stillwatch.policy.conditions import CONDITIONS
from stillwatch.policy.language.load import load
from stillwatch.policy.language.nodes import parse
from stillwatch.policy.language.schema import as_json, schema
from stillwatch.policy.language.table import CLAUSE, EVIDENCE, TERMS
from stillwatch.policy.shipped import SHIPPED, shipped_text


@cache
def published(root: Any) -> jsonschema.Draft202012Validator:
    page = json.loads((root / "docs" / "reference" / "terms.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(page)
    return jsonschema.Draft202012Validator(page)


def valid(root: Any, written: str) -> bool:
    return published(root).is_valid(as_json(parse(written.encode(), "t.yaml")))


def read(written: str) -> bool:
    try:
        load(written.encode(), "t.yaml")
    except TermsError:
        return False
    return True


def properties(page: dict[str, Any]) -> set[str]:
    assert page["additionalProperties"] is False
    return set(page["properties"])


def test_the_published_schema_is_the_code_s_and_names_every_field_and_no_other(root) -> None:
    page = published(root).schema
    clause = page["properties"]["clauses"]["items"]

    assert page == schema()
    assert properties(page) == {field.name for field in TERMS.fields}
    assert properties(clause) == {field.name for field in CLAUSE.fields}
    assert properties(clause["properties"]["evidence"]) == {field.name for field in EVIDENCE.fields}
    assert properties(page["$defs"]["condition"]) == {word.name for word in CONDITIONS}
    assert set(clause["required"]) == {field.name for field in CLAUSE.fields if field.required}


def test_the_words_of_the_schema_are_those_of_the_model(root) -> None:
    page = published(root).schema
    clause = page["properties"]["clauses"]["items"]["properties"]
    agreement = page["$defs"]["condition"]["properties"]["agreement"]["properties"]

    assert clause["actions"]["items"]["enum"] == [action.name.lower() for action in Action]
    assert set(clause["evidence"]["properties"]["among"]["items"]["enum"]) == set(STRENGTH) - {"coordination"}
    assert set(agreement["kind"]["enum"]) == set(AgreementKind.__args__)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_terms_are_valid(root, name: str) -> None:
    assert valid(root, shipped_text(name).decode())


@given(st.lists(conditions, min_size=1, max_size=3, unique_by=str), speaking)
def test_what_can_be_written_is_read_and_valid(root, some, evidence) -> None:
    both = "      - total_bits: {at_least: 3}\n      - q_value: {at_most: 0.05}"
    asked = str(evidence) if evidence.fewest <= len(evidence.among) else "evidence: {classes: 1}"
    written = text(
        (both, "\n".join(f"      - {one}" for one in some)), ("evidence: {classes: 2, strength: substantial}", asked)
    )

    assert read(written)
    assert valid(root, written)


LINES = FINE.splitlines(keepends=True)
TOKENS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "'",
    "0",
    "-1",
    "1e3",
    "true",
    "no",
    "null",
    "~",
    "live",
    "72h",
    ".5",
    "\n",
    "  ",
]


@settings(max_examples=150)
@given(st.integers(0, len(FINE) - 1), st.integers(0, 8), st.sampled_from(TOKENS))
def test_what_the_schema_refuses_the_loader_refuses(root, at: int, gone: int, token: str) -> None:
    written = FINE[:at] + token + FINE[at + gone :]

    assert not read(written) or valid(root, written)


@given(st.permutations(LINES[3:]), st.integers(0, 4))
def test_order_of_fields_does_not_matter_to_either(root, lines, dropped: int) -> None:
    rows = [line for line in lines if line.startswith("    ") and not line.startswith("      ")]
    fields = [row for row in rows if row.split(":")[0].strip() not in {"conditions", "exemptions"}][dropped:]
    written = "".join([*LINES[:4], "    conditions: [{requests: {at_least: 1}}]\n", *fields])

    assert read(written) == valid(root, written)


@pytest.mark.parametrize(
    "name", [name for name, (_, says) in HOSTILE.items() if "is no number" in says or "hours" in says]
)
def test_numbers_that_the_loader_refuses_are_invalid(root, name: str) -> None:
    assert not valid(root, HOSTILE[name][0])
