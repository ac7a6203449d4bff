"""Files of terms that mean harm: each ends in one clear refusal, soon, and nothing in them is run or unfolded."""

from __future__ import annotations

import tracemalloc

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.written_terms import FINE, SECOND, text
from stillwatch.model.errors import TermsError
from stillwatch.policy.language.load import load
from stillwatch.policy.language.nodes import DEEPEST, MOST_BYTES, MOST_NODES
from stillwatch.policy.language.reading import MOST_PROBLEMS

LAUGHS = "a: &a [x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def deep(levels: int) -> str:
    """The fine file with a condition that is nested as deep."""
    return text(("- total_bits: {at_least: 3}", f"- {'not: {' * levels}total_bits: {{at_least: 3}}{'}' * levels}"))


HOSTILE = {
    "billion laughs": (LAUGHS, "anchors"),
    "billion laughs by merge keys": ("a: &a {x: 1}\nb: {<<: *a}\n", "anchors"),
    "a merge key without an alias": (FINE.replace("mode: live", "<<: {mode: live}"), "unknown key '<<'"),
    "an alias to itself": ("a: &a [*a]\n", "anchors"),
    "a duplicate key": (text(("mode: live", "mode: shadow\n    mode: live")), "key 'mode' is written twice"),
    "a duplicate key in braces": (text(("{at_least: 3}", "{at_least: 3, at_least: 0}")), "'at_least' is written twice"),
    "a duplicate key, one in quotes": (text(("mode: live", "mode: shadow\n    'mode': live")), "is written twice"),
    "a duplicate at the top": (FINE + "version: 2\n", "key 'version' is written twice"),
    "a tag that makes objects": ("!!python/object/apply:os.system ['true']\n", "the tag"),
    "a tag on a number": (text(("version: 1", "version: !!int '1'")), "the tag"),
    "a tag on a key": (text(("version: 1", "!!str version: 1")), "the tag"),
    "a tag on a list": (text(("[observe, notify,", "!!set [observe, notify,")), "the tag"),
    "a tag of one's own": ("%TAG ! tag:evil.example,2026:\n---\nterms: !x y\n", "the tag"),
    "a number of five thousand digits": (text(("version: 1", f"version: {'9' * 5_000}")), "is no number"),
    "a number of twenty digits": (text(("version: 1", f"version: {'9' * 20}")), "out of range"),
    "a number without end": (text(("at_least: 3}", "at_least: 1e999}")), "out of range"),
    "no number at all": (text(("at_least: 3}", "at_least: .nan}")), "is no number"),
    "a number in base sixty": (text(("version: 1", "version: 1:30")), "is no number"),
    "a number with underscores": (text(("version: 1", "version: 1_0")), "is no number"),
    "a number in other digits": (text(("version: 1", "version: \u0661")), "is no number"),
    "a span in other digits": (text(("72h", "\u0667\u0662h")), "write hours or days"),
    "a date in other digits": (text(("2027-06-01", "2027-06-\u0660\u0661")), "is no date"),
    "a soft hyphen": (text(("You may not", "You may\u00ad not")), "control or invisible"),
    "a letter of tags": (text(("You may not", "You may \U000e0041not")), "control or invisible"),
    "a span without end": (text(("72h", "99999999d")), "write hours or days"),
    "a year too far": (text(("2027-06-01", "9999-99-99")), "is no date"),
    "a year of five digits": (text(("2027-06-01", "12027-06-01")), "is no date"),
    "deep lists": ("[" * (DEEPEST + 1), "nested deeper"),
    "deep conditions": (deep(DEEPEST), "nested deeper"),
    "deep records": ("".join("  " * n + "a:\n" for n in range(60)), "nested deeper"),
    "very deep lists": ("[" * 100_000, ""),
    "very deep records": ("{a: " * 60_000, ""),
    "too many values": ("- a\n" * (MOST_NODES + 1), "values"),
    "too many clauses": (FINE + "".join(SECOND.replace("second", f"c{n}") for n in range(201)), "200"),
    "too many alternatives": (
        text(("q_value: {at_most: 0.05}", f"any: [{'{chance: {at_least: 1}}, ' * 31}]")), "31 items"
    ),
    "a key of a hundred thousand letters": (f"{'k' * 100_000}: 1\n", ""),
    "a text of a hundred thousand letters": (text(("You may not", "x" * 100_000)), "text of 1 to 2,000 characters"),
    "text turned round": (text(("You may not", "You may \u202enot")), "control or invisible"),
    "an invisible letter in a name": (text(("id: no-", "id: no\u200b-")), ""),
    "a null byte": (FINE.replace("test", "te\0st"), "no YAML"),
    "two documents": (FINE + "---\n" + FINE, "second document"),
    "a key that is a list": ("? [a]\n: b\n", "a key must be a word"),
    "a key that is a record": ("? {a: b}\n: b\n", "a key must be a word"),
    "an address that runs": (text(("https://provider", "javascript:alert(1)//provider")), "write an address"),
    "an address with a line": (text(("appeals/{decision}", "appeals/{decision} onload=x")), "write an address"),
}  # fmt: skip


