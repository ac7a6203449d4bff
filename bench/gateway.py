"""The gateway under load: beside unmimic, at half load, streams, idle streams, the decision endpoint.

    python bench/gateway.py [--unmimic PYTHON] [--seconds S] [all|calls|streams|paced|idle|decide|standing ...]

Needs wrk and taskset (Debian: apt-get install wrk util-linux). The proxy under test runs alone on core 0; the mock
model API and the load maker share core 1. PYTHON is the interpreter of an environment with unmimic 0.1.0, which runs
without its guards: the least it can do. Processor time is that of the proxy's process, from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import platform
import random
import resource
import socket
import sqlite3
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import uvloop
from gateway_load import (
    BODY,
    EMPTY,
    EVENTS,
    MODEL,
    OURS,
    QUESTION,
    SECRET,
    STREAMED,
    THEIRS,
    TURN,
    bare,
    cpu_s,
    empty,
    event,
    half_load,
    listen,
    model,
    ours,
    paced,
    rss_mb,
    running,
    theirs,
    wrk,
)  # fmt: skip
from standing import A_DECISION

from stillwatch.serve.gateway.standing import StoreStandings
from stillwatch.store.database import Database
from stillwatch.store.decisions import record


def bench_calls(folder: Path, python: str, seconds: int) -> None:
    """Full load of plain calls, and what is added at half of it."""
    print("\n## Unstreamed calls, 16 connections")
    print("| proxy | requests/s | requests per CPU-s of the proxy | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |")
    seen = {}
    targets = [
        ("none (mock alone)", None, MODEL),
        ("(uvicorn and aiohttp alone)", bare(), EMPTY),
        ("stillwatch", ours(folder), OURS),
        ("stillwatch, no store and no records", ours(folder, records=False), OURS),
    ]
    if python:
        targets.append(("unmimic 0.1.0, no guards", theirs(python), THEIRS))
    for turn in range(2):
        for name, command, port in targets:
            with running(command, port, 0) if command else contextlib.nullcontext(0) as pid:
                url = f"http://127.0.0.1:{port}/v1/chat/completions"
                wrk(url, BODY, folder, 2)
                before = cpu_s(pid) if pid else 0.0
                got = wrk(url, BODY, folder, seconds)
                per = got["rps"] * seconds / (cpu_s(pid) - before) if pid else float("nan")
                seen[name] = max(seen.get(name, 0.0), got["rps"])
                print(
                    f"| {name}, run {turn + 1} | {got['rps']:,.0f} | {per:,.0f} | {got['p50']:.2f} | {got['p99']:.2f} |",
                    flush=True,
                )
    with running(ours(folder), OURS, 0):
        rate = seen["stillwatch"] / 2
        path = "/v1/chat/completions"
        half_load(OURS, path, BODY, 200, 1)
        through, direct = (half_load(p, path, BODY, rate, seconds) for p in (OURS, MODEL))
        print(f"\nHalf load, {rate:,.0f} requests/s: p50 {through['p50']:.2f} ms and p99 {through['p99']:.2f} ms with the "
              f"gateway, {direct['p50']:.2f} and {direct['p99']:.2f} without; added {through['p50'] - direct['p50']:.2f} "
              f"and {through['p99'] - direct['p99']:.2f} ms")  # fmt: skip


def bench_streams(folder: Path, python: str, seconds: int) -> None:
    """Streams, and the processor time of one event."""
    print(f"\n## Streams of {EVENTS} events of {len(event(' meander'))} bytes, 8 connections")
    print("| proxy | streams/s | events/s | CPU us an event |\n| --- | --- | --- | --- |")
    targets = [("(uvicorn and aiohttp alone)", bare(), EMPTY), ("stillwatch", ours(folder), OURS)]
    if python:
        targets.append(("unmimic 0.1.0, no guards", theirs(python), THEIRS))
    for turn in range(2):
        for name, command, port in targets:
            with running(command, port, 0) as pid:
                url = f"http://127.0.0.1:{port}/v1/chat/completions"
                wrk(url, STREAMED, folder, 2, 8)
                before = cpu_s(pid)
                got = wrk(url, STREAMED, folder, seconds, 8)
                each = (cpu_s(pid) - before) * 1e6 / (got["rps"] * seconds * EVENTS)
                print(
                    f"| {name}, run {turn + 1} | {got['rps']:,.0f} | {got['rps'] * EVENTS:,.0f} | {each:.2f} |",
                    flush=True,
                )


def bench_paced(folder: Path, many: int = 200, pace_ms: int = 20) -> None:
    """Streams as models write them: every event comes alone, and has its own way through.

    unmimic passes no headers on, so the model would not know the pace.
    """
    print(f"\n## {many} streams, an event each {pace_ms} ms on each")
    print("| proxy | CPU us an event |\n| --- | --- |")
    targets = [("(uvicorn and aiohttp alone)", bare(), EMPTY), ("stillwatch", ours(folder), OURS)]
    for turn in range(2):
        for name, command, port in targets:
            with running(command, port, 0) as pid:
                asyncio.run(listen(port, many, pace_ms))
                before = cpu_s(pid)
                asyncio.run(listen(port, many, pace_ms))
                print(f"| {name}, run {turn + 1} | {(cpu_s(pid) - before) * 1e6 / many / EVENTS:.2f} |", flush=True)


async def hold(port: int, many: int) -> list[socket.socket]:
    """Open idle streams, and wait for the first event of each."""
    request = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-idle: 1\r\ncontent-type: application/json\r\n"
               b"content-length: %d\r\n\r\n" % len(STREAMED) + STREAMED)  # fmt: skip
    held, loop, room = [], asyncio.get_running_loop(), asyncio.Semaphore(100)

    async def one() -> None:
        async with room:
            sock = socket.socket()
            sock.setblocking(False)  # noqa: FBT003  socket knows no names
            await loop.sock_connect(sock, ("127.0.0.1", port))
            await loop.sock_sendall(sock, request)
            got = b""
            while b"meander" not in got:
                got += await loop.sock_recv(sock, 65536)
            held.append(sock)

    await asyncio.gather(*(one() for _ in range(many)))
    return held


def bench_idle(folder: Path, many: int = 10_000) -> None:
    """Open as many idle streams as asked for, or as this machine's bound on open files lets (two files a stream)."""
    many = min(many, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)
    print(f"\n## {many:,} idle streams")
    with running(ours(folder), OURS, 0) as pid:
        empty = rss_mb(pid)
        begin = time.perf_counter()
        held = asyncio.run(hold(OURS, many))
        opened, before = time.perf_counter() - begin, cpu_s(pid)
        time.sleep(10)
        used = cpu_s(pid) - before
        print(f"{len(held):,} open after {opened:.1f} s; RSS {rss_mb(pid):,.0f} MB, {empty:,.0f} MB without streams: "
              f"{(rss_mb(pid) - empty) * 1024 / many:.1f} kB a stream; {used / 10 * 100:.1f} % of a core while idle")  # fmt: skip
        for sock in held:
            sock.close()


