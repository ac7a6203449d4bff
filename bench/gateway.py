"""The gateway under load: beside unmimic, at half load, streams, idle streams, the decision endpoint.

    python bench/gateway.py [--unmimic PYTHON] [--seconds S] [all|calls|streams|idle|decide ...]

Needs wrk and taskset (Debian: apt-get install wrk util-linux). The proxy under test runs alone on core 0; the mock
model API and the load maker share core 1. PYTHON is the interpreter of an environment with unmimic 0.1.0, which runs
without its guards: the least it can do. Processor time is that of the proxy's process, from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SRC = HERE.parent / "src"
MODEL, OURS, THEIRS, EMPTY = 8491, 8492, 8493, 8494
SECRET = "bench-secret-0123456789"  # noqa: S105  of a bench
TURN = "Explain in two sentences why rivers meander, and give one example. " * 9
BODY = json.dumps({"model": "m-1", "messages": [{"role": "user", "content": TURN}], "temperature": 0.7}).encode()
STREAMED = json.dumps({"model": "m-1", "messages": [{"role": "user", "content": TURN}], "stream": True}).encode()
QUESTION = json.dumps({"account": "team-17"}).encode()
CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764000000, "model": "m-1"}
EVENTS = 200


def event(text: str) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    return b"data: " + json.dumps({**CHUNK, "choices": [choice]}).encode() + b"\n\n"


MESSAGE = {"role": "assistant", "content": "Rivers meander because. " * 20}
ANSWER = json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "created": 1764000000, "model": "m-1",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 120, "completion_tokens": 80, "total_tokens": 200}}).encode()  # fmt: skip
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Model(asyncio.Protocol):
    """Answers at once, streams EVENTS events one a turn of the loop, or one event and then nothing (x-idle)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            found = re.search(rb"content-length: (\d+)", head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + 4 : whole], self.buffer[whole:]
            if b'"stream": true' in body or b'"stream":true' in body:
                asyncio.ensure_future(self.stream(b"x-idle" in head))
            else:
                self.transport.write(HEAD + ANSWER)

    async def stream(self, idle: bool) -> None:
        one = event(" meander")
        framed = b"%x\r\n%s\r\n" % (len(one), one)
        self.transport.write(STREAM_HEAD + framed)
        if idle:
            return
        for _ in range(EVENTS - 1):
            await asyncio.sleep(0)
            if self.transport.is_closing():
                return
            self.transport.write(framed)
        done = b"data: [DONE]\n\n"
        self.transport.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(done), done))


async def model() -> None:
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", MODEL, backlog=8192)
    await server.serve_forever()


def ours(folder: Path) -> list[str]:
    """Write a configuration, give the command that serves it."""
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    if not (folder / "stillwatch.key").exists():
        subprocess.run(
            [sys.executable, "-m", "stillwatch", "key", "new", str(folder / "stillwatch.key")],
            check=True,
            env=environment(),
            stdout=subprocess.DEVNULL,
        )
    tree = {
        "listen": {"port": OURS},
        "upstreams": {"default": {"url": f"http://127.0.0.1:{MODEL}"}},
        "decisions": {"secret_file": str(folder / "secret")},
        "accounts": {"anonymous": "own"},
        "limits": {"head_s": 60.0, "stalled_s": 600.0},
    }
    (folder / "gateway.yaml").write_text(json.dumps(tree))
    return [sys.executable, "-m", "stillwatch", "gateway", "--config", str(folder / "gateway.yaml")]


def empty() -> list[str]:
    """Give the command of the emptiest ASGI application there is, to know what the machine can do at this moment."""
    code = (
        "import uvicorn\n"
        "async def app(scope, receive, send):\n"
        " if scope['type'] != 'http': return\n"
        " await receive()\n"
        " await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'20')]})\n"
        " await send({'type': 'http.response.body', 'body': b'{\"decision\":\"allow\"}'})\n"
        f"uvicorn.run(app, port={EMPTY}, loop='uvloop', http='httptools', access_log=False, log_level='error', lifespan='off')"
    )
    return [sys.executable, "-c", code]


def bare() -> list[str]:
    """Give the command of uvicorn and aiohttp alone, passing chunks: what any proxy of these two costs at least."""
    code = f"""
import aiohttp, uvicorn
held = []
async def app(scope, receive, send):
    if scope["type"] != "http": return
    if not held: held.append(aiohttp.ClientSession(auto_decompress=False))
    body = (await receive())["body"]
    async with held[0].post("http://127.0.0.1:{MODEL}" + scope["path"], data=body) as answer:
        headers = [(k, v) for k, v in answer.raw_headers if k.lower() != b"transfer-encoding"]
        await send({{"type": "http.response.start", "status": 200, "headers": headers}})
        while chunk := await answer.content.readany():
            await send({{"type": "http.response.body", "body": chunk, "more_body": True}})
        await send({{"type": "http.response.body"}})
uvicorn.run(app, port={EMPTY}, loop="uvloop", http="httptools", access_log=False, log_level="error", lifespan="off")
"""
    return [sys.executable, "-c", code]


