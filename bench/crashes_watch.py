"""Crash table of the watch: `kill -9` at many moments under load, each time started again, then held against no kill.

    python bench/crashes_watch.py FOLDER [--kills 200] [--seed 1] [--quick] [--json]        FOLDER must not exist

A real `stillwatch watch` is sent bodies over HTTP and follows a file that grows. It is killed at random: some times at
once after its start, some times anywhere, some times while it writes a checkpoint, some times while it searches for
campaigns. What has no answer is sent again, as a sender would. At the end the state is held, byte for byte an account,
against that of one watch that read all of it and was never killed. It judges, too: a clause of its own about every
account with 20 requests, so that each must have been decided about, and once; what they do after that is folded apart.

The watch that runs is the shipped one; around it only the name of the stage it is in is written to a shared page of
memory, so that the bench knows in which one it died.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import mmap
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from stillwatch.config import DEFAULT
from stillwatch.engine.local import LocalEngine
from stillwatch.ingest.keys import read_key
from stillwatch.since import Since
from stillwatch.store.database import Database
from stillwatch.store.verify import verify

STAGES = ("start", "between", "fold", "examine", "campaigns", "judge", "checkpoint", "stopped")
ACCOUNTS = 300
LEAST = 20
"""Requests from which the clause speaks."""
START_MS = int(time.time() * 1000)
TERMS = f"""
terms: bench
version: 1
clauses:
  - id: counted
    sentence: An account with {LEAST} requests is written down.
    mode: live
    from: 2026-01-01
    until: 2036-01-01
    conditions: [requests: {{at_least: {LEAST}}}]
    evidence: {{classes: 0, strength: weak}}
    actions: [observe]
    lasts: 30d
    notice: "Written down: {{facts}}. {{appeal}}"
    appeal: https://provider.example/appeals/{{decision}}
"""
RULES = "[ladder]\ngrace_h = 0\n"
BODY = 40
PAUSE_S = 0.02
CHILD = """
import mmap, sys
from contextlib import contextmanager
file = open(sys.argv[2], "r+b")
stages, page = sys.argv[1].split(","), mmap.mmap(file.fileno(), 1)
from stillwatch.serve.watch import measures, service
stage, serve = measures.Measures.stage, service.serve
@contextmanager
def told(self, name):
    before, page[0] = page[0], stages.index(name)
    with stage(self, name):
        yield
    page[0] = before
def begun(*given):
    page[0] = 1
    return serve(*given)
measures.Measures.stage, service.serve = told, begun
from stillwatch.cli import main
sys.exit(main(sys.argv[3:]))
"""


def record(number: int) -> dict[str, Any]:
    """Make up one request."""
    return {
        "event_id": f"event-{number}",
        "ts_ms": START_MS + 250 * number,
        "account_id": f"team-{number * 7919 % ACCOUNTS}",
        "model_requested": "m",
        "tokens_in": 100 + number % 300,
        "tokens_out": 400,
        "ip": f"198.51.100.{number % 17}",
        "prompt": f"Explain question {number} about topic {number % 97} in {number % 5} steps.",
        "completion": f"Answer {number}.",
    }


def body(first: int) -> bytes:
    """Write a body of records, one a line."""
    return b"".join(json.dumps(record(number)).encode() + b"\n" for number in range(first, first + BODY))


@dataclass
class Load:
    """What is sent and written, until told to stop: odd bodies go over HTTP, even ones into the file."""

    folder: Path
    port: int = 0
    at: int = 0
    acknowledged: int = 0
    sent_again: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send a body until it is acknowledged, write one, and so on."""
        with (self.folder / "sent.jsonl").open("ab") as sent, (self.folder / "logs" / "a.jsonl").open("ab") as log:
            while not self.stop.is_set():
                one = body(self.at)
                while not self._acknowledged(one):
                    self.sent_again += 1
                    if self.stop.is_set():
                        return
                    time.sleep(0.05)
                sent.write(one)
                self.acknowledged += BODY
                log.write(body(self.at + BODY))
                log.flush()
                self.at += 2 * BODY
                time.sleep(PAUSE_S)

    def _acknowledged(self, one: bytes) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("POST", "/v1/events", one)
            answer = line.getresponse()
            return answer.status == 200 and json.loads(answer.read())["accepted"] == BODY
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            line.close()


