"""Model, proxies and load for ``bench/gateway.py``: a mock model API, the commands that serve, wrk, paced load."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Write one event of a stream."""
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
        """Begin."""
        self.transport = transport
        self.buffer = b""
        self.streams: set[asyncio.Future[None]] = set()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            found = re.search(rb"content-length: (\d+)", head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + 4 : whole], self.buffer[whole:]
            if b'"stream": true' in body or b'"stream":true' in body:
                pace = re.search(rb"x-pace: (\d+)", head)
                task = asyncio.ensure_future(self.stream(int(pace[1]) / 1000 if pace else 0, idle=b"x-idle" in head))
                self.streams.add(task)
                task.add_done_callback(self.streams.discard)
            else:
                self.transport.write(HEAD + ANSWER)

    async def stream(self, pace_s: float, *, idle: bool) -> None:
        """Write a stream."""
        one = event(" meander")
        framed = b"%x\r\n%s\r\n" % (len(one), one)
        self.transport.write(STREAM_HEAD + framed)
        if idle:
            return
        for _ in range(EVENTS - 1):
            await asyncio.sleep(pace_s)
            if self.transport.is_closing():
                return
            self.transport.write(framed)
        done = b"data: [DONE]\n\n"
        self.transport.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(done), done))


async def model() -> None:
    """Serve the mock model API."""
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", MODEL, backlog=8192)
    await server.serve_forever()


def ours(folder: Path, *, records: bool = True) -> list[str]:
    """Write a configuration, give the command that serves it: with a store and records, or without both."""
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
    command = [sys.executable, "-m", "stillwatch", "gateway", "--config", str(folder / "gateway.yaml")]
    if not records:
        return command
    return [*command, "--store", str(folder / "decisions.db"), "--spool", str(folder / "spool")]


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
    on = [(k.decode(), v.decode()) for k, v in scope["headers"] if k not in (b"host", b"content-length", b"connection")]
    async with held[0].post("http://127.0.0.1:{MODEL}" + scope["path"], data=body, headers=on) as answer:
        headers = [(k, v) for k, v in answer.raw_headers if k.lower() != b"transfer-encoding"]
        await send({{"type": "http.response.start", "status": 200, "headers": headers}})
        while chunk := await answer.content.readany():
            await send({{"type": "http.response.body", "body": chunk, "more_body": True}})
        await send({{"type": "http.response.body"}})
uvicorn.run(app, port={EMPTY}, loop="uvloop", http="httptools", access_log=False, log_level="error", lifespan="off")
"""
    return [sys.executable, "-c", code]


def theirs(python: str) -> list[str]:
    """Give the command of unmimic without its guards."""
    code = (
        "import uvicorn; from unmimic.proxy.app import create_app; "
        f"uvicorn.run(create_app('http://127.0.0.1:{MODEL}/v1'), port={THEIRS}, loop='uvloop', http='httptools', "
        "access_log=False, log_level='error')"
    )
    return [python, "-c", code]


def environment() -> dict[str, str]:
    """Give the environment of whatever serves."""
    return os.environ | {"PYTHONPATH": str(SRC)}


@contextlib.contextmanager
def running(command: list[str], port: int, core: int) -> Iterator[int]:
    """Serve on one core; gives the id."""
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
    """Give the processor time so far (s)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Give the memory held (MB)."""
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


async def listen(port: int, many: int, pace_ms: int) -> int:
    """Open paced streams at once and read them to their end; gives the bytes that came."""
    request = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-pace: %d\r\nconnection: close\r\n"
               b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % (pace_ms, len(STREAMED)) + STREAMED)  # fmt: skip

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        got = len(await reader.read())
        writer.close()
        return got

    return sum(await asyncio.gather(*(one() for _ in range(many))))


async def paced(port: int, path: str, body: bytes, rate: float, seconds: float, headers: str) -> dict[str, float]:
    """Send requests at fixed times over 32 connections, whether or not earlier ones were answered (ms)."""
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
    command = [
        sys.executable,
        str(HERE / "gateway.py"),
        "--pace",
        json.dumps([port, path, body.decode(), rate, seconds, headers]),
    ]
    out = subprocess.run(
        ["taskset", "-c", "1", *command], capture_output=True, text=True, check=True, env=environment()
    )
    return json.loads(out.stdout)
