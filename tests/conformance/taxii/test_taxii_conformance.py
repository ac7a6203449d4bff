"""What the standard asks of a server, by section."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from conformance.taxii.tested import MEDIA, indicator

if TYPE_CHECKING:
    import requests

    from conformance.taxii.tested import Tested

pytestmark = [pytest.mark.enable_socket]
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
FIRST, LAST = "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"


def is_error(answer: requests.Response, status: int) -> None:
    """3.6.1: an error message resource with a title; its status is a string."""
    assert answer.status_code == status, answer.text
    assert typed(answer)
    body = answer.json()
    assert isinstance(body["title"], str)
    assert body.get("http_status", str(status)) == str(status)


def typed(answer: requests.Response) -> bool:
    kind = answer.headers["Content-Type"].replace(" ", "").lower()
    return kind.split(";")[0] == "application/taxii+json" and kind.split(";")[1:] in ([], ["version=2.1"])


def pages(tested: Tested, url: str, **params: Any) -> list[requests.Response]:
    found = [tested.get(url, **params)]
    while found[-1].json().get("more"):
        page = found[-1].json()
        # 3.7.1: where next is empty a client goes on from the last date.
        going = {"next": page["next"]} if page.get("next") else {"added_after": found[-1].headers[LAST]}
        found.append(tested.get(url, **{**params, **going}))
        assert len(found) < 1000, "paging does not end"
    return found


# --- 1.6, 3: HTTP ---


def test_1_6_8_answers_are_of_the_media_type(tested: Tested) -> None:
    for url in (tested.discovery, tested.root, tested.root + "collections/", tested.objects, tested.manifest):
        assert typed(tested.get(url)), url


@pytest.mark.parametrize("accept", [MEDIA, "application/taxii+json", "application/taxii+json; version=2.1", "*/*"])
def test_1_6_8_1_what_a_client_accepts_is_answered(tested: Tested, accept: str) -> None:
    answer = tested.ask("GET", tested.discovery, headers={"Accept": accept})
    assert answer.status_code == 200
    assert typed(answer)


@pytest.mark.parametrize(
    "accept", ["application/taxii+json;version=9.9", "text/html", "application/vnd.oasis.taxii+json"]
)
def test_3_6_another_media_type_is_not_acceptable(tested: Tested, accept: str) -> None:
    is_error(tested.ask("GET", tested.discovery, headers={"Accept": accept}), 406)


def test_3_6_a_body_of_another_media_type_is_refused(tested: Tested) -> None:
    for kind in ("application/json", "application/taxii+json;version=2.0", "text/plain"):
        is_error(tested.ask("POST", tested.objects, data=b'{"objects":[]}', headers={"Content-Type": kind}), 415)


def test_8_2_nobody_unknown_is_let_in_and_is_told_how(tested: Tested) -> None:
    if not tested.auth and not tested.headers:
        pytest.skip("no credentials were given")
    answer = tested.ask("GET", tested.objects, known=False)
    is_error(answer, 401)
    assert answer.headers["WWW-Authenticate"]


# --- 4: discovery, API root, status ---


def test_4_1_discovery(tested: Tested) -> None:
    found = tested.get(tested.discovery).json()
    assert isinstance(found["title"], str)
    assert found.get("default", found["api_roots"][0]) in found["api_roots"]
    for url in found["api_roots"]:
        assert url.startswith(("https://", "http://")), "clients exist that take absolute URLs only"
        assert url.endswith("/")


def test_4_2_api_root(tested: Tested) -> None:
    found = tested.get(tested.root).json()
    assert isinstance(found["title"], str)
    assert MEDIA in found["versions"]
    assert isinstance(found["max_content_length"], int)
    assert found["max_content_length"] > 0


def test_4_3_a_status_adds_up_and_can_be_asked_for(tested: Tested) -> None:
    took = tested.add(indicator("status"), {"type": "indicator", "id": "broken"})
    assert took["total_count"] == 2
    assert took["success_count"] + took["failure_count"] + took["pending_count"] == took["total_count"]
    assert STAMP.fullmatch(took["request_timestamp"])
    answer = tested.get(f"{tested.root}status/{took['id']}/")
    assert answer.json()["id"] == took["id"]
    assert answer.json()["status"] in {"complete", "pending"}
    for name in ("successes", "failures", "pendings"):
        for one in answer.json().get(name, []):
            assert isinstance(one["id"], str)


def test_4_3_an_unknown_status_is_not_found(tested: Tested) -> None:
    is_error(tested.get(f"{tested.root}status/{uuid.uuid4()}/"), 404)


# --- 5.1, 5.2: collections ---


def test_5_1_collections_have_what_they_must(tested: Tested) -> None:
    for one in tested.get(tested.root + "collections/").json()["collections"]:
        assert str(uuid.UUID(one["id"])) == one["id"]
        assert isinstance(one["title"], str)
        assert isinstance(one["can_read"], bool)
        assert isinstance(one["can_write"], bool)
        assert tested.get(f"{tested.root}collections/{one['id']}/").json() == one


@pytest.mark.parametrize(
    "part", ["", "objects/", "manifest/", "objects/indicator--6ad1d7b5-7f5c-4a2a-8a2b-0f9ad4d9a001/"]
)
def test_5_2_an_unknown_collection_is_not_found(tested: Tested, part: str) -> None:
    is_error(tested.get(f"{tested.root}collections/{uuid.uuid4()}/{part}"), 404)


# --- 3.4, 3.5: filters and paging ---


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", ""])
def test_3_4_a_malformed_limit_is_refused(tested: Tested, limit: str) -> None:
    is_error(tested.ask("GET", tested.objects + f"?limit={limit}"), 400)


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01T00:00:00Z", "2026-01-01"])
def test_3_4_a_malformed_date_is_refused(tested: Tested, date: str) -> None:
    is_error(tested.get(tested.objects, added_after=date), 400)


def test_3_4_a_next_that_was_never_given_is_refused(tested: Tested) -> None:
    is_error(tested.get(tested.objects, next="never-given"), 400)


def test_3_4_added_after_leaves_out_the_date_itself(tested: Tested, before: str, twelve: list[dict[str, Any]]) -> None:
    found = tested.get(tested.objects, added_after=before, limit=3)
    assert found.json()["objects"] == twelve[:3]
    again = tested.get(tested.objects, added_after=found.headers[LAST], limit=3)
    assert again.json()["objects"] == twelve[3:6]


def test_3_4_nothing_after_the_future(tested: Tested) -> None:
    answer = tested.get(tested.objects, added_after="2099-01-01T00:00:00Z")
    assert answer.status_code == 200
    assert answer.json().get("objects", []) == []
    assert not answer.json().get("more")


@pytest.mark.parametrize("limit", [1, 5, 12, 13])
def test_3_5_pages_hold_all_once_in_order(
    tested: Tested, before: str, twelve: list[dict[str, Any]], limit: int
) -> None:
    found = pages(tested, tested.objects, added_after=before, limit=limit)
    assert all(len(page.json().get("objects", [])) <= limit for page in found)
    ids = [one["id"] for page in found for one in page.json().get("objects", [])]
    assert ids[:12] == [one["id"] for one in twelve]
    assert len(ids) == len(set(ids))


def test_3_5_added_after_and_next_go_together(tested: Tested, before: str, twelve: list[dict[str, Any]]) -> None:
    first = tested.get(tested.objects, added_after=before, limit=4)
    token = first.json()["next"]
    for date in (before, first.headers[LAST]):
        both = tested.get(tested.objects, added_after=date, limit=4, next=token)
        assert both.json()["objects"] == twelve[4:8]


def test_3_5_an_answer_is_bounded_without_a_limit(tested: Tested) -> None:
    assert len(tested.get(tested.objects).json()["objects"]) <= 10_000


def test_3_3_dates_are_in_the_headers_and_agree_with_the_manifest(
    tested: Tested, before: str, twelve: list[dict[str, Any]]
) -> None:
    found = tested.get(tested.objects, added_after=before, limit=5)
    rows = tested.get(tested.manifest, added_after=before, limit=5)
    dates = [row["date_added"] for row in rows.json()["objects"]]
    assert [row["id"] for row in rows.json()["objects"]] == [one["id"] for one in twelve[:5]]
    for answer in (found, rows):
        assert [answer.headers[FIRST], answer.headers[LAST]] == [dates[0], dates[-1]]
    assert all(STAMP.fullmatch(one) for one in dates)
    assert sorted(set(dates)) == dates, "each object has a date of its own, or no client pages past a batch"


def test_3_4_matches_narrow_and_add_up(tested: Tested, twelve: list[dict[str, Any]]) -> None:
    ids = f"{twelve[1]['id']},{twelve[2]['id']}"

    def found(**match: str) -> list[dict[str, Any]]:
        answer = tested.get(tested.objects, **{f"match[{name}]": value for name, value in match.items()})
        assert answer.status_code == 200, answer.text
        read: list[dict[str, Any]] = answer.json().get("objects", [])
        return read

    assert found(id=ids) == twelve[1:3]
    assert found(id=ids, type="indicator") == twelve[1:3]
    assert found(id=ids, type="campaign") == []
    assert found(id=ids, type="campaign,indicator", spec_version="2.1") == twelve[1:3]
    assert found(id=ids, spec_version="2.0") == []
    assert {one["type"] for one in found(type="indicator")} == {"indicator"}


def test_3_4_versions_are_the_last_unless_asked_for(tested: Tested) -> None:
    old = indicator("old")
    new = indicator("new", modified="2026-02-01T00:00:00.000Z", identity=old["id"])
    newest = indicator("newest", modified="2026-03-01T00:00:00.000Z", identity=old["id"])
    for one in (old, new, newest):
        tested.add(one)
    url = tested.objects + old["id"] + "/"

    def found(version: str = "") -> list[str]:
        params = {"match[version]": version} if version else {}
        return [one["name"] for one in tested.get(url, **params).json()["objects"]]

    assert found() == ["newest"]
    assert found("last") == ["newest"]
    assert found("first") == ["old"]
    assert sorted(found("all")) == ["new", "newest", "old"]
    assert sorted(found("first,last")) == ["newest", "old"]
    assert found("2026-02-01T00:00:00.000Z") == ["new"]
    versions = [one for page in pages(tested, url + "versions/", limit=2) for one in page.json()["versions"]]
    assert [one[:7] for one in sorted(versions)] == ["2026-01", "2026-02", "2026-03"]


# --- 5.3 to 5.8: objects ---


def test_5_4_what_is_added_is_read_back_as_it_was(tested: Tested, twelve: list[dict[str, Any]]) -> None:
    answer = tested.get(tested.objects + twelve[0]["id"] + "/")
    assert answer.json()["objects"] == [twelve[0]]
    assert answer.headers[FIRST] == answer.headers[LAST]


def test_5_4_the_same_again_is_no_new_object(tested: Tested) -> None:
    one = indicator("again")
    tested.add(one)
    first = tested.get(tested.objects + one["id"] + "/").headers[LAST]
    assert tested.add(one)["failure_count"] == 0
    answer = tested.get(tested.objects + one["id"] + "/", **{"match[version]": "all"})
    assert [answer.json()["objects"], answer.headers[LAST]] == [[one], first]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"objects": 1}', b'{"objects": [1', b"\xff"])
def test_5_4_a_malformed_envelope_is_refused(tested: Tested, body: bytes) -> None:
    is_error(tested.ask("POST", tested.objects, data=body, headers={"Content-Type": MEDIA}), 400)


def test_5_4_a_body_longer_than_stated_is_refused(tested: Tested) -> None:
    most = tested.get(tested.root).json()["max_content_length"]
    if most > 64 << 20:
        pytest.skip("the server takes more than this test sends")
    body = b'{"objects":[]' + b" " * most + b"}"
    is_error(tested.ask("POST", tested.objects, data=body, headers={"Content-Type": MEDIA}), 413)


def test_5_6_an_unknown_object_is_not_found(tested: Tested) -> None:
    unknown = f"indicator--{uuid.uuid4()}"
    is_error(tested.get(f"{tested.objects}{unknown}/"), 404)
    is_error(tested.get(f"{tested.objects}{unknown}/versions/"), 404)


def test_5_3_a_manifest_row_has_what_it_must(tested: Tested, twelve: list[dict[str, Any]]) -> None:
    [row] = tested.get(tested.manifest, **{"match[id]": twelve[0]["id"]}).json()["objects"]
    assert row["id"] == twelve[0]["id"]
    assert row["version"].startswith("2026-01-01T00:00:00.000")
    assert row.get("media_type", "application/stix+json;version=2.1").startswith("application/stix+json")


def test_5_3_a_manifest_pages_to_its_end(tested: Tested, before: str, twelve: list[dict[str, Any]]) -> None:
    found = pages(tested, tested.manifest, added_after=before, limit=5)
    ids = [row["id"] for page in found for row in page.json().get("objects", [])]
    assert ids[:12] == [one["id"] for one in twelve]


def test_3_6_a_method_that_is_not_taken_says_which_are(tested: Tested) -> None:
    for method in ("PUT", "PATCH"):
        answer = tested.ask(method, tested.objects, headers={"Content-Type": MEDIA})
        is_error(answer, 405)
        assert "GET" in answer.headers["Allow"]


def test_5_7_a_deletion_is_done_or_refused_openly(tested: Tested) -> None:
    one = indicator("deletion")
    tested.add(one)
    answer = tested.ask("DELETE", tested.objects + one["id"] + "/")
    assert answer.status_code in {200, 403, 405}
    left = tested.get(tested.objects + one["id"] + "/").status_code
    assert left == (404 if answer.status_code == 200 else 200)