class Child:
    """One watch in a process of its own."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        (folder / "page").write_bytes(b"\0")
        with (folder / "page").open("r+b") as file:
            self.page = mmap.mmap(file.fileno(), 1)
        command = [sys.executable, "-c", CHILD, ",".join(STAGES), str(folder / "page"), "watch"]
        command += ["--folder", str(folder / "watch"), "--key", str(folder / "bench.key"), "--format", "native"]
        command += ["--listen", f"127.0.0.1:{port}", "--follow", str(folder / "logs"), "--json", *options]
        (folder / "terms.yaml").write_text(TERMS)
        (folder / "rules.toml").write_text(RULES)
        command += ["--terms", str(folder / "terms.yaml"), "--store", str(folder / "decisions.db")]
        command += ["--rules", str(folder / "rules.toml")]
        self.port, self.began = port, time.monotonic()
        self.error = (folder / "errors.txt").open("w+b")
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.error)

    @property
    def stage(self) -> str:
        """Where it is."""
        return STAGES[self.page[0]]

    def healthy(self) -> dict[str, Any]:
        """Ask how it is doing, until it answers."""
        while self.child.poll() is None:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                line.request("GET", "/healthz")
                return dict(json.loads(line.getresponse().read()))
            except OSError:
                time.sleep(0.02)
            finally:
                line.close()
        self.error.seek(0)
        raise SystemExit(f"it does not start again: {self.error.read().decode()[-2000:]}")

    def kill(self) -> str:
        """End it at once; gives the stage in which it died."""
        self.child.kill()
        self.child.communicate()
        return self.stage

    def end(self) -> None:
        """Let it stop in order."""
        self.child.send_signal(signal.SIGTERM)
        self.child.communicate(timeout=300)
        if self.child.returncode:
            self.error.seek(0)
            raise SystemExit(f"it did not end in order: {self.error.read().decode()[-2000:]}")


def wait_for_moment(child: Child, kill: int, rng: random.Random, most_s: float) -> None:
    """Wait until the moment of this kill: at its start, in a checkpoint, in a search, anywhere."""
    if kill % 10 == 7:
        time.sleep(rng.uniform(0.0, most_s))
        return
    child.healthy()
    wanted = {0: "", 1: "checkpoint", 2: "", 3: "campaigns"}[kill % 4]
    until = time.monotonic() + 6.0
    while wanted and child.stage != wanted and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(rng.uniform(0.0, {"checkpoint": 0.08, "campaigns": 0.3}.get(wanted, most_s)))


def torn(state: Path) -> int:
    """Count the files of the checkpoint that counts which are not what was written."""
    if not (state / "manifest.json").exists():
        return 0
    manifest = json.loads((state / "manifest.json").read_bytes())
    place = state / f"stillwatch-generation-{manifest['generation']:06d}"
    sums = manifest["files"].items()
    return sum(hashlib.sha256((place / name).read_bytes()).hexdigest() != wanted for name, wanted in sums)


def rows(folder: Path) -> tuple[dict[int, tuple[bytes, ...]], dict[int, int]]:
    """Every account's row as bytes, and its count of events."""
    engine = LocalEngine.restore(folder / "watch" / "state", read_key(folder / "bench.key").sketch_keys(), DEFAULT)
    arrays = engine.arrays()
    engine.close()
    cells = [getattr(arrays, name) for name in arrays._fields]
    keys = arrays.key.tolist()
    held = {key: tuple(cell[at].tobytes() for cell in cells) for at, key in enumerate(keys)}
    return held, dict(zip(keys, arrays.counts[:, 0].astype(np.int64).tolist(), strict=True))


def decided(folder: Path) -> tuple[dict[int, int], list[str]]:
    """Count the decisions about each account, and say what is wrong with the ledger."""
    database = Database(folder / "decisions.db")
    with database.reading() as connection:
        found = dict(connection.execute("SELECT account, count(*) FROM decisions GROUP BY account").fetchall())
    wrong = [str(one) for one in verify(database).troubles]
    database.close()
    return found, wrong


def since(folder: Path) -> tuple[int, int]:
    """Count the accounts that were followed after their decision, and the events folded apart."""
    keys = read_key(folder / "bench.key").sketch_keys()
    notes = LocalEngine.restore(folder / "watch" / "state", keys, DEFAULT).notes["since"]
    made = Since.restore(folder / "watch", notes, keys, DEFAULT)
    events = int(made.engine.arrays().counts[:, 0].sum())
    made.close()
    return len(made), events


