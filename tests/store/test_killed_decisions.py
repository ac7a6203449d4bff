"""A small share of ``bench/crashes_of_decisions.py``: killed at random, nothing is lost, torn or done twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "crashes_of_decisions.py"


def killed(folder: Path, *options: str) -> tuple[int, dict[str, int]]:
    done = subprocess.run(
        [sys.executable, str(BENCH), "--json", *options], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_after_ten_kills_everything_said_is_there_whole_and_once(tmp_path: Path) -> None:
    code, found = killed(tmp_path, "--kills", "10", "--seed", "4")

    assert found["steps"] > 10, "else nothing was killed over"
    assert {name: value for name, value in found.items() if name not in {"kills", "steps"}} == {
        "decisions lost": 0,
        "undoings lost": 0,
        "appeals lost": 0,
        "answers lost": 0,
        "torn": 0,
        "done twice": 0,
        "told twice": 0,
        "never told": 0,
        "standing wrong": 0,
    }
    assert code == 0


def test_without_transactions_the_same_kills_are_seen(tmp_path: Path) -> None:
    # Where a kill falls hangs on the machine's speed, so as many as it takes to see the first trouble, within a bound.
    code, found = killed(tmp_path, "--kills", "100", "--seed", "4", "--in-pieces", "--first")

    assert code == 1
    assert found["torn"] > 0
