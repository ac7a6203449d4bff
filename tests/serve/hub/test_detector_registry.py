"""The registry of detectors: what names an unknown one is refused, once the exchange knows any."""

from __future__ import annotations

import json
import uuid
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.asgi_call import call
from serve.hub.hubs import GREEN
from serve.hub.judging import Judging, extension
from stillwatch.model.errors import InputError
from stillwatch.sharing.detector import SOURCES, claimed_sha256, content_sha256, digest_of
from stillwatch.store.exchange import detectors
from stillwatch.store.exchange.detectors import Detector, add, registered, remove

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN, UNKNOWN = "a" * 64, "b" * 64


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Judging]:
    made = Judging(tmp_path)
    yield made
    made.close()


def group(number: int, **part: Any) -> dict[str, Any]:
    more = {"extensions": extension(**part)} if part else {}
    return {
        "type": "grouping",
        "spec_version": "2.1",
        "id": f"grouping--{uuid.UUID(int=number, version=4)}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "context": "suspicious-activity",
        "object_refs": [f"campaign--{uuid.UUID(int=1, version=4)}"],
        "object_marking_refs": [GREEN],
        **more,
    }


def test_an_empty_registry_checks_nothing_and_a_full_one_refuses_what_it_does_not_know(hub: Judging) -> None:
    assert hub.give("ada", group(1, detector_sha256=UNKNOWN))["success_count"] == 1
    with hub.world.file.writing() as connection:
        add(connection, Detector("stillwatch", KNOWN, 5))
    told = hub.give(
        "ada", group(2, detector_sha256=UNKNOWN), group(3, detector_sha256=KNOWN), group(4), group(5, size_bucket="1")
    )
    assert (told["success_count"], told["failure_count"]) == (3, 1)
    assert told["failures"][0]["id"] == group(2)["id"]
    assert "/v1/detectors" in told["failures"][0]["message"]
    assert UNKNOWN not in json.dumps(told)
    assert len(hub.pages("bob")) == 4
    with hub.world.file.writing() as connection:
        remove(connection, KNOWN)
    assert hub.give("ada", group(2, detector_sha256=UNKNOWN))["success_count"] == 1


def test_members_read_the_registry_and_nobody_else(hub: Judging) -> None:
    with hub.world.file.writing() as connection:
        add(connection, Detector("new", KNOWN, 9))
        add(connection, Detector("old", UNKNOWN, 3))
    told = hub.ask("bob", "GET", "/v1/detectors").json["detectors"]
    assert told == [
        {"name": "old", "sha256": UNKNOWN, "since_us": 3},
        {"name": "new", "sha256": KNOWN, "since_us": 9},
    ]
    assert hub.ask("bob", "GET", "/v1/detectors", query="since=3").json["detectors"] == told[1:]
    assert hub.ask("bob", "POST", "/v1/detectors", {}).status == 405
    assert hub.ask("bob", "GET", "/v1/detectors/x").status == 404
    assert call(hub.world.hub, "GET", "/v1/detectors").status == 401


def test_registering(hub: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "MOST_DETECTORS", 1)
    with hub.world.file.writing() as connection:
        with pytest.raises(InputError, match="detector list"):
            remove(connection, KNOWN)
        add(connection, Detector("one", KNOWN, 1))
        with pytest.raises(InputError, match="is registered"):
            add(connection, Detector("two", KNOWN, 2))
        with pytest.raises(InputError, match="at most 1 "):
            add(connection, Detector("two", UNKNOWN, 2))
        assert registered(connection, KNOWN)
        assert not registered(connection, UNKNOWN)


def test_the_digest_is_of_what_makes_offers() -> None:
    package = files("stillwatch")
    paths = [path for name in SOURCES for path in _paths(package.joinpath(name), name)]
    assert {path.split("/")[0] for path in paths} == set(SOURCES)
    assert "sketches/topics.npz" in paths
    assert not [path for path in paths if "/cases/" in path]
    own = {path: package.joinpath(path).read_bytes() for path in paths}
    assert content_sha256() == digest_of(own)
    for path in ("coordination/coordinate.py", "detectors/content/shapes.json", "offers.py", "sketches/topics.npz"):
        assert digest_of({**own, path: own[path] + b"\n"}) != content_sha256()


def _paths(at: Any, path: str) -> Iterator[str]:
    if at.is_file():
        if path.endswith((".py", ".json", ".toml", ".npz")):
            yield path
        return
    for one in at.iterdir():
        if one.name != "cases":
            yield from _paths(one, f"{path}/{one.name}")


def test_ends_of_lines_of_text_do_not_count_and_bytes_of_tables_do() -> None:
    assert digest_of({"a.py": b"x\r\ny\r\n"}) == digest_of({"a.py": b"x\ny\n"})
    assert digest_of({"a.npz": b"x\r\n"}) != digest_of({"a.npz": b"x\n"})
    assert digest_of({"a.py": b"x"}) != digest_of({"b.py": b"x"})


@given(
    st.binary(max_size=120)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda s: st.dictionaries(st.sampled_from(["extensions", *extension(), "detector_sha256"]), s),
    ).map(lambda v: json.dumps(v).encode())
)
def test_a_claim_is_read_out_of_anything(content: bytes) -> None:
    assert isinstance(claimed_sha256(content), str)