def unkilled(folder: Path) -> Path:
    """Let one watch read all of it at once and never be killed."""
    other = folder / "unkilled"
    (other / "logs").mkdir(parents=True)
    (other / "logs" / "a.jsonl").write_bytes((folder / "sent.jsonl").read_bytes())
    (other / "logs" / "b.jsonl").write_bytes((folder / "logs" / "a.jsonl").read_bytes())
    (other / "bench.key").write_bytes((folder / "bench.key").read_bytes())
    (other / "bench.key").chmod(0o600)
    child = Child(other, 0, "--once")
    child.child.communicate(timeout=900)
    if child.child.returncode:
        raise SystemExit((other / "errors.txt").read_text()[-2000:])
    return other


def free_port() -> int:
    """Find a port nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def crashes(folder: Path, kills: int, seed: int, most_s: float) -> dict[str, Any]:
    """Kill, start again, and so on; then compare."""
    rng, died, torn_files, starts = random.Random(seed), dict.fromkeys(STAGES, 0), 0, []  # noqa: S311 - moments, no secrets
    (folder / "logs").mkdir(parents=True)
    load = Load(folder, free_port())
    (folder / "logs" / "a.jsonl").touch()
    sender = threading.Thread(target=load.run)
    sender.start()
    pace = ("--checkpoint-every", "0.5", "--examine-every", "0.2", "--campaigns-every", "0.7", "--threads", "1")
    try:
        for kill in range(kills):
            child = Child(folder, load.port, *pace)
            wait_for_moment(child, kill, rng, most_s)
            died[child.kill()] += 1
            torn_files += torn(folder / "watch" / "state")
        child = Child(folder, load.port, *pace)
        child.healthy()
        starts.append(time.monotonic() - child.began)
    finally:
        load.stop.set()
        sender.join()
    written = (folder / "logs" / "a.jsonl").read_bytes().count(b"\n")
    expected = written + (folder / "sent.jsonl").read_bytes().count(b"\n")
    while (told := child.healthy())["wrong"] or told["lag_seconds"] > 0:
        time.sleep(0.2)
    # The file is followed once a second; what was just written may not have been seen yet.
    time.sleep(2.5)
    child.end()
    mine, found = rows(folder)
    theirs, wanted = rows(unkilled(folder))
    both = {*found, *wanted}
    decisions, wrong = decided(folder)
    due = {account for account, events in wanted.items() if events >= LEAST}
    followed, after = since(folder)
    return {
        "kills": kills,
        "died_in": {name: count for name, count in died.items() if count},
        "events_acknowledged_over_http": load.acknowledged,
        "events_written_to_the_file": written,
        "bodies_sent_again": load.sent_again,
        "events_lost": sum(max(wanted.get(key, 0) - found.get(key, 0), 0) for key in both),
        "events_counted_twice": sum(max(found.get(key, 0) - wanted.get(key, 0), 0) for key in both),
        "events_counted": sum(found.values()),
        "events_expected": expected,
        "accounts_that_differ_in_any_byte": sum(mine.get(key) != theirs.get(key) for key in both),
        "torn_files": torn_files,
        "decisions_due": len(due),
        "decisions_lost": len(due - decisions.keys()),
        "decided_twice": sum(count > 1 for count in decisions.values()),
        "decided_too_early": len(decisions.keys() - due),
        "troubles_of_the_ledger": len(wrong),
        "accounts_followed_since": followed,
        "events_folded_since": after,
        "segments_left_that_hold_events": sum(
            path.stat().st_size > 32 for path in (folder / "watch" / "spool").glob("*.spool")
        ),
        "last_start_s": round(starts[-1], 1),
    }


def main() -> None:
    """Run it and tell."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--quick", action="store_true", help="kill sooner")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    told = crashes(given.folder, given.kills, given.seed, 0.3 if given.quick else 1.5)
    if given.json:
        print(json.dumps(told))
        return
    for name, value in told.items():
        if isinstance(value, dict):
            for stage, count in value.items():
                print(f"{'  killed in: ' + stage:<42}{count:>12,}")
        else:
            print(f"{name.replace('_', ' '):<42}{value:>12,}")


if __name__ == "__main__":
    main()
