"""Time the scan of one folder of logs by this version and by an older one, in turn.

    python bench/against.py LOGS REVISION [PAIRS]

The older version runs in the same environment. One run of each comes first and does not count: it compiles
the kernels and fills the page cache.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def timed(source: Path, logs: Path, key: Path) -> tuple[float, float]:
    """Scan with the code in ``source``; give wall and processor time (s)."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "stillwatch", "scan", str(logs), "--key", str(key), "--json"]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(source)}, stdout=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} with {source}: exit code {done.returncode}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(logs: Path, revision: str, pairs: int) -> None:
    """Print the ratios of every pair and their median."""
    with tempfile.TemporaryDirectory() as folder:
        old, key = Path(folder) / "old", Path(folder) / "key"
        old.mkdir()
        archive = subprocess.run(["git", "archive", revision, "src"], cwd=HERE, stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "-x", "-C", str(old)], input=archive.stdout, check=True)
        sources = HERE / "src", old / "src"
        for source in sources:
            timed(source, logs, key)
        runs = [tuple(timed(source, logs, key) for source in sources) for _ in range(pairs)]
    for at, name in enumerate(("wall", "cpu")):
        ratios = sorted(new[at] / before[at] for new, before in runs)
        print(f"{name}: {ratios[pairs // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) of {revision}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3)
