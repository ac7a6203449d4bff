"""The generated reference pages say what the code says."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from stillwatch.config import Config
from stillwatch.model.event import EVENT_FIELDS
from stillwatch.serve.hub.description import PATHS

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


WRITTEN = (
    "event-fields.md",
    "config.md",
    "cli.md",
    "formats.md",
    "account-file.md",
    "terms.md",
    "terms.schema.json",
    "barriers.md",
    "gateway-settings.md",
    "dossiers.md",
    "hub.md",
)


@pytest.mark.parametrize("page", WRITTEN)
def test_page_is_what_the_code_renders(root: Path, reference: ModuleType, page: str) -> None:
    written = (root / "docs" / "reference" / page).read_text(encoding="utf-8")

    assert written == dict(reference.PAGES)[page](), "out of date: run `make docs`"


def test_every_event_field_has_a_row_with_class_unit_and_meaning(reference: ModuleType) -> None:
    rows = reference.event_fields().splitlines()

    for field in EVENT_FIELDS:
        [row] = [row for row in rows if row.startswith(f"| `{field.name}` |") and field.meaning in row]
        assert f"| {field.privacy.name} | {field.unit} |" in row


def test_every_setting_has_a_meaning(reference: ModuleType) -> None:
    page = reference.configuration()

    for field in fields(Config):
        [row] = [row for row in page.splitlines() if row.startswith(f"| `{field.name}` |")]
        assert row.split("|")[3].strip()


def test_every_command_and_option_is_described_by_a_sentence(reference: ModuleType) -> None:
    parser = reference.build_parser()
    page = reference.command_line()

    for name, sub, summary in reference.commands(parser):
        assert f"## {name}\n" in page
        assert summary, f"{name} has no help text"
        for action in reference.arguments(sub):
            assert action.help, f"{name} {action.dest} has no help text"
            for option in action.option_strings:
                assert f"`{option}" in page


def test_every_path_of_the_hub_is_on_its_page(reference: ModuleType) -> None:
    page = reference.hub_paths().splitlines()

    for path, methods in PATHS.items():
        for method, one in methods.items():
            assert page.count(f"## {method.upper()} {path}") == 1
            for given in one.get("parameters", []):
                assert any(line.startswith(f"| `{given['name']}` | {given['in']} |") for line in page)