@pytest.mark.parametrize(("written", "says"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_its_name_and_line(written: str, says: str) -> None:
    with pytest.raises(TermsError) as refused:
        load(written.encode(), "evil.yaml")

    said = str(refused.value)
    assert says in said
    for line in said.splitlines():
        assert line.startswith("evil.yaml:")
        assert line.split(":")[1].isdigit()
        assert len(line) < 600, "an error never repeats the file"
    assert len(said.splitlines()) <= MOST_PROBLEMS


@pytest.mark.parametrize(
    "written",
    [
        FINE.encode("utf-16"),
        FINE.encode("utf-16-be"),
        FINE.encode("utf-32"),
        FINE.replace("You", "Ünd").encode("latin-1"),
        b"terms: \xed\xa0\x80\n",
        b"terms: \xc0\xaf\n",
        b"\x80",
        b"\x00" * 100,
        bytes(range(256)),
    ],
)
def test_what_is_not_utf_8_is_refused(written: bytes) -> None:
    with pytest.raises(TermsError, match=r"^evil\.yaml:\d+: (not UTF-8; save the file as UTF-8|no YAML)"):
        load(written, "evil.yaml")


@pytest.mark.parametrize("written", ["[" * 200_000, LAUGHS, "- a\n" * 60_000, "x" * (MOST_BYTES + 1)])
def test_no_file_takes_much_memory(written: str) -> None:
    raw = written.encode()
    tracemalloc.start()
    with pytest.raises(TermsError):
        load(raw, "evil.yaml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 64 << 20


def test_as_deep_as_is_allowed_is_read() -> None:
    levels = next(n for n in range(DEEPEST, 0, -1) if read(deep(n)))

    assert levels >= 8
    assert not read(deep(levels + 1))


def read(written: str) -> bool:
    try:
        load(written.encode(), "deep.yaml")
    except TermsError as refused:
        assert "nested deeper" in str(refused)  # noqa: PT017 - only that may be refused here
        return False
    return True


def test_a_hundred_thousand_mistakes_are_told_a_hundred_at_most() -> None:
    rows = "".join(f"    k{n}: 1\n" for n in range(9_000))

    with pytest.raises(TermsError) as refused:
        load((FINE + rows).encode(), "evil.yaml")

    assert len(str(refused.value).splitlines()) == MOST_PROBLEMS


@given(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.sampled_from(["test", "no-model-copying", "live", "72h", "notify", "research"]),
)
def test_any_text_in_any_place_is_read_or_refused(junk: str, place: str) -> None:
    written = FINE.replace(place, junk, 1)

    try:
        terms = load(written.encode(), "evil.yaml").terms
    except TermsError as refused:
        assert str(refused).startswith("evil.yaml:")  # noqa: PT017 - what it says is told in other tests
    else:
        assert terms.clauses[0].mode in {"shadow", "live"}


def test_nothing_of_yaml_s_own_types_is_ever_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    for name in ("construct_object", "construct_document", "get_single_data", "get_data"):
        monkeypatch.setattr(yaml.constructor.BaseConstructor, name, never)

    assert load(FINE.encode(), "fine.yaml").terms.name == "test@1"
