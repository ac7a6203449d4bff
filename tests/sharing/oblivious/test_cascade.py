from __future__ import annotations

import random
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import InputError, PeerError
from stillwatch.sharing.oblivious.cascade import (
    BUCKETS,
    CUSTODIAN,
    HUB,
    TAG,
    HolderKeys,
    Question,
    batches,
    begin,
    bucket,
    direct,
)
from stillwatch.sharing.oblivious.cascade import answered as went_on
from stillwatch.sharing.oblivious.suite import ELEMENT, MOST_BATCH
from stillwatch.sharing.oblivious.with_sodium import Sodium
from stillwatch.sharing.oblivious.with_voprf import Voprf

K1, K2 = b"1" * 32, b"2" * 32
SUITE = Voprf()
KEYS = HolderKeys(7, SUITE.public_key(K1), SUITE.public_key(K2))
SEEDS = {CUSTODIAN: K1, HUB: K2}


def run(values, suite=SUITE, holder=SUITE, kind="email:v1"):
    sent = []
    asked = begin(suite, kind, [f"{kind}:{one}".encode() for one in values], KEYS, secrets.token_bytes)
    while isinstance(asked, Question):
        sent.append((asked.to, asked.body))
        asked = went_on(suite, asked, holder.evaluate(SEEDS[asked.to], asked.body))
    return asked, sent


@pytest.mark.parametrize("suite", [Voprf(), Sodium()], ids=lambda one: one.name)
def test_tags_are_what_both_keys_make_of_the_inputs_in_order(suite):
    values = ["a@x.org", "b@x.org", "c@x.org"]
    tags, sent = run(values, suite)
    assert tags.own == tuple(direct(SUITE, f"email:v1:{one}".encode(), K1, K2) for one in values)
    assert {len(one) for one in tags.every} == {TAG}
    assert set(tags.own) <= set(tags.every)
    assert tags.epoch == 7
    assert [to for to, _ in sent] == [CUSTODIAN, HUB]


def test_a_count_leaves_only_as_a_bucket():
    for count in (1, 3, 64, 65):
        tags, sent = run([f"{k}@x.org" for k in range(count)])
        assert {len(body) for _, body in sent} == {bucket(count) * ELEMENT}
        assert len(tags.every) == bucket(count) == len(set(tags.every))
        assert list(tags.every) == sorted(tags.every)


@given(st.integers(1, MOST_BATCH))
def test_buckets_hold_what_is_put_into_them(count):
    assert count <= bucket(count)
    assert bucket(count) in BUCKETS


def test_what_no_holder_takes_is_refused():
    assert [len(one) for one in batches([b"x"] * (MOST_BATCH + 1))] == [MOST_BATCH, 1]
    with pytest.raises(InputError):
        bucket(MOST_BATCH + 1)
    for inputs in ([], [b"email:v1:a", b"email:v1:a"], [b"email:v2:a"], [b"a"]):
        with pytest.raises(InputError):
            begin(SUITE, "email:v1", inputs, KEYS, secrets.token_bytes)


def test_no_holder_sees_an_input_or_the_same_bytes_twice():
    (_, first), (_, second) = run(["a@x.org"]), run(["a@x.org"])
    for (_, one), (_, other) in zip(first, second, strict=True):
        cut = lambda body: {body[at : at + ELEMENT] for at in range(0, len(body), ELEMENT)}  # noqa: E731
        assert not cut(one) & cut(other)
        assert b"a@x.org" not in one


def test_the_place_of_an_input_among_the_padding_says_nothing():
    seen = {begin(SUITE, "email:v1", [b"email:v1:a"], KEYS, random.Random(seed).randbytes).places for seed in range(40)}
    assert len(seen) > 15


def test_one_key_in_both_places_is_refused():
    with pytest.raises(InputError, match="one holder"):
        HolderKeys(1, KEYS.hub, KEYS.hub)


@pytest.mark.parametrize("liar", [CUSTODIAN, HUB])
def test_a_holder_that_uses_another_key_is_found_out(liar):
    asked = begin(SUITE, "email:v1", [b"email:v1:a"], KEYS, secrets.token_bytes)
    if liar == HUB:
        asked = went_on(SUITE, asked, SUITE.evaluate(K1, asked.body))
    with pytest.raises(PeerError):
        went_on(SUITE, asked, SUITE.evaluate(b"3" * 32, asked.body))


@given(
    st.lists(st.integers(0, 400), max_size=60, unique=True),
    st.lists(st.integers(0, 400), max_size=60, unique=True),
)
@settings(max_examples=8, deadline=None)
def test_tags_intersect_as_the_sets_do(one, other):
    tags = [set(run(values)[0].own) if values else set() for values in (one, other)]
    expected = {direct(SUITE, f"email:v1:{value}".encode(), K1, K2) for value in set(one) & set(other)}
    assert tags[0] & tags[1] == expected


def test_a_question_does_not_print_what_it_keeps():
    asked = begin(SUITE, "email:v1", [b"email:v1:a@x.org"], KEYS, secrets.token_bytes)
    assert "a@x.org" not in repr(asked)
    assert "kept" not in repr(asked)
