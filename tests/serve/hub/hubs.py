"""A small hub to test against: members, a group, a collection; called directly or over loopback."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serve.asgi_call import Answer, call
from stillwatch.model.membership import Member, Purpose, Role, State, Tlp
from stillwatch.serve.hub.app import Hub
from stillwatch.serve.hub.joining import key_id
from stillwatch.serve.hub.settings import HubSettings
from stillwatch.serve.hub.signatures import sign
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import add_collection, set_group
from stillwatch.store.exchange.members import accept, add_credential, fingerprint, invite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.model.membership import Group
    from stillwatch.serve.hub.submitting import Submitting

START = 1_800_000_000_000_000
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
BOTH = Role.READER | Role.CONTRIBUTOR


@dataclass
class Clock:
    us: int = START
    step: int = 1

    def __call__(self) -> int:
        self.us += self.step
        return self.us


@dataclass
class Someone:
    member: Member
    key: Ed25519PrivateKey
    key_id: str
    user: str
    secret: str

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()

    @property
    def bearer(self) -> str:
        return f"Bearer {self.user}.{self.secret}"


@dataclass
class World:
    file: HubFile
    clock: Any
    hub: Hub
    base: str
    collection: str = ""
    plain: str = ""
    group: Group | None = None
    people: dict[str, Someone] = field(default_factory=dict)

    @property
    def objects(self) -> str:
        return f"/api/collections/{self.collection}/objects/"

    def get(self, who: str, path: str, query: str = "", **headers: str) -> Answer:
        named = {"Accept": TAXII, "Authorization": self.people[who].bearer, **headers}
        return call(self.hub, "GET", path, headers=named, query=query)

    def post(self, who: str, objects: list[Any], path: str = "", **headers: str) -> Answer:
        named = {"Accept": TAXII, "Content-Type": TAXII, "Authorization": self.people[who].bearer, **headers}
        return call(self.hub, "POST", path or self.objects, json.dumps({"objects": objects}).encode(), named)

    def signed(self, who: str, method: str, path: str, body: bytes | None = None, **more: Any) -> dict[str, str]:
        one = self.people[who]
        given = {"key": one.key, "key_id": one.key_id, "nonce": secrets.token_urlsafe(16), "at_us": self.clock()}
        made = sign(**{**given, **more}, method=method, target=self.base + path, body=body, content_type=TAXII)
        return {"Accept": TAXII, **made}

    def add_member(self, name: str, roles: Role = BOTH, ceiling: Tlp = Tlp.RED) -> Someone:
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        token, secret = secrets.token_bytes(32), secrets.token_urlsafe(32)
        made = Member(0, str(uuid.uuid4()), name, State.INVITED, roles, ceiling, Purpose.DETECT)
        now = self.clock()
        with self.file.writing() as connection:
            invite(connection, made, token, now)
            member = accept(connection, token, key_id(public), public, now)
            user = "s" + secrets.token_hex(8)
            add_credential(connection, member, user, "secret", fingerprint(secret.encode()), now)
        self.people[name] = Someone(member, key, key_id(public), user, secret)
        return self.people[name]

    def regroup(self, *names: str) -> Group:
        identity = self.group.id if self.group else str(uuid.uuid4())
        with self.file.writing() as connection:
            numbers = [self.people[name].member.number for name in names]
            self.group = set_group(connection, identity, "labs", numbers, self.clock())
        return self.group


def now_us() -> int:
    return time.time_ns() // 1000


def world(
    folder: Path,
    *,
    base: str = "https://hub.example",
    clock: Any = None,
    submitting: Submitting | None = None,
    **more: Any,
) -> World:
    file = HubFile(folder / "hub.db")
    ticking = clock or Clock()
    settings = replace(HubSettings(base, rate_per_s=1e6, burst=1_000_000), **more)
    hub = Hub(settings, file, bytes(range(32)), ticking, submitting)
    made = World(file, ticking, hub, base)
    for name in ("ada", "bob"):
        made.add_member(name)
    group = made.regroup("ada", "bob")
    made.collection, made.plain = str(uuid.uuid4()), str(uuid.uuid4())
    with file.writing() as connection:
        number = add_collection(connection, made.collection, "Campaigns", "What members saw", group)
        add_collection(connection, made.plain, "Plain", "For other platforms", group, number)
    return made


def indicator(number: int, *, modified: str = "2026-01-01T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, str(number))
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{str(identity)[:14]}4{str(identity)[15:]}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": modified,
        "name": f"template {number}",
        "pattern": f"[user-account:user_id = 'oprf1:1:email:v1:{number:032x}']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        "object_marking_refs": [GREEN],
        **more,
    }


@contextlib.contextmanager
def served(made: World, port: int) -> Iterator[World]:
    config = uvicorn.Config(made.hub, host="127.0.0.1", port=port, log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(500):
        if server.started:
            break
        time.sleep(0.01)
    try:
        yield made
    finally:
        server.should_exit = True
        thread.join(10)
        made.hub.close()
        made.file.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
