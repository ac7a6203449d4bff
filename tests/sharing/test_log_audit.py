from __future__ import annotations

import pytest

from sharing.logs import ALONE, KEY, LOG, ORIGIN, WITNESS_KEYS, WITNESSED, WITNESSES, checkpoint, served, tree_hash
from stillwatch.model.errors import LogError
from stillwatch.model.merkle import leaf_hash
from stillwatch.sharing.transparency.audit import audit, witness
from stillwatch.sharing.transparency.checkpoint import Trust, open_checkpoint
from stillwatch.sharing.transparency.leaves import commit
from stillwatch.sharing.transparency.merkle import inclusion
from stillwatch.sharing.transparency.note import Note, read_note, sign
from stillwatch.sharing.transparency.receipt import Receipt

MADE = [commit("submission", {"n": n}, n, bytes([n % 256]) * 32) for n in range(600)]
ENTRIES = [one.digest for one in MADE]
BOTH = ("w1.example", "w2.example")


def receipt(entries, index, size) -> bytes:
    leaves = [leaf_hash(one) for one in entries[:size]]
    proof = inclusion(index, size, lambda level, at: tree_hash(leaves[at << level : (at + 1) << level]))
    record, salt = MADE[index].record, MADE[index].salt
    assert record is not None
    assert salt is not None
    return bytes(Receipt(index, tuple(proof), checkpoint(entries[:size]), salt, record))


def changed(entries, at, entry=b"\x07" * 32):
    return [*entries[:at], entry, *entries[at + 1 :]]


def test_an_honest_log_has_no_problems():
    kept = [checkpoint(ENTRIES[:size]) for size in (0, 1, 255, 256, 300, 600)]
    receipts = [receipt(ENTRIES, 3, 10), receipt(ENTRIES, 299, 300), receipt(ENTRIES, 511, 600)]

    found = audit(served(ENTRIES, checkpoint(ENTRIES, BOTH)), WITNESSED, kept, receipts)

    assert found.problems == ()
    assert (found.entries, found.receipts, found.forks) == (600, 3, ())
    assert found.latest is not None
    assert found.latest.witnesses == BOTH


def test_an_empty_log_has_no_problems():
    found = audit(served([], checkpoint([])), ALONE, [checkpoint([])])

    assert found.problems == ()
    assert found.latest is not None
    assert found.latest.checkpoint.size == 0


@pytest.mark.parametrize("at", [0, 100, 299])
def test_a_log_that_rewrote_an_entry_is_convicted_by_two_checkpoints(at):
    rewritten = changed(ENTRIES, at)

    found = audit(served(rewritten, checkpoint(rewritten)), ALONE, [checkpoint(ENTRIES[:300])])

    assert [(one.one.checkpoint.size, one.other.checkpoint.size) for one in found.forks] == [(300, 600)]
    assert found.forks[0].one.note == checkpoint(ENTRIES[:300])
    assert any("not shown to begin with" in one for one in found.problems)


def test_two_checkpoints_of_one_size_are_a_fork_whatever_is_served():
    found = audit(served(ENTRIES, checkpoint(ENTRIES)), ALONE, [checkpoint(changed(ENTRIES, 5))])

    assert [(one.one.checkpoint.size, one.other.checkpoint.size) for one in found.forks] == [(600, 600)]


def test_a_log_that_shrank_is_told():
    found = audit(served(ENTRIES[:400], checkpoint(ENTRIES[:400])), ALONE, [checkpoint(ENTRIES)])

    assert len(found.forks) == 1


def test_a_receipt_whose_record_was_dropped_is_told():
    rewritten = changed(ENTRIES, 40)

    found = audit(served(rewritten, checkpoint(rewritten)), ALONE, receipts=[receipt(ENTRIES, 40, 50)])

    assert found.receipts == 0
    assert any("leaf 40" in one for one in found.problems)
    assert len(found.forks) == 1


def test_a_receipt_beyond_the_log_is_told():
    found = audit(served(ENTRIES[:40], checkpoint(ENTRIES[:40])), ALONE, receipts=[receipt(ENTRIES, 40, 50)])

    assert any("beyond the log's 40 entries" in one for one in found.problems)


def test_entries_that_do_not_make_the_root_are_told():
    honest, lying = served(ENTRIES, checkpoint(ENTRIES)), served(changed(ENTRIES, 400), b"")

    found = audit(lambda path: lying(path) if "entries" in path else honest(path), ALONE)

    assert found.entries == 0
    assert [one for one in found.problems if "do not make the root" in one]


def test_a_bundle_too_short_is_told():
    honest = served(ENTRIES, checkpoint(ENTRIES))

    found = audit(lambda path: b"" if path == "tile/entries/001" else honest(path), ALONE)

    assert found.problems == ("tile/entries/001 holds 0 entries",)


def test_too_few_witnesses_are_told_and_nothing_is_believed():
    found = audit(served(ENTRIES, checkpoint(ENTRIES, BOTH[:1])), WITNESSED, receipts=[receipt(ENTRIES, 3, 10)])

    assert found.latest is None
    assert found.receipts == 0
    assert len(found.problems) == 1


def test_a_log_that_answers_nothing_is_told():
    def away(path):
        raise LogError(f"{path}: no answer")

    found = audit(away, ALONE, [b"rubbish"], [b"rubbish"])

    assert found.latest is None
    assert len(found.problems) == 3


def test_a_kept_checkpoint_that_the_log_did_not_sign_is_no_fork():
    forged = checkpoint(changed(ENTRIES, 5)).replace(b"hub.example/log", b"hub.example/liar")

    found = audit(served(ENTRIES, checkpoint(ENTRIES)), ALONE, [forged])

    assert found.forks == ()
    assert len(found.problems) == 1


def cosigned(entries, before, note=None):
    note = note or checkpoint(entries)
    key = WITNESS_KEYS["w1.example"]
    return witness(note, ALONE, before, served(entries, note), "w1.example", key, 77)


def test_a_witness_cosigns_a_log_that_only_grew():
    first = open_checkpoint(checkpoint(ENTRIES[:300]), ALONE).checkpoint
    own = read_note(checkpoint(ENTRIES)).signatures

    for before in (None, first):
        line = read_note(cosigned(ENTRIES, before))
        whole = bytes(Note(line.text, (*own, *line.signatures)))
        assert open_checkpoint(whole, Trust(LOG, WITNESSES, 1)).at_s == 77


@pytest.mark.parametrize("entries", [changed(ENTRIES, 5), ENTRIES[:299]])
def test_a_witness_cosigns_no_log_that_was_rewritten_or_shrank(entries):
    first = open_checkpoint(checkpoint(ENTRIES[:300]), ALONE).checkpoint

    with pytest.raises(LogError):
        cosigned(entries, first)


def test_a_witness_cosigns_nothing_that_the_log_did_not_sign():
    seen = read_note(checkpoint(ENTRIES))

    with pytest.raises(LogError, match="not signed"):
        cosigned(ENTRIES, None, bytes(Note(seen.text, (sign(seen.text, "other.example", WITNESS_KEYS["w1.example"]),))))


def test_a_witness_cosigns_no_lines_that_it_cannot_verify():
    text = read_note(checkpoint(ENTRIES)).text + b"more\n"

    with pytest.raises(LogError, match="lines that nobody can verify"):
        cosigned(ENTRIES, None, bytes(Note(text, (sign(text, ORIGIN, KEY),))))