def bench_decide(folder: Path, seconds: int) -> None:
    """Ask the decision endpoint."""
    print("\n## Decision endpoint, 16 connections")
    print("| form | requests/s | requests per CPU-s | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |")
    guarded = json.dumps(
        {"input_type": "request", "request_data": {"user_api_key_team_id": "team-17"}, "texts": [TURN]}
    ).encode()
    best = 0.0
    with running(empty(), EMPTY, 0) as pid:
        url = f"http://127.0.0.1:{EMPTY}/"
        wrk(url, QUESTION, folder, 1)
        before = cpu_s(pid)
        got = wrk(url, QUESTION, folder, seconds)
        per = got["rps"] * seconds / (cpu_s(pid) - before)
        print(
            f"| (uvicorn with an empty application) | {got['rps']:,.0f} | {per:,.0f} | {got['p50']:.2f} | {got['p99']:.2f} |"
        )
    with running(ours(folder), OURS, 0) as pid:
        forms = (
            ("plain JSON", "/v1/decide", QUESTION),
            ("LiteLLM guardrail", "/beta/litellm_basic_guardrail_api", guarded),
        )
        for turn in range(2):
            for name, path, body in forms:
                url, header = f"http://127.0.0.1:{OURS}{path}", f"authorization: Bearer {SECRET}"
                wrk(url, body, folder, 1, headers=(header,))
                before = cpu_s(pid)
                got = wrk(url, body, folder, seconds, headers=(header,))
                per = got["rps"] * seconds / (cpu_s(pid) - before)
                best = max(best, got["rps"])
                print(
                    f"| {name}, run {turn + 1} | {got['rps']:,.0f} | {per:,.0f} | {got['p50']:.2f} | {got['p99']:.2f} |",
                    flush=True,
                )
        for rate in (10_000.0, best / 2):
            got = half_load(OURS, "/v1/decide", QUESTION, rate, seconds, f"authorization: Bearer {SECRET}\r\n")
            print(
                f"\n{rate:,.0f} requests/s: p50 {got['p50']:.2f} ms, p99 {got['p99']:.2f} ms (the pacing client included)",
                flush=True,
            )


