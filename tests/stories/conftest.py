"""What the stories share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stories.bad_logs import Scanner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scanner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Scanner:
    """Scan files of a fresh folder."""
    return Scanner(tmp_path, capsys)
