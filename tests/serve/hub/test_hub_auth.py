"""Who asks: signatures, secrets, windows, rates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from serve.asgi_call import Answer, call
from serve.hub.hubs import START, World, indicator, world
from stillwatch.serve.hub.bounds import Nonces, Rates
from stillwatch.serve.hub.signatures import Unsigned, verified
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.store.exchange.members import leave, rotate, suspend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = json.dumps({"objects": [indicator(1)]}).encode()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path)
    yield made
    made.hub.close()
    made.file.close()


def get(hub: World, headers: dict[str, str], path: str = "/taxii2/", query: str = "") -> Answer:
    return call(hub.hub, "GET", path, headers=headers, query=query)


def post(hub: World, headers: dict[str, str], body: bytes = BODY) -> Answer:
    return call(hub.hub, "POST", hub.objects, body, headers)


def test_nobody_unknown_is_answered_and_the_answer_says_how(hub: World) -> None:
    for path in ("/taxii2/", "/api/", "/api/collections/", hub.objects, "/elsewhere/"):
        answer = get(hub, {}, path)
        assert answer.status == 401
        assert "www-authenticate" in answer.headers
        assert answer.json["http_status"] == "401"
        assert answer.headers["content-type"] == TAXII


@pytest.mark.parametrize("form", ["basic", "bearer"])
def test_a_secret_opens_and_a_wrong_one_does_not(hub: World, form: str) -> None:
    one = hub.people["ada"]
    good = getattr(one, form)
    one.secret = one.secret[:-1] + ("A" if one.secret[-1] != "A" else "B")

    assert get(hub, {"Authorization": good}).status == 200
    assert get(hub, {"Authorization": getattr(one, form)}).status == 401


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Basic 4pyT", "Bearer", "Bearer .", "Bearer x.y", "Digest a", "Bearer " + "a" * 9999],
)
def test_a_malformed_secret_is_refused(hub: World, header: str) -> None:
    assert get(hub, {"Authorization": header}).status == 401


def test_a_public_key_is_no_secret(hub: World) -> None:
    one = hub.people["ada"]
    with hub.file.reading() as connection:
        kept = connection.execute("SELECT value FROM credentials WHERE id = ?", (one.key_id,)).fetchone()[0]
    assert get(hub, {"Authorization": f"Bearer {one.key_id}.{kept.hex()}"}).status == 401


def test_a_signed_request_is_taken_once(hub: World) -> None:
    read, wrote = hub.signed("ada", "GET", "/taxii2/"), hub.signed("ada", "POST", hub.objects, BODY)

    assert [get(hub, read).status, get(hub, read).status] == [200, 401]
    assert [post(hub, wrote).status, post(hub, wrote).status] == [202, 401]


def test_a_signature_binds_body_method_target_and_type(hub: World) -> None:
    def signed() -> dict[str, str]:
        return hub.signed("ada", "POST", hub.objects, BODY)

    assert post(hub, signed(), BODY + b" ").status == 400
    assert call(hub.hub, "DELETE", hub.objects, b"", signed()).status == 401
    assert call(hub.hub, "POST", hub.objects, BODY, signed(), query="x=1").status == 401
    assert call(hub.hub, "POST", hub.objects.replace("objects", "manifest"), BODY, signed()).status == 401
    assert post(hub, {**signed(), "Content-Type": "application/taxii+json"}).status == 401
    assert post(hub, {**signed(), "Content-Digest": "sha-256=:AAAA:"}).status == 401
    assert post(hub, hub.signed("ada", "GET", hub.objects)).status == 401, "a body must be covered"
    assert get(hub, hub.signed("ada", "GET", "/api/"), "/taxii2/").status == 401


def test_a_clock_that_is_off_is_told_by_how_much(hub: World) -> None:
    hub.clock.us += 1000 * 1_000_000
    for off, words in ((-412, "412 s behind"), (500, "ahead of")):
        answer = get(hub, hub.signed("ada", "GET", "/taxii2/", at_us=hub.clock.us + off * 1_000_000))
        assert answer.status == 401
        assert words in answer.json["description"]
    for off in (-299, 299):
        assert get(hub, hub.signed("ada", "GET", "/taxii2/", at_us=hub.clock.us + off * 1_000_000)).status == 200


def test_what_was_signed_before_the_start_is_refused_for_its_nonces_are_forgotten(hub: World) -> None:
    answer = get(hub, hub.signed("ada", "GET", "/taxii2/", at_us=START - 2_000_000))
    assert answer.status == 401
    assert "sign again" in answer.json["description"]


def test_another_key_or_a_key_of_nobody_is_refused(hub: World) -> None:
    stolen = Ed25519PrivateKey.generate()
    assert get(hub, hub.signed("ada", "GET", "/taxii2/", key=stolen)).status == 401
    assert get(hub, hub.signed("ada", "GET", "/taxii2/", key_id="knobody")).status == 401
    user = hub.people["ada"].user
    assert get(hub, hub.signed("ada", "GET", "/taxii2/", key_id=user)).status == 401


def test_keys_overlap_when_rotated_and_end_when_a_member_leaves(hub: World) -> None:
    one = hub.people["ada"]
    old, fresh = one.key, Ed25519PrivateKey.generate()
    with hub.file.writing() as connection:
        rotate(connection, one.member, "knew", "key", fresh.public_key().public_bytes_raw(), hub.clock(), 60_000_000)

    assert get(hub, hub.signed("ada", "GET", "/taxii2/")).status == 200
    assert get(hub, hub.signed("ada", "GET", "/taxii2/", key=fresh, key_id="knew")).status == 200
    hub.clock.us += 61_000_000
    assert get(hub, hub.signed("ada", "GET", "/taxii2/", key=old)).status == 401
    assert get(hub, hub.signed("ada", "GET", "/taxii2/", key=fresh, key_id="knew")).status == 200
    with hub.file.writing() as connection:
        leave(connection, one.member, hub.clock())
    assert get(hub, hub.signed("ada", "GET", "/taxii2/", key=fresh, key_id="knew")).status == 401
    assert get(hub, {"Authorization": one.bearer}).status == 401


def test_a_suspended_member_is_told_so_and_reads_nothing(hub: World) -> None:
    with hub.file.writing() as connection:
        suspend(connection, hub.people["ada"].member, hub.clock())
    assert hub.get("ada", hub.objects).status == 403


def test_a_member_that_asks_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    hub = world(tmp_path, rate_per_s=1.0, burst=3)
    statuses = [hub.get("ada", "/taxii2/").status for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert hub.get("ada", "/taxii2/").headers["retry-after"]
    assert hub.get("bob", "/taxii2/").status == 200
    hub.clock.us += 1_100_000
    assert hub.get("ada", "/taxii2/").status == 200
    hub.hub.close()
    hub.file.close()


def test_no_secret_or_identifier_is_in_any_refusal(hub: World) -> None:
    one = hub.people["ada"]
    answers = [
        get(hub, {"Authorization": f"Bearer {one.user}.wrong-{one.secret[:8]}"}),
        get(hub, hub.signed("ada", "GET", "/api/"), "/taxii2/"),
        hub.get("ada", f"/api/collections/{one.member.id}/"),
        hub.get("ada", hub.objects, "match[id]=se+cret!"),
    ]
    for answer in answers:
        assert answer.status >= 400
        for word in (one.user, one.secret[:8], one.key_id, one.member.id, one.member.name, "se cret"):
            assert word.encode() not in answer.body


def test_a_header_that_is_there_twice_is_refused(hub: World) -> None:
    one = hub.people["ada"]
    twice = [("Authorization", one.bearer), ("Authorization", one.basic)]
    answer = call(hub.hub, "GET", "/taxii2/", headers=twice)
    assert answer.status == 400
    assert answer.json["title"] == "Bad Request"


@given(st.integers(1, 40), st.lists(st.integers(0, 900), min_size=1, max_size=60))
def test_a_nonce_is_never_good_twice_within_its_window(window: int, steps: list[int]) -> None:
    nonces, now, used = Nonces(window * 1_000_000), START, {}
    for step in steps:
        now += step * 100_000
        nonce = b"%d" % (step % 7)
        fresh = nonce not in used or now - used[nonce] > 6 * window * 1_000_000
        recent = nonce in used and now - used[nonce] <= 2 * window * 1_000_000
        try:
            nonces.use(1, nonce, now)
        except TaxiiError:
            assert not fresh
        else:
            assert not recent
            used[nonce] = now


def test_nonces_are_bounded_and_each_member_has_its_own() -> None:
    nonces = Nonces(1_000_000, most=3)
    for number in range(3):
        nonces.use(1, b"%d" % number, START)
    with pytest.raises(TaxiiError) as full:
        nonces.use(1, b"9", START)
    assert full.value.status == 429
    nonces.use(2, b"0", START)


@given(st.lists(st.integers(0, 3_000_000), max_size=80))
def test_a_rate_is_never_exceeded(gaps: list[int]) -> None:
    rates, now, taken = Rates(2.0, 5), START, []
    for gap in gaps:
        now += gap
        try:
            rates.take(1, now)
        except TaxiiError:
            continue
        taken.append(now)
    for at, first in enumerate(taken):
        for later in range(at, len(taken)):
            assert later - at + 1 <= 5 + (taken[later] - first) * 2.0 / 1e6 + 1e-6


@given(
    st.dictionaries(
        st.sampled_from(["signature-input", "signature", "content-digest", "content-type"]),
        st.text(st.characters(max_codepoint=255), max_size=80)
        | st.sampled_from(
            [
                'sig1=("@method" "@target-uri");created=1;nonce="0123456789abcdef";keyid="k"',
                'sig1=();created=1;keyid="k"',
                "sig1=:AAAA:",
                'sig1=("@method";req "@target-uri");created="1";keyid=k',
                'sig1=("@method" "@target-uri" "@query-param";name="a");created=99999999999999;keyid="k"',
            ]
        ),
    ),
    st.booleans(),
)
def test_hostile_signature_headers_are_refused_and_never_break(headers: dict[str, str], body: Any) -> None:
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(Unsigned):
        verified("POST", "https://hub.example/api/", headers, lambda _: key, body=body)
