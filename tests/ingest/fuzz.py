"""Read damaged records with every reader; run with NUMBA_BOUNDSCHECK=1 it also shows that no kernel looks outside.

    python fuzz.py CORPUS SECONDS SEED

Prints whether bounds were checked and the number of records read. A record that breaks something is
written to CORPUS.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ingest.mutants import mutant
from ingest.reading import KEY, array, read_records
from ingest.samples import SAMPLES
from stillwatch.ingest.door import Door
from stillwatch.ingest.readers import READERS
from stillwatch.ingest.records import documents, sample
from stillwatch.sketches.hashing import kernel


def look(record: bytes, reader_number: int) -> None:
    """Read one record in room of exactly its size; everything about it must hold."""
    reader = READERS[reader_number % len(READERS)]
    batch = read_records(reader, record)
    assert batch.read == 1 == batch.columns.num_rows + len(batch.rejects)
    batch.columns.validate(full=True)
    Door(KEY).enter(batch, reader.provenance(), "log").columns.validate(full=True)
    documents(array(record))
    sample(array(record), whole=True)


@kernel
def _beyond(numbers: np.ndarray) -> int:
    return numbers[numbers.shape[0]]


def bounds_are_checked() -> bool:
    """Whether a kernel that looks outside its array is told so."""
    try:
        _beyond(np.zeros(3, np.int64))
    except IndexError:
        return True
    return False


def seeds(corpus: Path) -> list[bytes]:
    written = [json.dumps(one, ensure_ascii=bool(n % 2)).encode() for n, one in enumerate(SAMPLES.values())]
    return written + [path.read_bytes() for path in sorted(corpus.iterdir())]


def fuzz(corpus: Path, seconds: float, seed: int) -> int:
    rng = random.Random(seed)
    known = seeds(corpus)
    for record in known:
        for number in range(len(READERS)):
            look(record, number)
    read = len(known) * len(READERS)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        record = rng.choice(known)
        for _ in range(rng.randrange(1, 6)):
            record = mutant(record, rng)
        # Most damaged records fall to the scan; a reader's own sample most often gets past it.
        number = rng.randrange(len(READERS))
        try:
            look(record, number)
        except Exception:
            name = corpus / f"{READERS[number].name}-{hashlib.sha256(record).hexdigest()[:12]}.json"
            name.write_bytes(record)
            raise
        read += 1
    return read


if __name__ == "__main__":
    bounds = "bounds checked" if bounds_are_checked() else "bounds not checked"
    sys.stdout.write(f"{bounds}\n{fuzz(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))}\n")