def decided(store: Path, count: int) -> None:
    """Record decisions about accounts that are not those of the load."""
    draw, now_ms, database = random.Random(7), int(time.time() * 1000), Database(store)  # noqa: S311
    ends = now_ms + 7 * 86_400_000
    for start in range(0, count, 10_000):
        made = (
            replace(A_DECISION, id=f"d-{n}", account=draw.getrandbits(63), from_ms=now_ms, until_ms=ends, at_ms=now_ms)
            for n in range(start, start + 10_000)
        )
        record(database, list(made), now_ms)
    database.close()


def bench_standing(store: Path) -> None:
    """Look accounts up in a table of 100,000 decisions, one in two of them known."""
    table, draw = StoreStandings(store, 30.0), random.Random(1)  # noqa: S311
    known = [row[0] for row in sqlite3.connect(store).execute("SELECT account FROM decisions LIMIT 50000")]
    accounts = [*known, *(draw.getrandbits(63) for _ in known)]
    draw.shuffle(accounts)
    now_ms = int(time.time() * 1000)
    begin = time.perf_counter()
    for account in accounts:
        table.get(account, now_ms)
    each = (time.perf_counter() - begin) / len(accounts) * 1e6
    begin = time.perf_counter()
    for _ in range(1_000):
        table.refresh()
    refresh = (time.perf_counter() - begin) * 1e3
    print(f"\n## Standing\n{len(accounts):,} look-ups among {len(known) * 2:,} decisions: {each:.2f} us each; a refresh "
          f"without news {refresh:.1f} us")  # fmt: skip


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["all"])
    parser.add_argument("--unmimic", default="")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--pace")
    parser.add_argument("--model", action="store_true")
    asked = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (60_000, max(60_000, hard)))
        soft = hard = 60_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 60_000)), hard))
    if asked.pace or asked.model:
        told = json.loads(asked.pace) if asked.pace else []
        work = paced(*told[:2], told[2].encode(), *told[3:]) if told else model()
        # A full collection of the load maker's own would count as the gateway's time.
        gc.disable()
        out = uvloop.run(work)
        print(json.dumps(out))
        return
    every = "all" in asked.what
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, Python {platform.python_version()}, "
          f"{os.cpu_count()} cores, load {' '.join(f'{x:.1f}' for x in os.getloadavg())}")  # fmt: skip
    with tempfile.TemporaryDirectory() as name, running([sys.executable, __file__, "--model"], MODEL, 1):
        folder = Path(name)
        decided(folder / "decisions.db", 100_000)
        if every or "calls" in asked.what:
            bench_calls(folder, asked.unmimic, asked.seconds)
        if every or "streams" in asked.what:
            bench_streams(folder, asked.unmimic, asked.seconds)
        if every or "paced" in asked.what:
            bench_paced(folder)
        if every or "idle" in asked.what:
            bench_idle(folder)
        if every or "decide" in asked.what:
            bench_decide(folder, asked.seconds)
        if every or "standing" in asked.what:
            bench_standing(folder / "decisions.db")
    print(f"\nload at the end {' '.join(f'{x:.1f}' for x in os.getloadavg())}")


if __name__ == "__main__":
    main()
