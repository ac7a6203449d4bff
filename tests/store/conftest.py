from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stillwatch.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stillwatch.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database(file)
    yield opened
    opened.close()
