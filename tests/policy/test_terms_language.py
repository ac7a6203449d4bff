"""The language of terms: what is read, and what is refused with file, line, clause and what to do."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import conditions
from policy.written_terms import FINE, SECOND, loaded, text
from stillwatch.model.decision import Action
from stillwatch.model.errors import TermsError
from stillwatch.policy.conditions import CONDITIONS
from stillwatch.policy.language.load import load
from stillwatch.policy.language.nodes import DEEPEST, MOST_BYTES, MOST_NODES, parse
from stillwatch.policy.language.schema import DRAFT, as_json, schema
from stillwatch.policy.language.table import CLAUSE
from stillwatch.policy.shipped import SHIPPED, shipped_text

NO_EVIDENCE = ("    evidence: {classes: 2, strength: substantial}\n", "")


def test_a_file_becomes_terms() -> None:
    [clause] = loaded().terms.clauses

    assert loaded().terms.name == "test@1"
    assert clause.actions == (Action.OBSERVE, Action.NOTIFY, Action.THROTTLE, Action.HOLD, Action.SUSPEND)
    assert clause.by_person == (Action.HOLD, Action.SUSPEND)
    assert clause.lasts_h == 72
    assert clause.mode == "live"
    assert clause.until_ms - clause.from_ms == 182 * 86_400_000
    assert [str(one) for one in clause.conditions] == ["total_bits: {at_least: 3}", "q_value: {at_most: 0.05}"]
    assert loaded().line("no-model-copying", "conditions[1]") == 11


def test_what_is_left_out_is_shadow_and_two_classes_one_of_them_substantial() -> None:
    [clause] = loaded(NO_EVIDENCE, ("    mode: live\n", "")).terms.clauses

    assert clause.mode == "shadow"
    assert clause.least_classes[1] == 2
    assert clause.least_strength == 2
    assert "coordination" not in clause.least_classes[0]


def test_no_and_off_are_words_and_not_false() -> None:
    [clause] = loaded(("- q_value: {at_most: 0.05}", "- plan: {in: [no, off, y]}")).terms.clauses

    assert str(clause.conditions[1]) == "plan: {in: [no, off, y]}"


@pytest.mark.parametrize(
    ("changes", "line", "says"),
    [
        ((("notice:", "notise:"),), 20, "unknown key 'notise' in a clause; did you mean 'notice'?"),
        ((("total_bits:", "total_bit:"),), 10, "unknown condition 'total_bit'; did you mean 'total_bits'?"),
        ((("at_least: 3", "at_lest: 3"),), 10, "unknown key 'at_lest' in total_bits; did you mean 'at_least'?"),
        ((("at_least: 3", "at_least: '3'"),), 10, "'3' is no number"),
        ((("at_least: 3", "at_least: .inf"),), 10, "'.inf' is no number"),
        ((("at_least: 3", "at_least: 0x10"),), 10, "'0x10' is no number"),
        ((("at_least: 3", "at_least: 1e9"),), 10, "out of range"),
        ((("at_least: 3", "at_least: 3, at_most: 2"),), 10, "nothing is at least 3 and at most 2"),
        ((("{at_least: 3}", "{}"),), 10, "lacks a bound; write at_least or at_most"),
        ((("{at_least: 3}", "3"),), 10, "a text where total_bits belongs"),
        ((("- total_bits: {at_least: 3}", "- total_bits"),), 10, "a text where a condition belongs"),
        ((("at_most: 0.05}", "at_most: 0.05}\n        chance: {at_least: 1}"),), 11, "where a condition belongs"),
        ((("72h", "72"),), 19, "'72': write hours or days"),
        ((("72h", "0h"),), 19, "'0h': write hours or days"),
        ((("2026-12-01", "2026-02-30"),), 7, "'2026-02-30' is no date"),
        ((("2027-06-01", "2026-06-01"),), 8, "until is not after from"),
        ((("[observe, notify,", "[observe, observe,"),), 17, "stands in the list twice"),
        ((("[observe, notify,", "[observe, ban,"),), 17, "'ban' is not known here"),
        ((("by_person: [hold, suspend]", "by_person: [restrict]"),), 18, "names restrict, which actions does not"),
        ((("kind: research", "kind: friendship"),), 14, "'friendship' is not known here"),
        ((("classes: 2", "classes: 9"),), 12, "out of range"),
        ((("classes: 2", "classes: 1.5"),), 12, "no whole number"),
        ((("classes: 2", "among: [habits], classes: 2"),), 12, "2 classes of 1 never speak"),
        ((("classes: 2", "among: [coordination], classes: 1"),), 12, "'coordination' is not known here"),
        ((("mode: live", "mode: loud"),), 6, "'loud' is not known here"),
        ((("https://provider", "javascript://provider"),), 21, "write an address, https:// or mailto:"),
        ((("    lasts: 72h\n", ""),), 4, "a clause lacks 'lasts'; write lasts: hours or days"),
        ((("    until: 2027-06-01\n", ""),), 4, "a clause lacks 'until'"),
        ((("no-model-copying", "No Copying"),), 4, "'No Copying': write a short name"),
        ((("q_value: {at_most: 0.05}", "campaign: {number: belongs, at_least: 7}"),), 11, "belongs is never there"),
        ((("q_value: {at_most: 0.05}", "not: [q_value]"),), 11, "a list where a condition belongs"),
        ((("We saw", "We \u202esaw"),), 20, "a control or invisible character"),
    ],
)
def test_a_mistake_is_named_with_line_and_clause_and_what_to_do(
    changes: tuple[tuple[str, str], ...], line: int, says: str
) -> None:
    with pytest.raises(TermsError) as refused:
        loaded(*changes)

    [problem] = str(refused.value).splitlines()
    assert re.match(rf"test\.yaml:{line}: clause (no-model-copying|No Copying): ", problem), problem
    assert says in problem


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(TermsError) as refused:
        loaded(("72h", "72"), ("at_least: 3", "at_least: x"), ("version: 1", "version: 0"), ("mode:", "mod:"))

    assert [line.split(":")[1] for line in str(refused.value).splitlines()] == ["2", "6", "10", "19"]


def test_a_second_clause_of_the_same_id_is_refused() -> None:
    with pytest.raises(
        TermsError, match=r"test\.yaml:23: clause no-model-copying: a second clause of this id .first in"
    ):
        loaded(more=SECOND.replace("second", "no-model-copying"))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"", ":1: the file is empty"),
        (b"# only a remark\n", "the file is empty"),
        (b"a: &x 1\nb: *x\n", ":1: anchors"),
        (b"a: *x\n", ":1: anchors"),
        (b"terms: !!python/object/apply:os.system ['id']\n", ":1: the tag"),
        (b"terms: !mine a\n", ":1: the tag"),
        (b"terms: a\nterms: b\n", ":2: key 'terms' is written twice (first in line 1)"),
        (b"{[a]: b}", ":1: a key must be a word"),
        (b"terms: a\n---\nterms: b\n", "a second document"),
        (b"\xff\xfe", ":1: not UTF-8"),
        (b"a: b\nc: \xff", ":2: not UTF-8"),
        (b"a: [1, 2", "no YAML"),
        (b"a: b: c", "no YAML"),
        (b'a: "\x07"', "no YAML"),
        (b"a: " + b"[" * (DEEPEST + 1), "nested deeper"),
        (b"[" * 100_000, ""),
        (b"- a\n" * (MOST_NODES + 1), f"more than {MOST_NODES:,} values"),
        (b"x" * (MOST_BYTES + 1), "larger than"),
        (b"- a\n", "a list where terms belongs"),
        (b"terms", "a text where terms belongs"),
    ],
)
def test_what_yaml_can_do_beyond_terms_is_refused(written: bytes, says: str) -> None:
    with pytest.raises(TermsError) as refused:
        load(written, "bad.yaml")

    assert str(refused.value).startswith("bad.yaml:")
    assert says in str(refused.value)


def test_a_bomb_of_aliases_is_never_unfolded() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))

    with pytest.raises(TermsError, match="anchors"):
        load(bomb.encode(), "bomb.yaml")


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_refusal(junk: bytes) -> None:
    with pytest.raises(TermsError):
        load(junk, "junk.yaml")


@given(st.integers(0, len(FINE) - 1), st.sampled_from(["", "{", "]", "\t", ": ", "- ", "&a ", "'", "0", "\n"]))
def test_one_slip_of_the_pen_is_read_or_refused(at: int, slip: str) -> None:
    said = "slip.yaml:"
    try:
        load((FINE[:at] + slip + FINE[at + 1 :]).encode(), "slip.yaml")
    except TermsError as refused:
        said = str(refused)

    assert all(line.startswith("slip.yaml:") for line in said.splitlines())


@given(conditions)
def test_a_condition_reads_back_as_it_is_written(condition: object) -> None:
    both = "      - total_bits: {at_least: 3}\n      - q_value: {at_most: 0.05}"
    [clause] = loaded((both, f"      - {condition}")).terms.clauses

    assert clause.conditions == (condition,)


def test_the_schema_is_valid_and_takes_every_shipped_file() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())

    assert schema()["$schema"] == DRAFT
    for name in SHIPPED:
        validator.validate(as_json(parse(shipped_text(name), name)))


@pytest.mark.parametrize(
    "change",
    [
        ("notice:", "notise:"),
        ("at_least: 3", "at_lest: 3"),
        ("at_least: 3", "at_least: '3'"),
        ("{at_least: 3}", "{}"),
        ("72h", "72"),
        ("[observe, notify,", "[observe, ban,"),
        ("    lasts: 72h\n", ""),
        ("mode: live", "mode: loud"),
        ("classes: 2", "classes: 1.5"),
        ("{kind: research}", "{kind: research, longest: soon}"),
        ("https://provider", "ftp://provider"),
        ("version: 1", "version: 0"),
        ("- q_value: {at_most: 0.05}", "- {q_value: {at_most: 0.05}, chance: {at_least: 1}}"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: tuple[str, str]) -> None:
    written = text(change).encode()

    with pytest.raises(TermsError):
        load(written, "x")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_json(parse(written, "x")), schema())


def test_the_schema_is_the_one_in_the_documentation(root) -> None:
    written = (root / "docs" / "reference" / "terms.schema.json").read_text(encoding="utf-8")

    assert json.loads(written) == schema(), "out of date: run `make docs`"


def test_every_field_and_word_has_a_meaning() -> None:
    for field in CLAUSE.fields:
        assert field.meaning.endswith("."), field.name
        assert field.required or field.default, field.name
    for word in CONDITIONS:
        assert word.meaning.endswith("."), word.name
        assert word.unknown.endswith("."), word.name
        assert word.examples
