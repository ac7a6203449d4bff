from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.logs import ALONE, KEY, LOG, ORIGIN, WITNESS_KEYS, WITNESSED, WITNESSES, checkpoint
from stillwatch.model.errors import InputError, LogError
from stillwatch.sharing.transparency.checkpoint import Checkpoint, Trust, open_checkpoint, read
from stillwatch.sharing.transparency.note import (
    COSIGNED,
    SIGNED,
    Note,
    Signature,
    Verifier,
    cosign,
    read_note,
    read_verifier,
    sign,
    verify,
)

# The example of Go's golang.org/x/mod/sumdb/note, made by other hands.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
""".encode()
ENTRIES = [b"a", b"b", b"c"]


def test_a_note_that_go_signed_is_verified():
    by = read_verifier(GO_KEY)

    assert str(by) == GO_KEY
    assert [one.by for one in verify(read_note(GO_NOTE), [by])] == [by]
    assert bytes(read_note(GO_NOTE)) == GO_NOTE


@pytest.mark.parametrize("at", [0, 30, 60, len(GO_NOTE) - 40])
def test_a_note_changed_anywhere_is_refused(at):
    changed = bytearray(GO_NOTE)
    changed[at] ^= 1

    with pytest.raises(LogError, match="does not hold"):
        verify(read_note(bytes(changed)), [read_verifier(GO_KEY)])


@pytest.mark.parametrize("vkey", ["", "name", "na me+c74f20a3+ARpc", GO_KEY[:-4] + "0000", GO_KEY.replace("c7", "c8")])
def test_a_damaged_vkey_is_refused(vkey):
    with pytest.raises(InputError):
        read_verifier(vkey)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"text\n", b"text\n\n", GO_NOTE[:-1], GO_NOTE.replace(b"\n\n", b"\n"), GO_NOTE + b"\n", GO_NOTE + b"x\n",
        GO_NOTE.replace(b"you", b"y\x00u"), GO_NOTE.replace(b"you", b"y\xff"), GO_NOTE.replace(b"=\n", b"\n"),
        GO_NOTE.replace(b"nAM=", b"nAN="), GO_NOTE.replace("— ".encode(), b"- "), b"a" * (64 << 10) + GO_NOTE,
        b"t\n\n" + "— a AAAAAAAA\n".encode() * 65, "t\n\n— a AAAA\n".encode(),
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(content):
    with pytest.raises(LogError):
        read_note(content)


@given(st.binary(max_size=200) | st.text(alphabet="— a\n+A=/", max_size=60).map(str.encode))
def test_a_note_is_read_in_one_form_or_refused(content):
    try:
        note = read_note(content)
    except LogError:
        return
    assert bytes(note) == content


def test_a_checkpoint_is_opened_with_its_witnesses():
    opened = open_checkpoint(checkpoint(ENTRIES, ["w1.example", "w3.example"], at_s=77), WITNESSED)

    assert opened.checkpoint.size == 3
    assert opened.witnesses == ("w1.example", "w3.example")
    assert opened.at_s == 77


def test_too_few_witnesses_are_not_enough_and_one_counts_once():
    with pytest.raises(LogError, match="1 witnesses have signed"):
        open_checkpoint(checkpoint(ENTRIES, ["w1.example", "w1.example"]), WITNESSED)


def test_a_witness_nobody_knows_does_not_count():
    stranger = Trust(LOG, WITNESSES[:1], 1)

    with pytest.raises(LogError, match="0 witnesses"):
        open_checkpoint(checkpoint(ENTRIES, ["w2.example"]), stranger)


def test_a_known_witness_whose_signature_does_not_hold_spoils_the_note():
    note = read_note(checkpoint(ENTRIES, ["w1.example"]))
    own, line = note.signatures
    later = Signature(line.name, line.key_id, (1001).to_bytes(8, "big") + line.content[8:])

    with pytest.raises(LogError, match=r"w1\.example does not hold"):
        open_checkpoint(bytes(Note(note.text, (own, later))), WITNESSED)


@pytest.mark.parametrize("length", [0, 7, 8, 71, 73])
def test_a_cosignature_of_another_length_is_refused(length):
    seen = read_note(checkpoint(ENTRIES))
    line = Signature("w1.example", WITNESSES[0].key_id, b"\x00" * max(length, 1))

    with pytest.raises(LogError, match="does not hold"):
        verify(Note(seen.text, (line,)), WITNESSES)


def test_a_log_must_have_signed_itself():
    seen = read(read_note(checkpoint(ENTRIES)).text)
    line = cosign(seen.text, "w1.example", WITNESS_KEYS["w1.example"], 5)

    with pytest.raises(LogError, match=r"not signed by hub\.example/log"):
        open_checkpoint(bytes(Note(seen.text, (line,))), Trust(LOG, WITNESSES))


def test_a_key_signs_for_its_own_log_only():
    seen = Checkpoint("other.example/log", 3, bytes(32))

    with pytest.raises(LogError, match="of another log"):
        open_checkpoint(bytes(Note(seen.text, (sign(seen.text, ORIGIN, KEY),))), ALONE)


def test_a_cosignature_is_no_signature_of_the_log():
    key = WITNESS_KEYS["w1.example"]
    public = key.public_key().public_bytes_raw()
    seen = Checkpoint(ORIGIN, 3, bytes(32))
    note = Note(seen.text, (cosign(seen.text, ORIGIN, key, 5),))

    with pytest.raises(LogError, match="not signed"):
        open_checkpoint(bytes(note), Trust(Verifier(ORIGIN, SIGNED, public)))


@pytest.mark.parametrize(
    "text",
    [
        b"", b"o\n1\n", b"o\n01\n" + b"A" * 43 + b"=\n", b"o\n-1\n" + b"A" * 43 + b"=\n", b"o\n1\nAAAA\n",
        b"o\n1\n" + b"A" * 43 + b"=\n\n", b"\n1\n" + b"A" * 43 + b"=\n", b"o\n1\n" + b"A" * 43 + b"=",
        "o\n\u0661\n".encode() + b"A" * 43 + b"=\n", b"o\n" + b"9" * 20 + b"\n" + b"A" * 43 + b"=\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(LogError):
        read(text)


def test_extension_lines_of_a_checkpoint_are_passed_over():
    assert read(Checkpoint("o", 1, bytes(32)).text + b"more\n") == Checkpoint("o", 1, bytes(32))


@pytest.mark.parametrize(
    ("log", "witnesses", "quorum"),
    [
        (WITNESSES[0], (), 0),
        (LOG, (LOG,), 0),
        (LOG, WITNESSES, 4),
        (LOG, WITNESSES, -1),
        (LOG, (WITNESSES[0], Verifier("alias", COSIGNED, WITNESSES[0].public)), 2),
    ],
)
def test_a_trust_that_could_never_hold_or_counts_double_is_refused(log, witnesses, quorum):
    with pytest.raises(InputError):
        Trust(log, witnesses, quorum)


@given(st.binary(max_size=120) | st.text("o1/+A=\n", max_size=90).map(str.encode))
def test_any_text_is_a_checkpoint_in_one_form_or_refused(text):
    try:
        found = read(text)
    except LogError:
        return
    assert text.startswith(found.text)


@given(st.text(max_size=80) | st.from_regex(r"[a-z ]{1,5}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{0,48}", fullmatch=True))
def test_any_text_is_a_vkey_in_one_form_or_refused(vkey):
    try:
        found = read_verifier(vkey)
    except InputError:
        return
    assert str(found) == vkey


def test_of_two_lines_of_one_witness_the_first_counts_with_its_own_time():
    text = read_note(checkpoint(ENTRIES)).text
    lines = [cosign(text, "w1.example", WITNESS_KEYS["w1.example"], at_s) for at_s in (5, 9)]

    (found,) = verify(Note(text, tuple(lines)), WITNESSES)

    assert (found.at_s, found.signature) == (5, lines[0])
