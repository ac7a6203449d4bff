from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from serve.appeals.lodged import KEYS, NOW, Clock, decided
from stillwatch.serve.appeals.app import appeals_app
from stillwatch.serve.appeals.desk import Desk
from stillwatch.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database(file)
    decided(opened)
    yield opened
    opened.close()


@pytest.fixture
def app(database: Database, clock: Clock) -> ASGIApp:
    return appeals_app(Desk(database, KEYS, clock))