def theirs(python: str) -> list[str]:
    code = (
        "import uvicorn; from unmimic.proxy.app import create_app; "
        f"uvicorn.run(create_app('http://127.0.0.1:{MODEL}/v1'), port={THEIRS}, loop='uvloop', http='httptools', "
        "access_log=False, log_level='error')"
    )
    return [python, "-c", code]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(SRC)}


@contextlib.contextmanager
def running(command: list[str], port: int, core: int):
    process = subprocess.Popen(["taskset", "-c", str(core), *command], env=environment(), stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{command[:3]} does not serve")
        time.sleep(0.1)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    [line] = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def wrk(
    url: str, body: bytes, folder: Path, seconds: int, connections: int = 16, headers: tuple[str, ...] = ()
) -> dict[str, float]:
    """Full load from one thread; requests a second, p50 and p99 (ms)."""
    lines = ["wrk.method='POST'", f"wrk.body=[==[{body.decode()}]==]", "wrk.headers['content-type']='application/json'"]
    lines += [f"wrk.headers['{k}']='{v}'" for k, v in (h.split(": ") for h in headers)]
    (folder / "load.lua").write_text("\n".join(lines))
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(folder / "load.lua"),
        url,
    ]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(out)
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    at = {p: float(v) * units[u] for p, v, u in re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", out, re.MULTILINE)}
    return {"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "p50": at["50"], "p99": at["99"]}


async def paced(port: int, path: str, body: bytes, rate: float, seconds: float, headers: str) -> dict[str, float]:
    """Requests at fixed times over 32 connections, whether or not earlier ones were answered (ms)."""
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}content-length: {len(body)}\r\n\r\n"
    request, taken = head.encode() + body, []
    free: asyncio.Queue = asyncio.Queue()
    for _ in range(32):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def one(due: float) -> None:
        reader, writer = await free.get()
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"content-length: (\d+)", answer)[1]))
        taken.append((time.perf_counter() - due) * 1000)
        free.put_nowait((reader, writer))

    begin, tasks = time.perf_counter() + 0.1, []
    for i in range(int(rate * seconds)):
        due = begin + i / rate
        if (wait := due - time.perf_counter()) > 0.0002:
            await asyncio.sleep(wait)
        tasks.append(asyncio.ensure_future(one(due)))
    await asyncio.gather(*tasks)
    taken.sort()
    return {"p50": taken[len(taken) // 2], "p99": taken[int(len(taken) * 0.99)]}


def half_load(port: int, path: str, body: bytes, rate: float, seconds: float, headers: str = "") -> dict[str, float]:
    """Pace from a process of its own on core 1."""
    command = [sys.executable, __file__, "--pace", json.dumps([port, path, body.decode(), rate, seconds, headers])]
    out = subprocess.run(
        ["taskset", "-c", "1", *command], capture_output=True, text=True, check=True, env=environment()
    )
    return json.loads(out.stdout)


def bench_calls(folder: Path, python: str, seconds: int) -> None:
    print("\n## Unstreamed calls, 16 connections")
    print("| proxy | requests/s | requests per CPU-s of the proxy | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |")
    seen = {}
    targets = [
        ("none (mock alone)", None, MODEL),
        ("(uvicorn and aiohttp alone)", bare(), EMPTY),
        ("stillwatch", ours(folder), OURS),
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


async def hold(port: int, many: int) -> list[socket.socket]:
    """Open idle streams, and wait for the first event of each."""
    request = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-idle: 1\r\ncontent-type: application/json\r\n"
               b"content-length: %d\r\n\r\n" % len(STREAMED) + STREAMED)  # fmt: skip
    held, loop, room = [], asyncio.get_running_loop(), asyncio.Semaphore(100)

    async def one() -> None:
        async with room:
            sock = socket.socket()
            sock.setblocking(False)
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
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 60_000)), hard))
    if asked.pace or asked.model:
        import uvloop

        told = json.loads(asked.pace) if asked.pace else []
        work = paced(*told[:2], told[2].encode(), *told[3:]) if told else model()
        out = uvloop.run(work)
        print(json.dumps(out))
        return
    every = "all" in asked.what
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, Python {platform.python_version()}, "
          f"{os.cpu_count()} cores, load {' '.join(f'{x:.1f}' for x in os.getloadavg())}")  # fmt: skip
    with tempfile.TemporaryDirectory() as name, running([sys.executable, __file__, "--model"], MODEL, 1):
        folder = Path(name)
        if every or "calls" in asked.what:
            bench_calls(folder, asked.unmimic, asked.seconds)
        if every or "streams" in asked.what:
            bench_streams(folder, asked.unmimic, asked.seconds)
        if every or "idle" in asked.what:
            bench_idle(folder)
        if every or "decide" in asked.what:
            bench_decide(folder, asked.seconds)
    print(f"\nload at the end {' '.join(f'{x:.1f}' for x in os.getloadavg())}")


if __name__ == "__main__":
    main()
