"""Offers as bytes: the same back, within bounds whatever was claimed, and no noise that is not refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.campaign import Line
from stillwatch.model.errors import InputError
from stillwatch.model.offer import MOST_LOG_E, Offer, TagEvidence
from stillwatch.sharing.joint.wire import MOST_BITS, MOST_BYTES, MOST_OFFERS, commitment, cut, listed, packed, unpacked

FORM = {"counts": np.zeros(3, np.uint32), "first_ms": np.array(0, np.int64)}
SALT = bytes(16)
SKETCH = {"counts": np.array([8, 1, 2], np.uint32), "first_ms": np.array(1_790_000_000_000, np.int64)}


def offer(**changes: Any) -> Offer:
    tag = TagEvidence("tmpl:v1", bytes(range(16)), 7.5, {"money": 3.0, "rhythm": -0.5})
    made = Offer("ab" * 16, 4, (tag,), (Line("shards", "harvest", 2.5, ""),), -1.5, SKETCH)
    return replace(made, **changes)


def test_what_is_written_is_read() -> None:
    found = unpacked(packed(offer(), SALT), FORM)
    assert replace(found, sketch={}) == offer(sketch={})
    assert all(np.array_equal(found.sketch[name], SKETCH[name]) for name in FORM)


def test_offers_are_cut_into_the_very_bytes_that_were_listed() -> None:
    """What was committed to is bytes: spaces that a sender left in are part of them."""
    some = [packed(offer(), SALT), b" " + packed(offer(accounts=8), SALT).replace(b",", b" , ")]
    assert [one.strip() for one in cut(listed(some))] == [one.strip() for one in some]
    assert cut(listed([])) == ()


def test_a_commitment_binds_to_bytes_and_epoch_and_gives_nothing_away() -> None:
    one = packed(offer(), SALT)
    others = {
        commitment(2, one),
        commitment(1, packed(offer(accounts=8), SALT)),
        commitment(1, packed(offer(), b"x" * 16)),
    }
    assert commitment(1, one) == commitment(1, bytes(one))
    assert commitment(1, one) not in others
    assert len(others) == 3


def test_nothing_but_numbers_tags_and_short_words_leaves() -> None:
    """A sentence may name counts of a customer; it stays."""
    told = offer(lines=(Line("shards", "harvest", 2.5, "138 accounts of one reseller"),))
    assert b"reseller" not in packed(told, SALT)


def test_evidence_comes_within_its_bounds() -> None:
    body = packed(offer(operator_bits=1e300), SALT).replace(b"7.5", b"1e308").replace(b"2.5", b"-1e308")
    found = unpacked(body, FORM)
    assert found.tags[0].log_e == MOST_LOG_E
    assert (found.lines[0].bits, found.operator_bits) == (-MOST_BITS, MOST_BITS)


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(packed(offer(), SALT)) | fields).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"[[]]", b"\xff", b"[" * 100_000,
        changed(group="ab"), changed(group="AB" * 16), changed(salt=""), changed(accounts=0), changed(accounts=1 << 40),
        changed(tags=[]), changed(account="someone"), changed(sketch={}),
        changed(sketch={"counts": "AAAA", "first_ms": "AAAA"}),
        changed(sketch={"counts": "!", "first_ms": "AAAAAAAAAAA="}),
        changed(lines=[{"name": "shards", "says": "guilty", "bits": 1.0}]),
        changed(lines=[{"name": "shards", "says": "harvest", "bits": 1.0}] * 2),
        changed(lines=[{"name": "ann@example.com", "says": "harvest", "bits": 1.0}]),
        packed(offer(tags=(offer().tags[0], offer().tags[0])), SALT),
    ],
)  # fmt: skip
def test_what_is_no_offer_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        unpacked(body, FORM)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1", b"\xff", b"[" * 100_000, b" " * (MOST_BYTES + 1)])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        cut(body)


def test_more_offers_than_a_member_may_have_are_refused() -> None:
    with pytest.raises(InputError, match="at most"):
        cut(listed([b"{}"] * (MOST_OFFERS + 1)))


@given(st.binary(max_size=300) | st.builds(lambda end: listed([packed(offer(), SALT)])[:end], st.integers(0, 500)))
def test_no_noise_does_more_than_be_refused(body: bytes) -> None:
    try:
        found = [unpacked(one, FORM) for one in cut(body)]
    except InputError:
        return
    assert all(isinstance(one, Offer) for one in found)
