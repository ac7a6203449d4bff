"""All the measurements the documentation quotes, one after the other, on made-up logs.

    python bench/run.py [EVENTS] [ACCOUNTS]

Prints tables; writes bench/out/results.json. Five million events take about ten minutes on two cores.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "out"
RUNS = 3


def timed(command: list[str], runs: int = RUNS) -> dict[str, float]:
    """Run a command several times: median wall and processor seconds, peak memory in MB."""
    wall, cpu, peak = [], [], []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, used = os.wait4(process.pid, 0)
        wall.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        peak.append(used.ru_maxrss / 1024)
    return {"wall_s": sorted(wall)[runs // 2], "cpu_s": sorted(cpu)[runs // 2], "peak_mb": max(peak)}


def main(events: int, accounts: int) -> None:
    """Measure whole commands, the kernel alone, start-up, and the memory of an account."""
    OUT.mkdir(exist_ok=True)
    logs = OUT / f"logs-{events}-{accounts}"
    python = sys.executable
    if not logs.exists():
        subprocess.run([python, str(HERE / "make_logs.py"), str(logs), str(events), str(accounts)], check=True)
    key = ["--key", str(OUT / "bench.key")]
    scan = [python, "-m", "stillwatch", "scan", *key]
    tiny = OUT / "tiny.jsonl"
    subprocess.run(
        [python, "-m", "stillwatch", "simulate", "--out", str(OUT / "world"), "--scale", "0.05"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    tiny = OUT / "world" / "logs"
    subprocess.run([*scan, str(tiny)], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cold = os.environ | {"NUMBA_CACHE_DIR": str(OUT / f"cold-{os.getpid()}")}
    start = time.perf_counter()
    subprocess.run([*scan, str(tiny)], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=cold)
    results: dict[str, dict[str, float]] = {
        "scan, tiny world, no kernel cache": {"wall_s": time.perf_counter() - start}
    }
    results["stillwatch --help"] = timed([python, "-m", "stillwatch", "--help"])
    results["scan, tiny world, warm"] = timed([*scan, str(tiny)])
    for kind in ("parquet", "jsonl"):
        results[f"scan, {kind}"] = timed([*scan, str(logs / kind)])
        results[f"DuckDB 12 aggregates, {kind}"] = timed([python, str(HERE / "aggregates.py"), kind, str(logs / kind)])
    for name, row in results.items():
        if name.startswith(("scan, parquet", "scan, jsonl", "DuckDB")):
            row["events_per_s"] = events / row["wall_s"]
    kernel = subprocess.run([python, str(HERE / "kernel.py")], check=True, capture_output=True, text=True).stdout
    results |= json.loads(kernel.splitlines()[-1])
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {events:,} events")
    for name, row in results.items():
        print(f"{name:45s}" + "  ".join(f"{key} {value:,.2f}" for key, value in row.items()))
    (OUT / "results.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 50_000,
    )
