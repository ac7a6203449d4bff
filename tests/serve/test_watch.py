"""A watch folds what a scan folds, and goes on after any crash: nothing lost, nothing twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from serve.asgi_call import call
from serve.watching import START_MS, drained, intake_of, key_of, lines, reading_of, state_of, watch_of
from stillwatch.enforcement.situation import NOT_MEASURED, Fresh
from stillwatch.ingest.sources import expand
from stillwatch.model.errors import SpoolError
from stillwatch.pipeline import Scan
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.watch import Observer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from stillwatch.model.dossier import Dossier
    from stillwatch.model.scan import Looked
    from stillwatch.serve.watch.watch import Watch


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def send(tmp_path: Path, watch: Watch, pool: ThreadPoolExecutor, first: int, last: int) -> None:
    assert call(intake_of(tmp_path, watch, pool), "POST", "/v1/events", lines(first, last)).status == 200


def scanned(tmp_path: Path, events: bytes) -> list[tuple[str, bytes]]:
    folder = tmp_path / "scanned"
    folder.mkdir()
    (folder / "log.jsonl").write_bytes(events)
    run = Scan(reading_of(tmp_path), key_of(tmp_path))
    run.read(expand([str(folder)]), lambda _: None)
    run.close()

    class One:
        engine = run.engine

    return state_of(One())  # type: ignore[arg-type]


def test_what_is_sent_folds_to_the_bytes_of_a_scan(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    watch = watch_of(tmp_path)
    for first in range(0, 300, 50):
        send(tmp_path, watch, pool, first, first + 50)
    assert drained(watch) == 300
    assert state_of(watch) == scanned(tmp_path, lines(0, 300))
    watch.close()


@pytest.mark.parametrize("lost_at", ["taken in", "folded", "checkpoint", "after a checkpoint"])
def test_a_crash_at_any_step_loses_and_doubles_nothing(tmp_path: Path, pool: ThreadPoolExecutor, lost_at: str) -> None:
    """Closing without a checkpoint leaves on the disk what a crash leaves."""
    watch = watch_of(tmp_path)
    send(tmp_path, watch, pool, 0, 40)
    drained(watch)
    watch.checkpoint(START_MS)
    send(tmp_path, watch, pool, 40, 90)
    if lost_at != "taken in":
        watch.drain(START_MS)
    if lost_at == "checkpoint":
        watch.checkpoint(START_MS)
    if lost_at == "after a checkpoint":
        watch.checkpoint(START_MS)
        send(tmp_path, watch, pool, 90, 120)
    watch.close()
    again = watch_of(tmp_path)
    drained(again)
    send(tmp_path, again, pool, 40, 150)  # the sender repeats what it has no answer for
    drained(again)
    assert state_of(again) == scanned(tmp_path, lines(0, 150))
    again.checkpoint(START_MS)
    again.close()
    third = watch_of(tmp_path)
    assert drained(third) == 0
    assert state_of(third) == state_of(again)
    third.close()


def test_a_checkpoint_that_was_cut_off_leaves_the_one_before(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    watch = watch_of(tmp_path)
    send(tmp_path, watch, pool, 0, 40)
    drained(watch)
    watch.checkpoint(START_MS)
    send(tmp_path, watch, pool, 40, 60)
    drained(watch)
    whole = state_of(watch)
    watch.close()
    left = tmp_path / "watch" / "state" / "stillwatch-writing"
    left.mkdir()
    (left / "bucket-00000.state").write_bytes(b"half")
    again = watch_of(tmp_path)
    drained(again)
    assert state_of(again) == whole
    assert again.checkpoint(START_MS)
    again.close()


def test_only_accounts_that_changed_are_looked_at_and_all_before_a_checkpoint(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    seen: list[int] = []

    class Everybody(Observer):
        def admits(self, looked: Looked, reported: NDArray[np.bool_], now_ms: int) -> NDArray[np.bool_]:
            del looked, now_ms
            return np.ones_like(reported)

        def judge(self, some: Sequence[Dossier], now_ms: int, fresh: Fresh = NOT_MEASURED) -> int:
            assert (now_ms, fresh) == (START_MS, NOT_MEASURED)
            seen.extend(one.account for one in some)
            return len(some)

    measures = Measures()
    watch = watch_of(tmp_path, measures, judge=Everybody())
    send(tmp_path, watch, pool, 0, 7)
    drained(watch)
    assert watch.examine(START_MS) == 7
    assert len(set(seen)) == 7
    send(tmp_path, watch, pool, 7, 9)
    drained(watch)
    watch.checkpoint(START_MS)
    assert len(seen) == 9
    assert watch.examine(START_MS) == 0
    assert measures.taken()["decisions"] == 9
    assert measures.taken()["detectors_blind"] > 0
    watch.close()


def test_nothing_that_is_folded_stays_on_the_disk(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    watch = watch_of(tmp_path)
    send(tmp_path, watch, pool, 0, 200)
    drained(watch)
    assert watch.spool.nbytes > 10_000
    watch.checkpoint(START_MS)
    assert watch.spool.nbytes < 100
    watch.close()


def test_a_watch_has_its_folder_to_itself(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    with pytest.raises(SpoolError, match="another"):
        watch_of(tmp_path)
    assert (tmp_path / "watch").stat().st_mode & 0o077 == 0
    watch.close()


def test_campaign_search_runs_and_counts(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    measures = Measures()
    watch = watch_of(tmp_path, measures)
    assert watch.campaigns(START_MS) == 0
    send(tmp_path, watch, pool, 0, 200)
    drained(watch)
    watch.campaigns(START_MS)
    assert watch.found is not None
    assert watch.found.accounts == 7
    assert measures.taken()["campaign_runs"] == 1
    assert (tmp_path / "watch" / "campaigns.json").stat().st_mode & 0o077 == 0
    watch.close()
