"""Small engines to fold into, and what they hold as bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sketches.events import KEYS, batch
from stillwatch.config import Config
from stillwatch.engine import LocalEngine
from stillwatch.sketches.state import AccountState

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = Config(buckets=4, threads=2, dedupe_window=4096, artefact_pairs=500, print_pairs=500)


@contextmanager
def engine(config: Config = SMALL) -> Iterator[LocalEngine]:
    """An engine whose threads end with the test."""
    with ThreadPoolExecutor(config.threads) as pool:
        yield LocalEngine(KEYS, config, pool)


def state_of(made: LocalEngine, config: Config = SMALL) -> bytes:
    """All buckets merged into one state."""
    whole = AccountState(KEYS, text_limit_bytes=config.text_limit_bytes)
    for state in made.states:
        whole.merge(state)
    return whole.checkpoint()


def held(made: LocalEngine) -> list[tuple[str, bytes]]:
    """Every file a checkpoint would have."""
    return list(made._files())


def fold_all(made: LocalEngine, rows: list[dict[str, Any]], size: int = 50) -> None:
    for at in range(0, len(rows), size):
        made.fold(batch(rows[at : at + size]))
