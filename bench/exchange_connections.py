"""A hub under thousands of connections that do nothing, or send a head byte by byte, while a member reads pages.

    python bench/exchange_connections.py [--connections 10000] [--slow 0.5] [--pages 300]

The hub is `stillwatch hub serve` in a process of its own, on loopback. Connections are opened, a share of them begins a
head and sends a byte of it now and then; then a member reads pages with signed requests, each on a new connection.
At the end the hub has hung up on whoever never finished a head, and its places are free again.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import contextlib
import http.client
import os
import platform
import resource
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from exchange_hub import World, now_us, started

from stillwatch.serve.hub.signatures import sign

if TYPE_CHECKING:
    import subprocess

HEAD = b"GET /taxii2/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


def memory_mb(process: subprocess.Popen[bytes]) -> float:
    """Resident memory of the hub (MB)."""
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1e3


def files(process: subprocess.Popen[bytes]) -> int:
    """Files that the hub has open."""
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def pages(world: World, port: int, count: int) -> list[float]:
    """Read pages, each signed and on a connection of its own; gives ms, sorted."""
    took = []
    for _ in range(count):
        line, path = http.client.HTTPConnection("127.0.0.1", port, timeout=30), world.path + "?limit=100"
        url = f"http://127.0.0.1:{port}{path}"
        headers = sign(world.key, world.key_id, secrets.token_urlsafe(16), now_us(), "GET", url, None, "")
        began = time.perf_counter()
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        answer.read()
        took.append((time.perf_counter() - began) * 1000)
        line.close()
        if answer.status != 200:
            raise SystemExit(f"{answer.status} after {len(took)} pages")
    return sorted(took)


def told(words: str, took: list[float], process: subprocess.Popen[bytes]) -> None:
    """Print one row."""
    p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(f"{words:<44} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  hub {memory_mb(process):5.0f} MB  {files(process)} files")


async def crowd(port: int, connections: int, slow: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open connections, a few hundred at a time; some of them begin a head."""
    made: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    while len(made) < connections:
        more = min(250, connections - len(made))
        made += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(more)))
    for _, writer in made[:slow]:
        writer.write(HEAD)
    return made


async def measure(world: World, port: int, process: subprocess.Popen[bytes], asked: argparse.Namespace) -> None:
    """Open, read meanwhile, wait for the hub to hang up, read again."""
    slow = int(asked.connections * asked.slow)
    began = time.perf_counter()
    held = await crowd(port, asked.connections, slow)
    print(f"{len(held):,} connections in {time.perf_counter() - began:.1f} s, {slow:,} of them with a slow head")

    async def drip() -> None:
        while True:
            for _, writer in held[:slow]:
                with contextlib.suppress(OSError):
                    writer.write(b"x")
            await asyncio.sleep(2)

    dripping = asyncio.create_task(drip())
    took = await asyncio.to_thread(pages, world, port, asked.pages)
    open_then = files(process)
    told(f"with {open_then:,} files of the hub open", took, process)
    began = time.perf_counter()
    ended = await asyncio.gather(*(asyncio.wait_for(reader.read(), 60) for reader, _ in held), return_exceptions=True)
    dripping.cancel()
    hung_up = sum(not isinstance(one, TimeoutError) for one in ended)
    print(f"{hung_up:,} of {len(held):,} were ended by the hub within {time.perf_counter() - began:.0f} s more")
    told("after that", await asyncio.to_thread(pages, world, port, asked.pages), process)
    for _, writer in held:
        writer.close()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--slow", type=float, default=0.5, help="share that begins a head")
    parser.add_argument("--pages", type=int, default=300)
    asked = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{platform.python_version()}, {os.cpu_count()} cores, load {load}, at most {hard:,} files a process")
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name))
        world.fill(0, 5_000)
        process, port = started(Path(name))
        atexit.register(process.kill)
        told("alone", pages(world, port, asked.pages), process)
        asyncio.run(measure(world, port, process, asked))
        process.terminate()


if __name__ == "__main__":
    sys.exit(main())
