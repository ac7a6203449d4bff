from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voprf.ristretto import Evaluator

from stillwatch.model.errors import InputError, PeerError
from stillwatch.sharing.oblivious import with_sodium
from stillwatch.sharing.oblivious.suite import ELEMENT, MOST_BATCH, PROOF
from stillwatch.sharing.oblivious.with_sodium import Sodium, verify
from stillwatch.sharing.oblivious.with_voprf import Voprf

RFC = json.loads((Path(__file__).parent / "rfc9497_a12.json").read_text())
SUITES = (Voprf(), Sodium())
by_suite = pytest.mark.parametrize("suite", SUITES, ids=lambda one: one.name)
KEY, OTHER = b"k" * 32, b"o" * 32


def unhexed(texts):
    return [bytes.fromhex(one) for one in texts]


def test_the_key_of_the_rfc_is_derived():
    seed, info = bytes.fromhex(RFC["seed"]), bytes.fromhex(RFC["key_info"])
    secret = with_sodium.derive(seed, info)
    assert secret.hex() == RFC["secret"]
    assert bytes(with_sodium._base(secret)).hex() == RFC["public"]
    assert Evaluator.from_seed(seed, info).public_key.serialize().hex() == RFC["public"]


@pytest.mark.parametrize("vector", RFC["vectors"])
def test_libsodium_plays_the_vectors_of_the_rfc_byte_by_byte(vector):
    drawn = iter(unhexed([*vector["blinds"], vector["nonce"]]))
    suite = Sodium(lambda: next(drawn))
    kept, blinded = suite.blind(unhexed(vector["inputs"]))
    assert blinded == b"".join(unhexed(vector["blinded"]))
    evaluation = suite.evaluate_under(bytes.fromhex(RFC["secret"]), blinded)
    assert evaluation.hex() == vector["proof"] + "".join(vector["evaluated"])
    assert [one.hex() for one in suite.finalize(kept, evaluation, bytes.fromhex(RFC["public"]))] == vector["outputs"]


@pytest.mark.parametrize("vector", RFC["vectors"])
def test_voprf_agrees_with_the_vectors_of_the_rfc(vector):
    evaluator = Evaluator.from_seed(bytes.fromhex(RFC["seed"]), bytes.fromhex(RFC["key_info"]))
    found = [evaluator.evaluate_known_input(one).hex() for one in unhexed(vector["inputs"])]
    assert found == vector["outputs"]


@by_suite
@given(
    seed=st.binary(min_size=32, max_size=32),
    inputs=st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=6),
)
@settings(max_examples=25, deadline=None)
def test_what_one_suite_makes_the_other_takes(suite, seed, inputs):
    other = SUITES[suite is SUITES[0]]
    assert suite.public_key(seed) == other.public_key(seed)
    kept, blinded = suite.blind(inputs)
    outputs = suite.finalize(kept, other.evaluate(seed, blinded), suite.public_key(seed))
    assert outputs == tuple(other.direct(seed, one) for one in inputs)
    assert outputs == tuple(suite.direct(seed, one) for one in inputs)


@by_suite
def test_two_blindings_of_one_input_differ(suite):
    assert suite.blind([b"x"])[1] != suite.blind([b"x"])[1]


@by_suite
@pytest.mark.parametrize(
    "blinded",
    [
        b"",
        bytes(31),
        bytes(32),  # the neutral element
        b"\xff" * 32,  # not below the field's prime
        b"\x01" + bytes(31),  # odd: not canonical
        bytes(30) + b"\x02\xfa",  # the highest bit set: a second writing of an element
        (2**255 - 18).to_bytes(32, "little"),  # the field's prime and one: a second writing of 1
    ],
)
def test_what_is_no_element_is_refused(suite, blinded):
    with pytest.raises(InputError):
        suite.evaluate(KEY, blinded)
    _, good = suite.blind([b"x"])
    with pytest.raises(InputError):
        suite.evaluate(KEY, good + blinded + (bytes(32) if not blinded else b""))


def taken(suite, blinded):
    try:
        return suite.evaluate(KEY, blinded)[PROOF:]
    except InputError:
        return None


