"""The scanner accepts what Python's json accepts of strict JSON objects, and captures the same values."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.mutants import mutant
from ingest.reading import captured
from stillwatch.ingest.json.lexer import DEEP, FAULTS, NOT_OBJECT, TRUNCATED

PATHS = (("a",), ("b", "c"), ("b", "d", "e"), ("l", "[]", "x"), ("l",), ("é",), ("f", "[]"), ('quote"', "c"))
KEYS = ("a", "b", "c", "d", "e", "l", "x", "f", "é", 'quote"', "")

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=15,
)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=6)


def refuse(_: str) -> Any:
    raise ValueError


def strict(record: bytes) -> Any:
    """What Python makes of a record, read strictly; ValueError where it is no JSON object."""
    text = record.decode("utf-8")
    parsed = json.loads(text.strip(" \t\r\n"), parse_constant=refuse)
    if not isinstance(parsed, dict):
        raise TypeError
    return parsed


def at(parsed: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if step == "[]":
            parsed = parsed[0] if isinstance(parsed, list) and parsed else None
        else:
            parsed = parsed.get(step) if isinstance(parsed, dict) else None
    return parsed


def whole(value: Any) -> Any:
    """As the scanner gives it: a lone surrogate has no UTF-8."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def same(record: bytes, paths: tuple[tuple[str, ...], ...] = PATHS) -> None:
    """The scanner and Python agree about a record."""
    try:
        parsed = strict(record)
    except (ValueError, TypeError, RecursionError):
        parsed = None
    fault, found = captured(record, *paths)
    assert (fault == 0) == (parsed is not None), (record, FAULTS[fault])
    if parsed is None:
        return
    for path, value in zip(paths, found, strict=True):
        expected = whole(at(parsed, path))
        assert value == expected or (isinstance(expected, float) and math.isclose(value, expected)), path


@settings(max_examples=300, deadline=None)
@given(objects, st.booleans(), st.sampled_from([None, 1]))
def test_valid_objects_are_accepted_with_the_same_values(parsed: dict[str, Any], ascii_only: bool, indent: int) -> None:
    same(json.dumps(parsed, ensure_ascii=ascii_only, indent=indent).encode())


@settings(max_examples=300, deadline=None)
@given(objects, st.integers(0, 2**32), st.integers(1, 3))
def test_mutated_objects_are_judged_alike(parsed: dict[str, Any], seed: int, times: int) -> None:
    rng = random.Random(seed)
    record = json.dumps(parsed, ensure_ascii=bool(seed & 1)).encode()
    for _ in range(times):
        record = mutant(record, rng)
    same(record)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_judged_alike(record: bytes) -> None:
    same(record)
    same(b'{"a":"' + record + b'"}')
    same(b'{"a":' + record + b"}")


def pairs(rng: random.Random, depth: int = 0) -> str:
    """An object in which keys repeat, with values of differing kinds."""
    kinds = [str(rng.randrange(9)), "null", '"s"', "{}", "[]", "[" + ",".join(["7", "{}"][: rng.randrange(3)]) + "]"]
    many = [
        json.dumps(rng.choice(KEYS[:7]))
        + ":"
        + (pairs(rng, depth + 1) if depth < 3 and rng.random() < 0.6 else rng.choice(kinds))
        for _ in range(rng.randrange(5))
    ]
    return "{" + ",".join(many) + "}"


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_of_a_key_that_repeats_the_last_counts_with_all_that_is_in_it(seed: int) -> None:
    same(pairs(random.Random(seed)).encode())


@pytest.mark.parametrize(
    "record",
    [
        b'{"b":{"c":1},"b":null}',
        b'{"b":{"c":1},"b":{"d":{"e":2}}}',
        b'{"l":[{"x":1}],"l":[]}',
        b'{"l":[{"x":1}],"l":3}',
        b'{"\\u0061":1}',
        b'{"\\u00e9":1}',
        b'{"quote\\"":{"c":1}}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":1e}',
        b'{"a":1e+}',
        b'{"a":-}',
        b'{"a":+1}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":truefalse}',
        b'{"a":nul}',
        b'{"a":"\\x"}',
        b'{"a":"\\u12g4"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\ud800\\u0041"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\x80"}',
        b'{"a":"\xf4\x90\x80\x80"}',
        b'{"a":"\t"}',
        b'{"a":"\x00"}',
        b'{"a":"\x7f"}',
        b'{"a":1,}',
        b'{,"a":1}',
        b'{"a" 1}',
        b'{"a":1}}',
        b'{"a":1} x',
        b'{"a":[1,]}',
        b"{}",
        b" {} ",
        b"",
        b" ",
        b"[]",
        b'"a"',
        b"{",
        b'{"a',
        b"\xef\xbb\xbf{}",
        b"{\x0c}",
        b"{'a':1}",
    ],
)
def test_known_odd_records(record: bytes) -> None:
    same(record)


def nested(levels: int, kind: str) -> bytes:
    return (
        (b'{"a":' * levels + b"1" + b"}" * levels)
        if kind == "{"
        else b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"
    )


@pytest.mark.parametrize("kind", ["{", "["])
def test_depth_is_bounded_and_named(kind: str) -> None:
    assert captured(nested(100, kind), ("a",))[0] == 0
    assert captured(nested(101, kind), ("a",))[0] == DEEP
    assert captured(nested(200_000, kind), ("a",))[0] == DEEP


def test_a_truncated_record_says_so_wherever_it_ends() -> None:
    record = b'{"a":"x\\u00e9\xc3\xa9","b":{"c":[1.5e3,true,null]},"l":[{"x":{}}]}'

    for cut in range(1, len(record)):
        fault, _ = captured(record[:cut], *PATHS)
        assert fault != 0
        # A character or a word cut in two is not known to go on.
        assert fault == TRUNCATED or FAULTS[fault] in ("is not JSON here", "is not UTF-8")


def test_what_is_no_object_is_called_that() -> None:
    for record in (b"[1]", b"7", b'"x"', b"null", b"NaN"):
        assert captured(record, ("a",))[0] == NOT_OBJECT
    assert captured(b"[1]", ("a",), whole=False)[0] == 0
