from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import dossiers, replaced
from stillwatch.model.dossier import Agreement, Dossier, Seen
from stillwatch.model.dossier_json import MOST_BYTES, from_json, read_dossiers, to_json
from stillwatch.model.errors import FormatError

PLAIN = Dossier(-7, 1_000, "pro", 5, 9, 12, 10, 900, 400, 3.5, 0.5, 0.25)


@given(dossiers(), st.text(max_size=50))
def test_a_dossier_comes_back_as_it_was(dossier: Dossier, sentence: str) -> None:
    told = replaced(dossier, seen=(*dossier.seen, Seen("x", "content", 0.1, sentence)))

    line = to_json(told)
    back = from_json(line)

    assert "\n" not in line
    # NaN is not equal to itself, so the written forms are compared, and what is written is read field by field above.
    assert to_json(back) == line
    assert repr(back) == repr(told)


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_pseudonyms_of_64_bits_survive(account: int) -> None:
    assert from_json(to_json(replaced(PLAIN, account=account, organisation=account))).account == account
    assert from_json(to_json(replaced(PLAIN, organisation=account))).organisation == account


def test_what_is_unknown_is_null_and_an_open_pace_too() -> None:
    unknown = replaced(PLAIN, total_bits=math.nan, q_value=math.nan, agreements=(Agreement("research", "A-1", 0, 10),))

    written = json.loads(to_json(unknown))

    assert written["total_bits"] is written["q_value"] is None
    assert written["agreements"] == [["research", "A-1", 0, 10, None]]
    assert from_json(to_json(unknown)).agreements[0].requests_per_day == math.inf


def changed(**fields: object) -> str:
    return json.dumps(json.loads(to_json(PLAIN)) | fields)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "no JSON"),
        ("[1]", "no object"),
        ("[" * 100_000, "no JSON"),
        ("{" + '"a":{' * 50_000, "no JSON"),
        ('{"format":"stillwatch.dossier/1","format":"x"}', "written twice"),
        (changed(format="stillwatch.dossier/2"), "which this version reads"),
        (changed(country="xx"), "'country' is not known"),
        (json.dumps({k: v for k, v in json.loads(to_json(PLAIN)).items() if k != "plan"}), "'plan' is missing"),
        (changed(events=-1), "'events' is not a whole number"),
        (changed(events=True), "'events' is not a whole number"),
        (changed(events=1.0), "'events' is not a whole number"),
        (changed(probability=1.5), "'probability' is not a number"),
        (changed(probability="0.5"), "'probability' is not a number"),
        (changed(total_bits=1e300), "'total_bits' is not a number"),
        (to_json(PLAIN).replace("3.5", "NaN"), "NaN is no number"),
        (to_json(PLAIN).replace("3.5", "-Infinity"), "-Infinity is no number"),
        (changed(plan="p" * 65), "not a text of at most 64"),
        (changed(account="team-17"), "no pseudonym"),
        (changed(seen=[["rhythm", "habits", 1]]), "not a list of detector, class, bits, sentence"),
        (changed(seen=[["rhythm", "nationality", 1, ""]]), "'class' is not one of"),
        (changed(seen=[["rhythm", "habits", None, ""]]), "cannot_tell"),
        (changed(seen=[["rhythm", "habits", 1, "s"]] * 501), "list of at most 500"),
        (changed(seen="rhythm"), "list of at most 500"),
        (changed(agreements=[["bribe", "A", 0, 1, None]]), "'kind' is not one of"),
        (changed(campaign={"name": "c-1"}), "campaign: 'accounts' is missing"),
        (changed(cannot_tell={"rhythm": 1}), "not a text"),
        (changed(at_ms=1 << 70), "'at_ms' is not a whole number"),
        ("x" * (MOST_BYTES + 1), "longer than"),
    ],
)
def test_what_is_no_dossier_is_refused_with_its_field(line: str, says: str) -> None:
    with pytest.raises(FormatError, match="where:3: ") as refused:
        from_json(line, "where:3")

    assert says in str(refused.value)


def test_a_refusal_repeats_no_content() -> None:
    with pytest.raises(FormatError) as refused:
        from_json(changed(account="person@example.org"))

    assert "person" not in str(refused.value)


def test_lines_are_counted_and_empty_ones_passed_over() -> None:
    lines = [to_json(PLAIN).encode(), b"\n", b"{}\n"]

    found = read_dossiers(lines, "d.jsonl")

    assert next(found).events == 12
    with pytest.raises(FormatError, match=r"d\.jsonl:3"):
        next(found)


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_refusal(junk: bytes) -> None:
    with pytest.raises(FormatError):
        from_json(junk)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3)))
def test_no_value_in_any_field_ends_in_anything_but_a_refusal_or_a_dossier(value: object) -> None:
    for name in json.loads(to_json(PLAIN)):
        try:
            from_json(changed(**{name: value}))
        except FormatError:
            continue