FIELD = 2**255 - 19
near = st.integers(0, 40).flatmap(lambda k: st.sampled_from([k, FIELD - k, FIELD + k, 2**255 - 1 - k, 2**256 - 1 - k]))


@given(
    st.lists(
        st.binary(min_size=32, max_size=32)
        | near.map(lambda n: n.to_bytes(32, "little"))
        | st.integers(0, FIELD // 2).map(lambda n: (2 * n).to_bytes(32, "little")),
        min_size=1,
        max_size=3,
    ).map(b"".join)
    | st.binary(max_size=100)
)
@settings(max_examples=300, deadline=None)
def test_both_suites_take_the_same_bytes_for_elements_and_make_the_same_of_them(blinded):
    assert taken(SUITES[0], blinded) == taken(SUITES[1], blinded)


@by_suite
def test_a_batch_is_bounded_on_both_sides(suite):
    _, good = suite.blind([b"x"])
    with pytest.raises(InputError):
        suite.evaluate(KEY, good * (MOST_BATCH + 1))
    for bad in ([], [b""], [b"x" * 513]):
        with pytest.raises(InputError):
            suite.blind(bad)
    with pytest.raises(InputError):
        suite.blind([b"x"] * (MOST_BATCH + 1))


@by_suite
def test_another_key_than_the_published_one_is_found_out(suite):
    kept, blinded = suite.blind([b"x", b"y"])
    with pytest.raises(PeerError, match="published key"):
        suite.finalize(kept, suite.evaluate(OTHER, blinded), suite.public_key(KEY))


@by_suite
def test_tagging_one_element_of_a_batch_with_another_key_is_found_out(suite):
    kept, blinded = suite.blind([b"x", b"y"])
    honest, tagged = suite.evaluate(KEY, blinded), suite.evaluate(OTHER, blinded)
    for proof in (honest[:PROOF], tagged[:PROOF]):
        mixed = proof + honest[PROOF : PROOF + ELEMENT] + tagged[PROOF + ELEMENT :]
        with pytest.raises(PeerError, match="published key"):
            suite.finalize(kept, mixed, suite.public_key(KEY))


@by_suite
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_bent_evaluation_is_taken(suite, data):
    kept, blinded = suite.blind([b"x", b"y"])
    evaluation = bytearray(suite.evaluate(KEY, blinded))
    evaluation[data.draw(st.integers(0, len(evaluation) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(PeerError):
        suite.finalize(kept, bytes(evaluation), suite.public_key(KEY))


@by_suite
@given(st.binary(max_size=200), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_noise_is_taken(suite, evaluation, public):
    kept, _ = suite.blind([b"x"])
    with pytest.raises(PeerError):
        suite.finalize(kept, evaluation, public)


@by_suite
def test_elements_in_another_order_are_refused(suite):
    kept, blinded = suite.blind([b"x", b"y"])
    evaluation = suite.evaluate(KEY, blinded)
    swapped = evaluation[:PROOF] + evaluation[PROOF + ELEMENT :] + evaluation[PROOF : PROOF + ELEMENT]
    with pytest.raises(PeerError):
        suite.finalize(kept, swapped, suite.public_key(KEY))


def test_a_scalar_of_a_proof_is_written_in_one_way_only():
    suite = Sodium()
    kept, blinded = suite.blind([b"x"])
    evaluation = suite.evaluate(KEY, blinded)
    c = (int.from_bytes(evaluation[:32], "little") + with_sodium._ORDER).to_bytes(32, "little")
    made = [evaluation[PROOF:]]
    assert verify(suite.public_key(KEY), kept.blinded, made, evaluation[:PROOF])
    assert not verify(suite.public_key(KEY), kept.blinded, made, c + evaluation[32:PROOF])


@by_suite
def test_a_key_is_derived_from_32_bytes(suite):
    with pytest.raises(InputError):
        suite.public_key(secrets.token_bytes(31))


def test_an_error_holds_nothing_that_was_sent():
    sent = b"\xff" * 32
    for suite in SUITES:
        with pytest.raises(InputError) as found:
            suite.evaluate(KEY, sent)
        assert sent.hex() not in str(found.value)
