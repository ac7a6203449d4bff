"""What every test may use, and the count of those that could not run here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

# A kernel is compiled by the first example that needs it: examples are not timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent
WANT = "needs ../shared/data"


@pytest.fixture(scope="session")
def root() -> Path:
    """Top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the large test data: ``../shared/data``, or what STILLWATCH_SHARED names; else the test is skipped."""
    named = os.environ.get("STILLWATCH_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(WANT)
    return folder


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    wanting = sum(WANT in str(report.longrepr) for report in skipped)
    terminalreporter.write_line(f"{wanting} tests skipped for want of ../shared/data")
