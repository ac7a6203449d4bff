from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import stillwatch

if TYPE_CHECKING:
    from pathlib import Path


def test_top_version_is_the_package_version(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert next(v for v in versions if v != "Unreleased") == stillwatch.__version__ == declared


def test_headings_are_those_of_keep_a_changelog(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))

    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
