"""Small files: a newcomer reads one in a few minutes."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 400
MEDIAN = 130


def lengths(package: Path) -> dict[str, int]:
    return {
        str(path.relative_to(package)): len(path.read_text(encoding="utf-8").splitlines())
        for path in package.rglob("*.py")
    }


def test_no_file_is_long(root: Path) -> None:
    long = {name: lines for name, lines in lengths(root / "src" / "stillwatch").items() if lines > LONGEST}

    assert long == {}


def test_half_of_the_files_are_short(root: Path) -> None:
    assert statistics.median(lengths(root / "src" / "stillwatch").values()) <= MEDIAN
