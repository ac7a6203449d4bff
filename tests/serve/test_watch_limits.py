"""Defined behaviour where the machine misbehaves: a full disk, a clock that goes back; and a small crash table."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serve.asgi_call import call
from serve.watching import START_MS, drained, intake_of, lines, reading_of, watch_of
from stillwatch.enforcement.rules import DEFAULT as RULES
from stillwatch.judging import TermsJudge
from stillwatch.serve.watch.folder import SETTLED_MS, Following
from stillwatch.serve.watch.measures import Measures
from stillwatch.store.database import Database
from stillwatch.store.verify import verify
from stillwatch.verbs.terms import load_terms

if TYPE_CHECKING:
    from stillwatch.serve.watch.watch import Watch

HOUR_MS = 3_600_000
FULL_DISK = """
import resource, sys, time
from pathlib import Path
from serve.watching import START_MS, drained, lines, reading_of, watch_of
from stillwatch.model.errors import SpoolFull
from stillwatch.serve.watch.folder import Following
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.service import Folding, Pace

def room(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)

folder, measures = Path(sys.argv[1]), Measures()
log = folder / "logs" / "a.jsonl"
log.parent.mkdir()
log.write_bytes(lines(0, 20))
watch = watch_of(folder, measures)
follows = Following([str(log.parent)], reading_of(folder), watch.spool, measures, watch.sources)
assert follows.turn(START_MS) == 20
assert drained(watch) == 20
with log.open("ab") as more:
    more.write(lines(20, 50))
room(16)
try:
    follows.turn(START_MS)
except SpoolFull as error:
    print("events:", error)
folding = Folding(watch, Pace(0.02, 0, 0.02), measures)
folding.start()
until(lambda: measures.taken()["failures"] >= 2)
print("health:", folding.health())
room(resource.RLIM_INFINITY)
until(lambda: measures.taken()["checkpoints"] >= 1)
assert follows.turn(START_MS) == 30
until(lambda: measures.taken()["events_folded"] == 50)
folding.stop()
assert folding.failure is None
print("after:", folding.health() or "well")
watch.close()
"""


def test_a_full_disk_refuses_events_says_so_and_goes_on_by_itself_once_it_has_room(tmp_path: Path) -> None:
    """A limit on the length of files stands for the full disk: nothing can be written any more."""
    tests = Path(__file__).parents[1]
    made = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), *sys.path])},
    )
    assert made.returncode == 0, made.stderr
    events, health, after = made.stdout.splitlines()
    assert events.startswith("events: the spool cannot be written")
    assert health.startswith("health: checkpoint: the checkpoint could not be written")
    assert after == "after: well"
    again = watch_of(tmp_path)
    assert drained(again) == 0
    assert again.engine.arrays().counts[:, 0].sum() == 50
    again.close()


def test_a_clock_that_goes_back_an_hour_stops_and_loses_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "decisions.db")
    judge = TermsJudge(load_terms("starter").terms, database, RULES)
    measures = Measures()
    watch = watch_of(tmp_path, measures, judge=judge)
    logs = tmp_path / "logs"
    logs.mkdir()
    follows = Following([str(logs)], reading_of(tmp_path), watch.spool, measures, watch.sources)
    with ThreadPoolExecutor(2) as pool:
        for turn, now_ms in enumerate((START_MS, START_MS - HOUR_MS, START_MS + 1000)):
            body = lines(100 * turn, 100 * turn + 50)
            assert call(intake_of(tmp_path, watch, pool), "POST", "/v1/events", body).status == 200
            with (logs / "a.jsonl").open("ab") as log:
                log.write(lines(100 * turn + 50, 100 * turn + 60))
            assert follows.turn(now_ms) == 10
            everything(watch, now_ms)
            assert measures.taken()["lag_seconds"] >= 0
    assert measures.taken()["events_folded"] == 180
    assert measures.taken()["campaign_runs"] == 3
    assert verify(database).troubles == ()
    watch.close()
    database.close()
    again = watch_of(tmp_path)
    assert drained(again) == 0
    assert again.engine.arrays().counts[:, 0].sum() == 180
    again.close()


def everything(watch: Watch, now_ms: int) -> None:
    while watch.drain(now_ms):
        pass
    watch.examine(now_ms)
    watch.campaigns(now_ms)
    assert watch.checkpoint(now_ms)


def test_a_packed_file_from_the_future_waits_until_the_clock_has_passed_it(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    logs = tmp_path / "logs"
    logs.mkdir()
    plain, packed = logs / "a.jsonl", logs / "b.jsonl.gz"
    plain.write_bytes(lines(0, 3))
    packed.write_bytes(gzip.compress(lines(3, 5)))
    os.utime(packed, ns=(0, (START_MS + HOUR_MS) * 1_000_000))
    follows = Following([str(logs)], reading_of(tmp_path), watch.spool, Measures(), watch.sources)
    assert follows.turn(START_MS) == 3
    assert follows.turn(START_MS + HOUR_MS + SETTLED_MS) == 2
    watch.close()


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_eight_kills_lose_double_and_tear_nothing(tmp_path: Path, root: Path) -> None:
    """A share of bench/crashes_watch.py, which kills two hundred times."""
    command = [sys.executable, str(root / "bench" / "crashes_watch.py"), str(tmp_path / "crashes")]
    made = subprocess.run(
        [*command, "--kills", "8", "--seed", "3", "--quick", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["kills"] == sum(told["died_in"].values()) == 8
    assert told["events_acknowledged_over_http"] > 0
    assert told["events_counted"] == told["events_expected"] > 0
    wrong = ("events_lost", "events_counted_twice", "accounts_that_differ_in_any_byte", "torn_files")
    assert {name: told[name] for name in wrong} == dict.fromkeys(wrong, 0)
