"""Damaged records are read or refused, never more: what broke once stays in ``corpus/``."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stillwatch.ingest
import stillwatch.sketches.hashing
from ingest.fuzz import fuzz, look
from ingest.reading import read_records
from stillwatch.ingest.readers import READERS

HERE = Path(__file__).parent
CORPUS = sorted((HERE / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_broke_once(path: Path) -> None:
    for number in range(len(READERS)):
        look(path.read_bytes(), number)


def test_a_few_thousand_damaged_records(tmp_path: Path) -> None:
    for path in CORPUS:
        (tmp_path / path.name).write_bytes(path.read_bytes())

    assert fuzz(tmp_path, 1.0, seed=os.getpid()) > 100
    assert len(list(tmp_path.iterdir())) == len(CORPUS)


def sources() -> str:
    """A name for the kernels as they stand: compiled code is kept under it, and never outlives a change."""
    package = Path(stillwatch.ingest.__file__).parent
    digest = hashlib.sha256(Path(stillwatch.sketches.hashing.__file__).read_bytes())
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def test_no_kernel_looks_outside_its_arrays(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    kept = getattr(request.config, "cache", None)
    cache = kept.mkdir(f"bounds-{sources()}") if kept else tmp_path
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for path in CORPUS:
        (corpus / path.name).write_bytes(path.read_bytes())
    ways = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache)}

    done = subprocess.run(
        [sys.executable, HERE / "fuzz.py", corpus, "2", "7"],
        env=ways,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    checked, read = done.stdout.split("\n")[:2]
    assert checked == "bounds checked"
    assert int(read) > 100


def test_counts_of_an_endless_conversation_stay_within_their_type() -> None:
    message = b'{"role":"user","content":"a"}'
    record = (
        b'{"request":{"messages":['
        + b",".join([message] * 70_000)
        + b']},"response":{"object":"chat.completion","created":1795400000}}'
    )

    batch = read_records(READERS[-1], record)

    assert [batch.columns[name][0].as_py() for name in ("n_messages", "n_turns", "prompt")] == [32_767, 32_767, b"a"]
