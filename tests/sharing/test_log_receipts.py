from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.logs import ALONE, WITNESSED, checkpoint, tree_hash
from stillwatch.model.commitment import KINDS
from stillwatch.model.errors import InputError, LogError
from stillwatch.model.merkle import leaf_hash
from stillwatch.sharing.transparency.leaves import commit, digest, read_record
from stillwatch.sharing.transparency.merkle import inclusion
from stillwatch.sharing.transparency.receipt import Receipt, check_receipt, read_receipt

SALT = bytes(range(32))
BODY = {"object": "campaign--1", "sha256": "00ff", "n": 3}
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def receipt(witnesses=()) -> Receipt:
    made = commit("submission", BODY, 5, SALT)
    entries = [b"a", made.digest, b"c"]
    leaves = [leaf_hash(one) for one in entries]
    proof = inclusion(1, 3, lambda level, index: tree_hash(leaves[index << level : (index + 1) << level]))
    return Receipt(1, tuple(proof), checkpoint(entries, witnesses), SALT, made.record or b"")


@given(st.sampled_from(KINDS), st.dictionaries(st.text(max_size=5), plain, max_size=4), st.integers(0, 2**52))
def test_a_record_is_read_back_from_its_one_form(kind, body, at_us):
    made = commit(kind, body, at_us, SALT)
    found = read_record(made.record or b"")

    assert (found.kind, found.body, found.at_us) == (kind, body, at_us)


def test_the_digest_binds_salt_kind_time_and_body():
    made = {
        commit("submission", BODY, 5, SALT).digest,
        commit("submission", BODY, 5, bytes(32)).digest,
        commit("retraction", BODY, 5, SALT).digest,
        commit("submission", BODY, 6, SALT).digest,
        commit("submission", {**BODY, "n": 4}, 5, SALT).digest,
    }

    assert len(made) == 5


def test_the_order_of_keys_is_irrelevant():
    assert commit("policy", BODY, 5, SALT) == commit("policy", dict(reversed(BODY.items())), 5, SALT)


@pytest.mark.parametrize(
    ("kind", "body", "salt"),
    [
        ("gossip", BODY, SALT),
        ("policy", BODY, b"short"),
        ("policy", {"n": 2**60}, SALT),
        ("policy", {"n": float("nan")}, SALT),
        ("policy", {"n": "\ud800"}, SALT),
        ("policy", {"n": "x" * 20_000}, SALT),
        ("policy", {"n": {1, 2}}, SALT),
    ],
)
def test_what_has_no_one_form_is_not_recorded(kind, body, salt):
    with pytest.raises(InputError):
        commit(kind, body, 5, salt)


@pytest.mark.parametrize(
    "record",
    [
        b"", b"{}", b"[]", b'{"at_us":5,"body":{},"kind":"policy","v":2}',
        b'{"at_us":5,"body":{},"kind":"gossip","v":1}',
        b'{"at_us":5, "body":{},"kind":"policy","v":1}', b'{"body":{},"at_us":5,"kind":"policy","v":1}',
        b'{"at_us":5,"body":{},"kind":"policy","v":1,"w":1}', b'{"at_us":5,"body":{"a":1,"a":1},"kind":"policy","v":1}',
        b'{"at_us":5,"body":{"a":1e2},"kind":"policy","v":1}', b'{"at_us":5,"body":{"a":' + b"[" * 9000,
    ],
)  # fmt: skip
def test_a_record_in_a_form_of_its_own_is_refused(record):
    with pytest.raises(LogError):
        read_record(record)


def test_a_receipt_is_verified_by_itself():
    kept = bytes(receipt(["w1.example", "w2.example"]))
    record, opened = check_receipt(read_receipt(kept), WITNESSED)

    assert (record.kind, record.body) == ("submission", BODY)
    assert opened.checkpoint.size == 3
    assert opened.witnesses == ("w1.example", "w2.example")


def test_a_receipt_begins_as_tlog_proof_says():
    lines = bytes(receipt()).decode().split("\n")

    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 1"
    assert lines[5:7] == ["", "hub.example/log"]


def test_a_receipt_without_its_record_shows_nothing_by_itself():
    bare = replace(receipt(), salt=b"", record=b"")

    assert read_receipt(bytes(bare)) == bare
    with pytest.raises(LogError, match="does not show its record"):
        check_receipt(bare, ALONE)


def test_a_receipt_with_too_few_witnesses_is_refused():
    with pytest.raises(LogError, match="witnesses"):
        check_receipt(receipt(["w1.example"]), WITNESSED)


@pytest.mark.parametrize(
    "change", [{"index": 0}, {"index": 7}, {"salt": bytes(32)}, {"proof": ()}, {"proof": (bytes(32), bytes(32))}]
)
def test_a_changed_receipt_is_refused(change):
    with pytest.raises(LogError):
        check_receipt(replace(receipt(), **change), ALONE)


def test_a_receipt_for_another_record_is_refused():
    other = commit("submission", {**BODY, "n": 4}, 5, SALT)
    assert other.record is not None
    assert digest(SALT, other.record) == other.digest

    with pytest.raises(LogError, match="does not hold"):
        check_receipt(replace(receipt(), record=other.record), ALONE)


@given(st.data())
def test_a_receipt_with_one_byte_changed_is_refused(data):
    kept = bytearray(bytes(receipt()))
    at = data.draw(st.integers(0, len(kept) - 1))
    kept[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(LogError):
        check_receipt(read_receipt(bytes(kept)), ALONE)


@given(st.binary(max_size=100) | st.text("c2sp.org/tlog-pf@v1\nexaind 0A=", max_size=99).map(str.encode))
def test_any_bytes_are_read_in_one_form_or_refused(tail):
    for content in (tail, b"c2sp.org/tlog-proof@v1\n" + tail, b"c2sp.org/tlog-proof@v1\nindex 0\n" + tail):
        try:
            found = read_receipt(content)
        except LogError:
            continue
        assert bytes(found) == content


def test_a_receipt_too_long_is_refused_unread():
    with pytest.raises(LogError, match="too long"):
        read_receipt(bytes(receipt()) + b"\n" * (200 << 10))


@given(st.binary(max_size=80) | st.integers(0, 60).map(lambda at: (receipt().record + b"}")[:at]))
def test_any_bytes_are_a_record_in_one_form_or_refused(content):
    try:
        found = read_record(content)
    except LogError:
        return
    assert commit(found.kind, found.body, found.at_us, SALT).record == content
