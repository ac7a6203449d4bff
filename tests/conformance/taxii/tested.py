"""The server under test, and what is put into it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import requests

MEDIA = "application/taxii+json;version=2.1"


@dataclass
class Tested:
    """The server under test."""

    discovery: str
    headers: dict[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = None
    root: str = ""
    collection: str = ""

    def __post_init__(self) -> None:
        self.session = requests.Session()

    def ask(self, method: str, url: str, *, known: bool = True, **more: Any) -> requests.Response:
        headers = {"Accept": MEDIA, **(self.headers if known else {}), **more.pop("headers", {})}
        auth = self.auth if known else None
        return self.session.request(method, url, headers=headers, auth=auth, timeout=30, allow_redirects=False, **more)

    def get(self, url: str, **params: Any) -> requests.Response:
        return self.ask("GET", url, params=params)

    def add(self, *objects: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("POST", self.objects, json={"objects": list(objects)}, headers={"Content-Type": MEDIA})
        assert answer.status_code == 202, answer.text
        made: dict[str, Any] = answer.json()
        return made

    @property
    def objects(self) -> str:
        return f"{self.root}collections/{self.collection}/objects/"

    @property
    def manifest(self) -> str:
        return f"{self.root}collections/{self.collection}/manifest/"


def opened(one: Tested, collection: str) -> Tested:
    found = one.get(one.discovery).json()
    # Some give a relative one; a test of its own says that it may not be.
    one.root = urljoin(one.discovery, found.get("default") or found["api_roots"][0])
    every = one.get(one.root + "collections/").json()["collections"]
    one.collection = collection or next(row["id"] for row in every if row["can_read"] and row["can_write"])
    return one


def indicator(name: str, *, modified: str = "2026-01-01T00:00:00.000Z", identity: str = "") -> dict[str, Any]:
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": identity or f"indicator--{uuid.uuid4()}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": modified,
        "name": name,
        "pattern": "[url:value = 'https://conformance.example/']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    }
