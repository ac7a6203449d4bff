"""What the verbs' tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verbs.small_logs import Shell, write_tiny_world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny world."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_world(folder)
    return folder


@pytest.fixture
def shell(tiny_world: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Verbs over the tiny world."""
    return Shell(tiny_world, capsys)
