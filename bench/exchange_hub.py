"""The hub: objects a second taken in, and pages out of small and large collections.

    python bench/exchange_hub.py [--objects 100000,1000000] [--batch 100] [--total 20000]

The hub is `stillwatch hub serve` in a process of its own, over loopback: signed requests and bodies, every object
checked as STIX, rights, the transparency log in the same transaction with its checkpoints, fsync. The sender signs its
requests beforehand, so that its own work is not counted. Large collections are filled through the store, not over HTTP.
Objects have about 1.2 kB.
"""

from __future__ import annotations

import argparse
import atexit
import base64
import http.client
import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillwatch.model.exchange import Entry
from stillwatch.model.membership import Member, Purpose, Role, State, Tlp
from stillwatch.serve.hub.joining import key_id
from stillwatch.serve.hub.signatures import sign
from stillwatch.sharing.membership.handling import handling_of
from stillwatch.sharing.taxii.incoming import read_entries
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.sharing.taxii.times import moment
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import add_collection, set_group
from stillwatch.store.exchange.members import accept, add_credential, fingerprint, invite
from stillwatch.store.exchange.objects import submit

GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
BOTH = Role.READER | Role.CONTRIBUTOR


def now_us() -> int:
    """Read the clock (us since 1970)."""
    return time.time_ns() // 1000


def one(number: int) -> bytes:
    """Write one object of about 1.2 kB."""
    identity = uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % (1 << 128), version=4)
    made = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{identity}",
        "created_by_ref": "identity--a1b2c3d4-0000-4000-8000-000000000001",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": f"prompt template {number}",
        "description": "A prompt template seen from several accounts at once. " * 3,
        "indicator_types": ["malicious-activity"],
        "pattern": "minhash:v1:n=5,k=128,b=32:" + base64.b64encode(bytes(256)).decode(),
        "pattern_type": "prompt-minhash",
        "valid_from": "2026-01-01T00:00:00Z",
        "object_marking_refs": [GREEN],
        "extensions": {
            "extension-definition--0f9c1a2e-4b6d-4c8e-9a0b-1c2d3e4f5a6b": {"extension_type": "property-extension"}
        },
    }
    return json.dumps(made).encode()


class World:
    """A hub's file with two members, one collection."""

    def __init__(self, folder: Path) -> None:
        self.file = HubFile(folder / "hub.db")
        self.key = Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes_raw()
        self.key_id, self.secret, self.collection = key_id(public), secrets.token_urlsafe(32), str(uuid.uuid4())
        token = secrets.token_bytes(32)
        with self.file.writing() as connection:
            asked = Member(0, str(uuid.uuid4()), "ada", State.INVITED, BOTH, Tlp.RED, Purpose.DETECT)
            invite(connection, asked, token, now_us())
            self.member = accept(connection, token, self.key_id, public, now_us())
            invite(connection, Member(0, str(uuid.uuid4()), "bob", State.INVITED, BOTH), b"0" * 32, now_us())
            add_credential(connection, self.member, "sbench", "secret", fingerprint(self.secret.encode()), now_us())
            self.group = set_group(connection, str(uuid.uuid4()), "labs", [1, 2], now_us())
            self.number = add_collection(connection, self.collection, "Campaigns", "", self.group)

    @property
    def path(self) -> str:
        """Path of the objects."""
        return f"/api/collections/{self.collection}/objects/"

    def fill(self, first: int, last: int, owner: int = 2, tlp: Tlp | None = None) -> None:
        """Put objects into the collection, past HTTP."""
        for at in range(first, last, 5000):
            entries, _ = read_entries([one(n) for n in range(at, min(at + 5000, last))], handling_of, lambda _: ())
            if tlp is not None:
                entries = [
                    Entry(e.id, e.type, e.version_us, e.revoked, tlp, e.purposes, e.body, e.digest) for e in entries
                ]
            with self.file.writing() as connection:
                submit(connection, self.number, self.group.version, owner, entries, now_us())


