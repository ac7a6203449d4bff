"""A database of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stillwatch.store.exchange.tag_base import TagBase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def base(tmp_path: Path) -> Iterator[TagBase]:
    opened = TagBase(tmp_path / "tags.db")
    yield opened
    opened.close()
