"""Queries, tokens, media types, moments, envelopes: every input is hostile."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.exchange import Entry, Found, Query, Versions
from stillwatch.model.membership import Purpose, Tlp
from stillwatch.sharing.membership.handling import PURPOSES, TLP, handling_of
from stillwatch.sharing.taxii import resources
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.incoming import cut, read_entries
from stillwatch.sharing.taxii.media import TAXII, accepts, sends
from stillwatch.sharing.taxii.queries import MOST_FIELDS, MOST_VALUES, PAGE, parameters, read_query
from stillwatch.sharing.taxii.times import micros, moment
from stillwatch.sharing.taxii.tokens import next_token, position_of

KEY = bytes(32)
LAST_US = 253_402_300_799_999_999


@given(st.integers(-62_135_596_800_000_000, LAST_US))
def test_a_moment_is_read_back(us: int) -> None:
    assert micros(moment(us)) == us
    assert len(moment(us)) == 27


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_sort_as_text(at: datetime) -> None:
    us = micros(at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z")
    if us < LAST_US:
        assert moment(us) < moment(us + 1)


@pytest.mark.parametrize(
    "text",
    ["", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00", "2026-02-30T00:00:00Z",
     "2026-1-1T0:0:0Z", "2026-01-01t00:00:00z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z\n",
     "٢٠٢٦-01-01T00:00:00Z", "2026-01-01T25:00:00Z"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        micros(text)


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("", Query(PAGE)),
        ("limit=7", Query(7)),
        ("limit=5000", Query(PAGE)),
        ("limit=007", Query(7)),
        ("added_after=1970-01-01T00:00:01Z", Query(PAGE, after_us=1_000_000)),
        ("match%5Bid%5D=b--1,a--1,a--1", Query(PAGE, ids=("a--1", "b--1"))),
        ("match[type]=indicator", Query(PAGE, types=("indicator",))),
        ("match[version]=all,first", Query(PAGE, versions=Versions(last=False, first=True, every=True))),
        ("match[version]=1970-01-01T00:00:00.000002Z", Query(PAGE, versions=Versions(last=False, at=(2,)))),
        ("match[spec_version]=2.0,2.1", Query(PAGE)),
        ("match[spec_version]=2.0", Query(PAGE, nothing=True)),
        ("x_own=1&utm=2", Query(PAGE)),
    ],
)
def test_filters_are_read(raw: str, want: Query) -> None:
    assert read_query(parameters(raw)) == want


@pytest.mark.parametrize(
    "raw",
    [
        "limit=0", "limit=-1", "limit=", "limit=1.5", "limit=1e3", "limit=٣", "limit=9999999999",
        "limit=5&limit=6", "limit=+5",
        "added_after=yesterday", "added_after=", "added_after=2026-01-01T00:00:00Z,2026-01-02T00:00:00Z",
        "match[id]=", "match[id]=a,,b", "match[type]=in dicator", "match[type]='",
        "match[version]=newest", "match[colour]=x",
        "match[id]=" + ",".join(f"a--{n}" for n in range(MOST_VALUES + 1)), "match[id]=%ff", "match=x",
        "&".join(f"a{n}=1" for n in range(MOST_FIELDS + 1)),
    ],
)  # fmt: skip
def test_malformed_filters_are_refused(raw: str) -> None:
    with pytest.raises(TaxiiError) as refused:
        read_query(parameters(raw))
    assert refused.value.status == 400
    assert json.loads(refused.value.body()).keys() == {"title", "description", "http_status"}


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["limit", "next", "match[id]", "=", "&", "%", ",", "1"])).map("".join)
)
def test_any_query_string_is_read_or_refused(raw: str) -> None:
    with contextlib.suppress(TaxiiError):
        assert 1 <= read_query(parameters(raw)).limit <= PAGE


@given(st.integers(0, 2**63 - 1), st.binary(min_size=24, max_size=24))
def test_a_token_is_read_back_and_no_other_is(position: int, noise: bytes) -> None:
    query = Query(5, ids=("a--1",))
    token = next_token(KEY, "me here", query, position)

    assert position_of(KEY, "me here", Query(9, after_us=3, ids=("a--1",)), token) == position
    wrongs = [(bytes(31) + b"1", "me here", query), (KEY, "you here", query), (KEY, "me here", Query(5))]
    for key, context, other in wrongs:
        with pytest.raises(TaxiiError):
            position_of(key, context, other, token)
    with pytest.raises(TaxiiError):
        position_of(KEY, "me here", query, base64.urlsafe_b64encode(noise).decode())


@given(st.text(max_size=40))
def test_any_token_is_refused(token: str) -> None:
    with pytest.raises(TaxiiError):
        position_of(KEY, "me", Query(5), token)


@pytest.mark.parametrize(
    ("header", "want"),
    [
        ("", True), (TAXII, True), ("application/taxii+json; version=2.1", True), ("application/taxii+json", True),
        ("*/*", True), ("application/*;q=0.5", True), ('Application/TAXII+json;version="2.1"', True),
        ("text/html, application/taxii+json;version=2.1;q=0.3", True),
        ("application/json", False), ("application/vnd.oasis.taxii+json; version=2.0", False),
        ("application/taxii+json;version=2.0", False), ("application/taxii+json;version=2.1;q=0", False),
        ("application/taxii+json;version=2.1;q=0.000", False), ("text/*", False), (";;;", False), (",", False),
    ],
)  # fmt: skip
def test_what_clients_accept(header: str, want: bool) -> None:
    assert accepts(header) is want


def test_what_clients_send() -> None:
    for good in (TAXII, "application/taxii+json", "application/taxii+json; version=2.1; charset=utf-8"):
        assert sends(good)
    for bad in ("", "*/*", "application/json", "application/taxii+json;version=2.0", TAXII + ";charset=latin-1"):
        assert not sends(bad)


@given(st.text(max_size=60))
def test_any_media_type_is_taken_or_not(header: str) -> None:
    assert accepts(header) in (True, False)
    assert sends(header) in (True, False)


@given(st.lists(st.integers(0, LAST_US), max_size=4, unique=True), st.sampled_from(["", "dG9rZW4"]))
def test_pages_are_json_and_an_empty_one_is_empty(added: list[int], token: str) -> None:
    found = [Found(one, "a--1", one, b'{"a":1}') for one in sorted(added)]
    for write, name in (
        (resources.envelope, "objects"),
        (resources.manifest, "objects"),
        (resources.versions, "versions"),
    ):
        page = json.loads(write(found, token))
        if not found:
            assert page == {}
            continue
        assert len(page[name]) == len(found)
        assert page["more"] is bool(token)
        assert page.get("next", "") == token


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "type", "created", "modified", "x"]), inner),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(JSON, max_size=4))
def test_any_json_is_cut_and_read_or_told_why_not(objects: list[object]) -> None:
    bodies = cut(json.dumps({"objects": objects}).encode())
    entries, failures = read_entries(bodies, handling_of, lambda _: ())
    assert len(entries) + len(failures) == len(objects)
    assert all(isinstance(one, Entry) for one in entries)


@given(st.binary(max_size=120))
def test_any_bytes_are_an_envelope_or_refused(content: bytes) -> None:
    for one in (content, b'{"objects":[' + content + b"]}"):
        with contextlib.suppress(TaxiiError):
            read_entries(cut(one), handling_of, lambda _: ())


@pytest.mark.parametrize(
    "poison", [b'"\xff"', b'"\\ud800"', b"1e", b"NaN", b'{"a":}', b"[" * 5000 + b"]" * 5000, b'"\x01"', b"01"]
)
def test_what_would_break_other_readers_never_gets_in(poison: bytes) -> None:
    """Stored bytes go into everybody's envelope: one object must not spoil a page."""
    head = b'{"type":"url","id":"url--9bd3afcf-deee-54f9-83e2-520653cb6bba","value":'
    try:
        bodies = cut(b'{"objects":[' + head + poison + b"}]}")
    except TaxiiError:
        return
    entries, _ = read_entries(bodies, handling_of, lambda _: ())
    for one in entries:
        json.loads(one.body)
        msgspec.json.decode(one.body)
    assert not entries


@given(st.lists(st.sampled_from([*TLP, *PURPOSES, "marking-definition--x"]), max_size=6))
def test_the_strictest_level_holds_and_no_marking_opens_anything(refs: list[str]) -> None:
    found = handling_of(refs)
    levels = [TLP[one] for one in refs if one in TLP]
    assert found.tlp == (max(levels) if levels else Tlp.AMBER_STRICT)
    named = {PURPOSES[one] for one in refs if one in PURPOSES}
    assert {one for one in Purpose if one in found.purposes} == (named or {Purpose.DETECT})
