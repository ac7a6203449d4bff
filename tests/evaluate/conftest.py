"""The tiny sources, read and folded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from evaluate.tiny_sources import write_sources
from stillwatch.config import DEFAULT
from stillwatch.evaluate.accounts import AccountSet, draw_accounts, fold_draws
from stillwatch.evaluate.sources import Source, read_sources
from stillwatch.evaluate.unseen import Examination, examine_accounts

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (10, 30)
PER = 20


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny sources."""
    return write_sources(tmp_path_factory.mktemp("prompts"))


@pytest.fixture(scope="session")
def sources(prompts: Path) -> tuple[Source, ...]:
    """The tiny sources."""
    return read_sources(prompts)


@pytest.fixture(scope="session")
def accounts(sources: tuple[Source, ...]) -> AccountSet:
    """Twenty accounts of each source and size."""
    rng = np.random.default_rng(1)
    return fold_draws(sources, draw_accounts(sources, SIZES, PER, rng), DEFAULT, rng)


@pytest.fixture(scope="session")
def exam(accounts: AccountSet) -> Examination:
    """Every detector's answers about them."""
    return examine_accounts(accounts, DEFAULT)
