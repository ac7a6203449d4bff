from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.errors import StillwatchError
from stillwatch.parsers.common import BAD_INPUT, CLEAN, FINDINGS, PARTIAL, STOPPED

if TYPE_CHECKING:
    from pathlib import Path


CODES = (CLEAN, FINDINGS, BAD_INPUT, PARTIAL, STOPPED)


def tree(error: type[Exception]) -> set[str]:
    return {error.__name__}.union(*(tree(below) for below in error.__subclasses__()))


def test_every_error_is_on_the_page(root: Path) -> None:
    page = (root / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")

    assert {name for name in tree(StillwatchError) if f"| `{name}` |" not in page} == set()


def test_every_exit_code_has_a_row(root: Path) -> None:
    page = (root / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")

    assert [code for code in CODES if f"\n| {code} | " not in page] == []
