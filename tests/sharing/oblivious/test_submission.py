from __future__ import annotations

import contextlib
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.cascade import Tags
from stillwatch.sharing.oblivious.submission import MOST_TAGS, grouped, handle, packed, unpacked

tags16 = st.binary(min_size=16, max_size=16)
groups = st.dictionaries(
    tags16, st.lists(tags16, min_size=1, max_size=5, unique=True).map(tuple), min_size=1, max_size=6
)


@given(groups)
def test_what_is_packed_is_unpacked(some):
    assert unpacked(packed(some)) == some


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_have_one_writing(body):
    try:
        found = unpacked(body)
    except InputError:
        return
    assert packed(found) == body


@given(groups, st.data())
def test_what_is_cut_off_is_refused(some, data):
    body = packed(some)
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with contextlib.suppress(InputError):
        assert packed(unpacked(cut)) == cut


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(17),
        bytes(18),
        bytes(16) + b"\x00\x02" + bytes(32),  # a tag twice
        (bytes(16) + b"\x00\x01" + bytes(16)) * 2,  # a group twice
        bytes(16) + b"\x00\x02" + bytes(16),
        bytes(MOST_TAGS * 34 + 1),
    ],
)
def test_what_is_malformed_is_refused(body):
    with pytest.raises(InputError):
        unpacked(body)


def test_more_tags_than_allowed_are_refused():
    body = bytes(16) + (MOST_TAGS + 1).to_bytes(2) + b"".join(k.to_bytes(16) for k in range(MOST_TAGS + 1))
    with pytest.raises(InputError, match="at most"):
        unpacked(body)


def test_padding_is_among_the_groups_and_every_own_tag_is_under_its_own():
    own = tuple(k.to_bytes(16) for k in range(3))
    every = tuple(sorted([*own, *(secrets.token_bytes(16) for _ in range(61))]))
    found = grouped(Tags(1, own, every), [[b"g" * 16], [b"g" * 16, b"h" * 16], [b"h" * 16]], secrets.token_bytes)
    assert set(own[:2]) <= set(found[b"g" * 16])
    assert set(own[1:]) <= set(found[b"h" * 16])
    assert own[0] not in found[b"h" * 16]
    assert {tag for tags in found.values() for tag in tags} == set(every)
    assert 2 < len(found) <= 4
    assert list(found) == sorted(found)
    with pytest.raises(InputError):
        grouped(Tags(1, own[:1], own[:1]), [[]], secrets.token_bytes)


def test_a_handle_is_of_one_key_group_and_epoch():
    made = {handle(key, epoch, group) for key in (b"a" * 32, b"b" * 32) for epoch in (1, 2) for group in ("x", "y")}
    assert len(made) == 8
    assert {len(one) for one in made} == {16}
