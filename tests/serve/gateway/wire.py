"""Bytes to a server and back, for what no SDK would send."""

from __future__ import annotations

import json
import socket
import time

BODY = json.dumps({"model": "m-1", "messages": [{"role": "user", "content": "Water?"}]}).encode()


def request(
    body: bytes = BODY, *, head: str = "", path: str = "/v1/chat/completions", method: str = "POST", key: str = "sk-1"
) -> bytes:
    fields = f"host: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n{head}"
    length = f"content-length: {len(body)}\r\n" if "content-length" not in head and "chunked" not in head else ""
    return f"{method} {path} HTTP/1.1\r\n{fields}{length}\r\n".encode() + body


def talk(port: int, *pieces: bytes, wait_s: float = 5.0, pause_s: float = 0.0) -> bytes:
    """Send pieces, give everything that comes back until the server closes or says nothing for a while."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 5) as wire:
        try:
            for piece in pieces:
                wire.sendall(piece)
                time.sleep(pause_s)
        except (BrokenPipeError, ConnectionResetError):
            pass
        wire.settimeout(wait_s)
        try:
            while chunk := wire.recv(65_536):
                got += chunk
                if whole(got):
                    break
        except (TimeoutError, ConnectionResetError):
            pass
    return got


def whole(got: bytes) -> bool:
    head, end, body = got.partition(b"\r\n\r\n")
    if not end:
        return False
    lowered = head.lower()
    if b"content-length: " in lowered:
        return len(body) >= int(lowered.split(b"content-length: ")[1].split(b"\r\n")[0])
    return b"chunked" in lowered and body.endswith(b"0\r\n\r\n")


def status(got: bytes) -> int:
    return int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else 0


def post(port: int, tree: object, **more) -> tuple[int, dict[str, str], bytes]:
    """Post JSON, give status, headers and body."""
    raw = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    got = talk(port, request(raw, head="connection: close\r\n" + more.pop("head", ""), **more))
    head, _, body = got.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
    if fields.get("transfer-encoding") == "chunked":
        body = unchunked(body)
    return status(got), fields, body


def unchunked(body: bytes) -> bytes:
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        out, body = out + body[:length], body[length + 2 :]
    return out
