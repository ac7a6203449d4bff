from __future__ import annotations

import pytest

from serve.custodian.holding import Held
from stillwatch.store.exchange.holder import HolderBase


@pytest.fixture
def base(tmp_path):
    opened = HolderBase(tmp_path / "holder.db")
    yield opened
    opened.close()


@pytest.fixture
def held(base):
    return Held(base)
