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
from stillwatch.sharing.joint.wire import MOST_BITS, MOST_OFFERS, packed, unpacked

FORM = {"counts": np.zeros(3, np.uint32), "first_ms": np.array(0, np.int64)}
SKETCH = {"counts": np.array([8, 1, 2], np.uint32), "first_ms": np.array(1_790_000_000_000, np.int64)}


def offer(**changes: Any) -> Offer:
    tag = TagEvidence("tmpl:v1", bytes(range(16)), 7.5, {"money": 3.0, "rhythm": -0.5})
    made = Offer("ab" * 16, 4, (tag,), (Line("shards", "harvest", 2.5, ""),), -1.5, SKETCH)
    return replace(made, **changes)


def test_what_is_written_is_read() -> None:
    [found] = unpacked(packed([offer()]), FORM)
    assert replace(found, sketch={}) == offer(sketch={})
    assert all(np.array_equal(found.sketch[name], SKETCH[name]) for name in FORM)
    assert unpacked(packed([]), FORM) == ()


def test_nothing_but_numbers_tags_and_short_words_leaves() -> None:
    """A sentence may name counts of a customer; it stays."""
    told = offer(lines=(Line("shards", "harvest", 2.5, "138 accounts of one reseller"),))
    assert b"reseller" not in packed([told])


def test_evidence_comes_within_its_bounds() -> None:
    body = packed([offer(operator_bits=1e300)]).replace(b"7.5", b"1e308").replace(b"2.5", b"-1e308")
    [found] = unpacked(body, FORM)
    assert found.tags[0].log_e == MOST_LOG_E
    assert (found.lines[0].bits, found.operator_bits) == (-MOST_BITS, MOST_BITS)


def changed(**fields: Any) -> bytes:
    [one] = json.loads(packed([offer()]))
    return json.dumps([one | fields]).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[{}]", b"[[]]", b"\xff", b"[" * 100_000,
        changed(group="ab"), changed(group="AB" * 16), changed(accounts=0), changed(accounts=1 << 40),
        changed(tags=[]), changed(account="someone"), changed(sketch={}),
        changed(sketch={"counts": "AAAA", "first_ms": "AAAA"}),
        changed(sketch={"counts": "!", "first_ms": "AAAAAAAAAAA="}),
        changed(lines=[{"name": "shards", "says": "guilty", "bits": 1.0}]),
        changed(lines=[{"name": "shards", "says": "harvest", "bits": 1.0}] * 2),
        changed(lines=[{"name": "ann@example.com", "says": "harvest", "bits": 1.0}]),
        packed([offer(), offer()]),
        packed([offer(tags=(offer().tags[0], offer().tags[0]))]),
    ],
)  # fmt: skip
def test_what_is_no_offer_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        unpacked(body, FORM)


def test_more_offers_than_a_member_may_have_are_refused() -> None:
    many = [offer(name=f"{at:032x}") for at in range(MOST_OFFERS + 1)]
    with pytest.raises(InputError, match="at most"):
        unpacked(packed(many), FORM)


@given(st.binary(max_size=300) | st.builds(lambda cut: packed([offer()])[:cut], st.integers(0, 400)))
def test_no_noise_does_more_than_be_refused(body: bytes) -> None:
    try:
        found = unpacked(body, FORM)
    except InputError:
        return
    assert all(isinstance(one, Offer) for one in found)
