"""Texts, numbers and times against what Python makes of the same bytes."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import array, text_of
from stillwatch.ingest.json import values
from stillwatch.ingest.json.decimals import number
from stillwatch.ingest.json.lexer import ABSENT, ARRAY, ESCAPED, FALSE, NUMBER, STRING, TRUE
from stillwatch.ingest.json.moments import date_time

escapes = st.sampled_from([*(f"\\{c}" for c in '"\\/bfnrt'), "\\u0000", "\\u00e9", "\\uFFFF", "\\ud83d\\ude00"])
surrogates = st.sampled_from(["\\ud83d", "\\ude00", "\\uD800", "\\uDFFF", "\\ud800\\ud800", "\\udc00\\ud800"])
plain = st.text(st.characters(min_codepoint=0x20, exclude_characters='"\\', exclude_categories=["Cs"]), max_size=5)


@settings(max_examples=500, deadline=None)
@given(st.lists(escapes | surrogates | plain, max_size=10))
def test_escapes_are_resolved_as_python_does(parts: list[str]) -> None:
    written = "".join(parts)
    lone = json.loads(f'"{written}"')
    expected = "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in lone)

    assert text_of(written.encode()) == expected


def test_every_code_point_below_the_surrogates_and_some_above() -> None:
    for point in (*range(0xD800), *range(0xE000, 0x10000, 37), 0x10000, 0x10FFFF):
        written = json.dumps(chr(point))[1:-1]
        assert text_of(written.encode()) == chr(point)


written_numbers = st.builds(
    lambda sign, whole, fraction, exponent: sign + whole + fraction + exponent,
    st.sampled_from(["", "-"]),
    st.integers(0, 10**25).map(str) | st.integers(0, 999).map(str),
    st.just("") | st.from_regex(r"\.[0-9]{1,25}", fullmatch=True),
    st.just("")
    | st.builds("{}{}{}".format, st.sampled_from("eE"), st.sampled_from(["", "+", "-"]), st.integers(0, 60)),
)


@settings(max_examples=400, deadline=None)
@given(written_numbers)
def test_numbers_are_those_of_python(written: str) -> None:
    value, whole, exact, is_number = number(array(written.encode()), 0, len(written))

    assert is_number
    assert math.isclose(value, float(written), rel_tol=1e-14)
    assert math.copysign(1, value) == math.copysign(1, float(written))
    if exact:
        assert math.isclose(whole, float(written), rel_tol=1e-12)


@settings(max_examples=500, deadline=None)
@given(st.integers(-(10**18) + 1, 10**18 - 1), st.integers(0, 6))
def test_whole_numbers_are_exact_however_they_are_written(value: int, zeros: int) -> None:
    for written in (f"{value}", f"{value}.{'0' * (zeros + 1)}", f"{value}e0", f"{value}{'0' * zeros}E-{zeros}"):
        if len(written.split("E")[0].replace("-", "")) <= 18:
            _, whole, exact, is_number = number(array(written.encode()), 0, len(written))
            assert (is_number, exact, whole) == (True, True, value), written


@pytest.mark.parametrize(
    ("written", "expected"),
    [("9223372036854775799", 9223372036854775799), ("-9223372036854775799", -9223372036854775799), ("1e3", 1000),
     ("12300e-2", 123), ("0e400", 0), ("0.0", 0), ("-0", 0), ("000", 0)],
)  # fmt: skip
def test_whole_number_at_the_edges(written: str, expected: int) -> None:
    _, whole, exact, is_number = number(array(written.encode()), 0, len(written))

    assert (is_number, exact, whole) == (True, True, expected)


@pytest.mark.parametrize(
    "written", ["", "-", ".", "1e", "1e+", "e5", "1 ", " 1", "1.2.3", "0x10", "1_000", "NaN", "inf", "--1"]
)
def test_what_is_no_number(written: str) -> None:
    assert not number(array(written.encode()), 0, len(written))[3]


@pytest.mark.parametrize("written", ["1.5", "1e-1", "99999999999999999999", "1e30", "9223372036854775808"])
def test_a_number_that_is_no_63_bit_integer(written: str) -> None:
    _, _, exact, is_number = number(array(written.encode()), 0, len(written))

    assert is_number
    assert not exact


moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001  the zone is drawn apart
zones = st.just("") | st.just("Z") | st.integers(-23 * 60 - 59, 23 * 60 + 59)


def ms_of(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@settings(max_examples=500, deadline=None)
@given(moments, zones, st.sampled_from("T t"), st.integers(0, 9))
def test_times_are_those_of_python(moment: datetime, zone: str | int, gap: str, digits: int) -> None:
    fraction = f".{moment.microsecond:06d}000"[: digits + 1] if digits else ""
    written_zone = zone
    shift = timedelta(0)
    if isinstance(zone, int):
        sign, hours, minutes = "-" if zone < 0 else "+", abs(zone) // 60, abs(zone) % 60
        written_zone, shift = f"{sign}{hours:02d}:{minutes:02d}", timedelta(minutes=zone)
    written = moment.strftime(f"%m-%d{gap}%H:%M:%S")
    written = f"{moment.year:04d}-{written}{fraction}{written_zone}".encode()
    kept = int(f"{moment.microsecond:06d}"[: min(digits, 3)].ljust(3, "0")) if digits else 0
    exact = moment.replace(microsecond=kept * 1000, tzinfo=timezone(shift))

    assert date_time(array(written), 0, len(written)) == (ms_of(exact), True)


@pytest.mark.parametrize("zone", ["+00", "+0000", "+00:00", "-00:00", "Z", "z", " Z", " UTC", "", " +0000", " +00"])
def test_ways_to_write_utc(zone: str) -> None:
    written = f"2026-11-20 13:46:19.963{zone}".encode()

    assert date_time(array(written), 0, len(written)) == (1_795_182_379_963, True)


def test_every_day_of_the_calendar_and_no_other() -> None:
    for year in (1900, 2000, 2023, 2024, 2100):
        for month in range(14):
            for day in range(33):
                written = f"{year}-{month:02d}-{day:02d}T00:00:00Z".encode()
                try:
                    expected = (ms_of(datetime.fromisoformat(written.decode())), True)
                except ValueError:
                    expected = (0, False)
                ms, is_time = date_time(array(written), 0, len(written))
                assert is_time == expected[1], written
                assert not is_time or ms == expected[0]


@pytest.mark.parametrize(
    "written",
    ["2026-02-30T00:00:00Z", "2026-11-20", "2026-11-20T24:00:00Z", "2026-11-20T23:60:00Z", "2026-11-20T23:00:61Z",
     "2026-11-20T13:46:19.", "2026-11-20T13:46:19.Z", "2026-11-20T13:46:19+1", "2026-11-20T13:46:19+24:00",
     "2026-11-20T13:46:19+01:60", "2026-11-20T13:46:19+01:0", "2026-11-20T13:46:19 CET", "2026-11-20T13:46:19ZZ",
     "2026/11/20 13:46:19", "20-11-2026 13:46:19", "2026-11-20_13:46:19", "2026-11-20T13:46:1x", "now", "", "x" * 40],
)  # fmt: skip
def test_what_is_no_time(written: str) -> None:
    assert not date_time(array(written.encode()), 0, len(written))[1]


def test_second_60_is_the_next_minute() -> None:
    written = b"2016-12-31T23:59:60Z"

    assert date_time(array(written), 0, len(written)) == (1_483_228_800_000, True)


def columns(*spans: tuple[bytes, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    joined = b"".join(data for data, _ in spans)
    ends = np.cumsum([len(data) for data, _ in spans])
    starts = ends - [len(data) for data, _ in spans]
    return array(joined), starts.astype(np.int64), ends.astype(np.int64), np.array([k for _, k in spans], np.uint8)


def test_strings_take_texts_and_numbers_and_leave_the_rest_null() -> None:
    spans = [
        (b"a", STRING),
        (b"\\u00e9", ESCAPED),
        (b"7", NUMBER),
        (b"", STRING),
        (b"true", TRUE),
        (b"x", ABSENT),
        (b"[]", ARRAY),
    ]

    column = values.strings(*columns(*spans))

    column.validate(full=True)
    assert column.to_pylist() == ["a", "é", "7", None, None, None, None]


def test_integers_say_what_is_missing_and_what_is_wrong() -> None:
    spans = [
        (b"5", NUMBER),
        (b"5", STRING),
        (b"", STRING),
        (b"", ABSENT),
        (b"-1", NUMBER),
        (b"1.5", NUMBER),
        (b"NaN", STRING),
        (b"true", TRUE),
        (b"11", NUMBER),
    ]

    found, answer = values.integers(*columns(*spans), 0, 10)

    given_, missing, wrong = values.GIVEN, values.MISSING, values.WRONG
    assert answer.tolist() == [given_, given_, missing, missing, wrong, wrong, wrong, wrong, wrong]
    assert found[:2].tolist() == [5, 5]


def test_times_take_seconds_milliseconds_and_nanoseconds() -> None:
    for written, per_ms in ((b"1795433819.2454", 0.001), (b"1795433819245", 1.0), (b"1795433819245999999", 1e6)):
        for kind in (NUMBER, STRING):
            found, answer = values.times(*columns((written, kind)), per_ms)
            assert (found.tolist(), answer.tolist()) == ([1_795_433_819_245], [values.GIVEN]), written


def test_times_beyond_any_clock_do_not_wrap_round() -> None:
    for written in (b"1e18", b"99999999999999999999999", b"-1e300", b"1e19", b"9.3e18"):
        found, answer = values.times(*columns((written, NUMBER)), 1.0)
        assert answer[0] == values.WRONG or abs(int(found[0])) > 10**17, written


def test_truths_are_true_and_false_alone() -> None:
    found, answer = values.truths(np.array([TRUE, FALSE, ABSENT, NUMBER, STRING], np.uint8))

    assert found.tolist()[:2] == [True, False]
    assert answer.tolist() == [values.GIVEN, values.GIVEN, values.MISSING, values.WRONG, values.WRONG]