def started(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start the hub, and wait until it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = ["hub", "serve", "--store", str(folder / "hub.db"), "--port", str(port), "--rate", "1000000"]
    words += ["--objects-a-day", "1000000000"]
    process = subprocess.Popen([sys.executable, "-m", "stillwatch", *words], stdout=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            break
    return process, port


def ingest(world: World, port: int, batch: int, total: int, senders: int, first: int) -> tuple[float, float]:
    """Objects a second at so many senders at once, and ms for one request (median)."""
    base, made = f"http://127.0.0.1:{port}", []
    for at in range(0, total, batch):
        body = b'{"objects":[' + b",".join(one(first + n) for n in range(at, at + batch)) + b"]}"
        nonce = secrets.token_urlsafe(16)
        made.append((body, sign(world.key, world.key_id, nonce, now_us(), "POST", base + world.path, body, TAXII)))
    took: list[float] = []

    def send(mine: list[tuple[bytes, dict[str, str]]]) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port)
        for body, headers in mine:
            began = time.perf_counter()
            line.request("POST", world.path, body, headers)
            answer = line.getresponse()
            content = answer.read()
            took.append(time.perf_counter() - began)
            if answer.status != 202 or b'"failure_count":0' not in content:
                raise SystemExit(content[:500])

    threads = [threading.Thread(target=send, args=(made[place::senders],)) for place in range(senders)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - began
    return total / whole, sorted(took)[len(took) // 2] * 1000


def timed(world: World, port: int, queries: list[str]) -> tuple[float, float]:
    """Milliseconds of a page, p50 and p95."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer sbench.{world.secret}", "Accept": TAXII}
    took = []
    for query in queries:
        began = time.perf_counter()
        line.request("GET", world.path + query, headers=headers)
        answer = line.getresponse()
        answer.read()
        took.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise SystemExit(f"{answer.status} {query}")
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.95)]


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Processor time of the hub so far (s)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def walk(world: World, port: int) -> tuple[int, float]:
    """Read everything: how many objects, and seconds."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer sbench.{world.secret}", "Accept": TAXII}
    count, query, began = 0, "", time.perf_counter()
    while True:
        line.request("GET", world.path + query, headers=headers)
        page = json.loads(line.getresponse().read())
        count += len(page["objects"])
        if not page.get("more"):
            return count, time.perf_counter() - began
        query = f"?next={page['next']}"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", default="100000,1000000")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--total", type=int, default=20_000)
    asked = parser.parse_args()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{platform.python_version()}, {os.cpu_count()} cores, load {load}, object of {len(one(1)):,} bytes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = World(folder)
        process, port = started(folder)
        atexit.register(process.kill)
        filled, fresh = 0, 10_000_000
        for size in [0, *map(int, filter(None, asked.objects.split(",")))]:
            began, others = moment(now_us()), size - filled
            world.fill(filled, size)
            filled = size
            with world.file.reading() as connection:
                dates = connection.execute(
                    "SELECT date_added FROM objects ORDER BY date_added LIMIT 1 OFFSET ?", (size // 2,)
                ).fetchone()
            for senders in (1, 2, 4):
                before = cpu_s(process)
                rate, ms = ingest(world, port, asked.batch, asked.total, senders, fresh)
                fresh += asked.total
                cpu_us = (cpu_s(process) - before) / asked.total * 1e6
                print(
                    f"at {size:>9,}: {senders} sender(s), batch {asked.batch}: {rate:>8,.0f} objects/s, "
                    f"{ms:.1f} ms a request, {cpu_us:.0f} us of processor an object"
                )
            if not size:
                continue
            middle = moment(dates[0])
            pages = {
                "first 100": "?limit=100",
                "middle 100": f"?limit=100&added_after={middle}",
                "1000": f"?limit=1000&added_after={middle}",
                "match[type], nothing": "?match[type]=campaign",
                "match[type], 100 of all": f"?limit=100&match[type]=indicator&added_after={middle}",
            }
            for words, query in pages.items():
                p50, p95 = timed(world, port, [query] * 300)
                print(f"at {size:>9,}: {words:<26} p50 {p50:7.2f} ms  p95 {p95:7.2f} ms")
            count, whole = walk(world, port)
            print(f"at {size:>9,}: full walk of {count:,} in {whole:.2f} s")
        with world.file.writing() as connection:
            connection.execute("UPDATE members SET ceiling = 1, purposes = 4 WHERE number = 1")
        p50, p95 = timed(world, port, [f"?limit=100&added_after={began}"] * 20)
        print(
            f"worst case, {others:,} objects in a row that the member may not read: p50 {p50:.1f} ms  p95 {p95:.1f} ms"
        )
        process.terminate()
        print(f"file: {(folder / 'hub.db').stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
