"""A hub with opinions, dockets and detectors mounted, and a short way to ask it."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from serve.asgi_call import Answer, call
from serve.hub.hubs import GREEN, World, world
from stillwatch.serve.hub.judging import mounts
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.sharing.stix.extension import EXTENSION_ID
from stillwatch.store.exchange.groups import add_collection, set_group
from stillwatch.store.exchange.subjects import nobody

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.model.exchange import Record
    from stillwatch.store.exchange.held import Flood
    from stillwatch.store.exchange.subjects import Concerns


class Judging:
    """The hub, what it logged, and its members ``ada`` and ``bob``."""

    def __init__(self, folder: Path, concerns: Concerns = nobody, flood: Flood | None = None, **more: Any) -> None:
        self.records: list[Record] = []
        self.submitting = Submitting(appended=lambda _, records: self.records.extend(records), flood=flood, **more)
        self.world: World = world(folder, submitting=self.submitting)
        self.world.hub.mounts |= mounts(self.world.hub, self.world.file, self.submitting.taking, concerns)

    def close(self) -> None:
        self.world.hub.close()
        self.world.file.close()

    def ask(self, who: str, method: str, path: str, sent: Any = None, query: str = "") -> Answer:
        headers = {"Authorization": self.world.people[who].bearer}
        body = b"" if sent is None else json.dumps(sent).encode()
        return call(self.world.hub, method, path, body, headers, query=query)

    def say(self, who: str, subject: str, stance: str, **more: Any) -> Answer:
        return self.ask(who, "POST", "/v1/opinions", {"subject": subject, "stance": stance, **more})

    def heard(self, who: str, since: int = 0) -> dict[str, dict[str, Any]]:
        answer = self.ask(who, "GET", "/v1/opinions", query=f"since={since}")
        assert answer.status == 200, answer.body
        return {one["subject"]: one for one in answer.json["opinions"]}

    def dockets(self, who: str, since: int = 0) -> list[dict[str, Any]]:
        answer = self.ask(who, "GET", "/v1/dockets", query=f"since={since}")
        assert answer.status == 200, answer.body
        return list(answer.json["dockets"])

    def give(self, who: str, *objects: dict[str, Any], path: str = "") -> dict[str, Any]:
        answer = self.world.post(who, list(objects), path)
        assert answer.status == 202, answer.body
        return dict(answer.json)

    def pages(self, who: str) -> list[dict[str, Any]]:
        return list(self.world.get(who, self.world.objects).json.get("objects", []))

    def other_collection(self, *names: str) -> str:
        """Add a collection of a group of its own; gives the path of its objects."""
        identity = str(uuid.uuid4())
        with self.world.file.writing() as connection:
            numbers = [self.world.people[name].member.number for name in names]
            group = set_group(connection, str(uuid.uuid4()), "others", numbers, self.world.clock())
            add_collection(connection, identity, "Other", "", group)
        return f"/api/collections/{identity}/objects/"


def opinion(number: int, about: list[str], said: str, day: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "type": "opinion",
        "spec_version": "2.1",
        "id": f"opinion--{uuid.UUID(int=number, version=4)}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": f"2026-01-{day:02}T00:00:00.000Z",
        "opinion": said,
        "object_refs": about,
        "object_marking_refs": [GREEN],
        **more,
    }


def extension(**part: Any) -> dict[str, Any]:
    return {EXTENSION_ID: {"extension_type": "property-extension", **part}}
