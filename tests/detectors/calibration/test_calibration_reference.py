from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detectors.calibration import reference as module
from stillwatch.detectors.calibration.reference import (
    FEWEST,
    REST,
    WHOLE,
    Reference,
    Shown,
    build_reference,
    from_json,
    to_json,
)
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

MADE = date(2026, 1, 31)


def sample(n: int = 300) -> Reference:
    rng = np.random.default_rng(1)
    plans = ["free"] * (n // 2) + ["pro"] * (n - n // 2)
    weight = rng.normal(size=n)
    weight[::3] = np.nan
    bits = np.round(rng.normal(size=n), 1)
    return build_reference(bits, {"replay": weight}, plans, np.full(n, 500.0), made=MADE)


def test_a_cohort_is_a_plan_and_a_size_and_small_ones_are_put_together() -> None:
    plans = ["free"] * (FEWEST + 1) + ["pro"] * (2 * FEWEST - 1)
    events = np.array([20.0] * (FEWEST + 1) + [20.0] * (FEWEST - 1) + [2000.0] * FEWEST)
    bits = np.arange(float(len(plans)))
    bits[0] = np.nan

    reference = build_reference(bits, {}, plans, events, made=MADE)

    assert [(c.plan, c.size, c.accounts) for c in reference.cohorts] == [("free", 1, FEWEST), ("pro", 3, FEWEST)]
    assert reference.whole.accounts == 3 * FEWEST - 1
    place = reference.place(["pro", "pro", "free", "gold"], np.array([2500.0, 25.0, np.nan, 25.0]))
    assert place.tolist() == [1, REST, REST, REST]
    assert reference.cohort(1) is reference.cohorts[1]
    assert reference.rest.accounts == FEWEST - 1
    assert reference.rest.points.tolist() == bits[FEWEST + 1 : 2 * FEWEST].tolist()
    assert reference.cohort(REST) is reference.rest
    assert reference.cohort(WHOLE) is reference.whole


def test_the_order_of_accounts_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    n = 400
    bits, weight, events = rng.normal(size=n), rng.normal(size=n), 10.0 ** rng.integers(0, 3, n)
    plans = np.array(["a", "b"])[rng.integers(0, 2, n)]
    mixed = rng.permutation(n)

    one, other = (
        build_reference(bits[rows], {"x": weight[rows]}, plans[rows].tolist(), events[rows], made=MADE)
        for rows in (np.arange(n), mixed)
    )

    assert to_json(one) == to_json(other)


def test_a_negative_nought_is_written_as_nought() -> None:
    zeros = np.array([-0.0, 0.0] * 5)

    one, other = (build_reference(bits, {}, [""] * 10, np.ones(10), made=MADE) for bits in (zeros, zeros[::-1]))

    assert to_json(one) == to_json(other)
    assert "-0.0" not in to_json(one)


def test_how_often_ordinary_accounts_show_the_same() -> None:
    weight = np.array([np.nan] * 10 + [-1.0] * 50 + [1.0] * 25 + [3.0] * 10 + [5.0] * 5)
    reference = build_reference(np.zeros(100), {"replay": weight}, [""] * 100, np.ones(100), made=MADE)
    shown = reference.whole.shown["replay"]

    assert shown == Shown(90, (40, 15, 5, 0))
    shares = [shown.share(bits) for bits in (-2.0, 0.0, 0.5, 2.0, 2.5, 4.0, 40.0)]
    assert shares == pytest.approx([1, 1, 40 / 90, 40 / 90, 15 / 90, 15 / 90, 0])
    assert np.isnan(Shown(0, (0, 0, 0, 0)).share(3.0))


def test_the_trimmed_share_does_not_vouch() -> None:
    n = 1000
    kept = [
        build_reference(np.arange(float(n)), {}, [""] * n, np.ones(n), made=MADE, trim=trim) for trim in (0.0, 0.0051)
    ]

    assert [one.vouching(one.whole) for one in kept] == [1000, 994]


def test_no_account_can_be_read_from_it() -> None:
    written = json.loads(to_json(sample()))

    assert set(written) == {"version", "made", "trim", "whole", "rest", "cohorts", "sha256"}
    assert set(written["whole"]) == {"plan", "size", "accounts", "points", "above", "shown"}


@given(st.lists(st.floats(-100, 100), max_size=80), st.floats(0, 0.4))
def test_written_and_read_it_is_the_same(bits: list[float], trim: float) -> None:
    n = len(bits)
    reference = build_reference(np.array(bits), {"é\n": -np.array(bits)}, ["ü"] * n, np.ones(n), made=MADE, trim=trim)

    again = from_json(to_json(reference).encode())

    assert to_json(again) == to_json(reference)
    assert again.whole.at_least(np.array([0.0])).tolist() == reference.whole.at_least(np.array([0.0])).tolist()


def test_one_changed_digit_is_seen() -> None:
    text = to_json(sample())

    with pytest.raises(InputError, match="digest does not match"):
        from_json(text.replace('"accounts": 300', '"accounts": 301'))


def forged(change: Callable[[dict[str, Any]], object]) -> str:
    """Write a reference with a lie in it, under a digest that fits."""
    body = json.loads(to_json(sample()))
    del body["sha256"]
    change(body)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return json.dumps({**body, "sha256": digest})


def put(*path: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(body: Any) -> None:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value

    return change


LIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no version": (lambda body: body.pop("version"), "names no version"),
    "another version": (put("version", value=2), "not of version 1"),
    "true as a version": (put("version", value=True), "not of version 1"),
    "part missing": (lambda body: body.pop("trim"), "misses a part"),
    "part too many": (put("key", value="k"), "one too many"),
    "trim": (put("trim", value=-0.5), "trim"),
    "trim as text": (put("trim", value="0.1"), "trim"),
    "no day": (put("made", value=5), "day"),
    "a day that is none": (put("made", value="2026-02-30"), "not the JSON"),
    "cohorts": (put("cohorts", value={}), "list of cohorts"),
    "cohort": (put("cohorts", 0, value=[]), "misses a part"),
    "cohort part": (put("cohorts", 0, "extra", value=1), "one too many"),
    "plan": (put("cohorts", 0, "plan", value=None), "without plan"),
    "twice": (lambda body: body["cohorts"].append(body["cohorts"][-1]), "twice or out of order"),
    "out of order": (lambda body: body["cohorts"].reverse(), "twice or out of order"),
    "more than all": (lambda body: body["cohorts"].append({**body["cohorts"][0], "plan": "z"}), "do not add up"),
    "fewer than all": (lambda body: body["cohorts"].pop(), "do not add up"),
    "no rest": (put("rest", value=None), "misses a part"),
    "small cohort": (put("cohorts", 0, "accounts", value=FEWEST - 1), "for accounts;"),
    "true as a number": (put("whole", "accounts", value=True), "for accounts;"),
    "accounts without end": (put("whole", "accounts", value=10**30), "for accounts;"),
    "size": (put("whole", "size", value=99), "size"),
    "points": (put("whole", "points", value="1.0"), "bits"),
    "a text among points": (put("whole", "points", 0, value="1.0"), "bits"),
    "a whole number too long": (put("whole", "points", 0, value=10**400), "bits"),
    "unsorted": (put("whole", "points", 0, value=99.0), "not sorted"),
    "point missing": (lambda body: body["whole"]["points"].pop(), "not a count for each"),
    "counts": (put("whole", "above", 0, value=-1), "accounts above"),
    "counts that rise": (put("whole", "above", 0, value=0), "do not fall"),
    "counts that end early": (
        lambda body: (body["whole"]["above"].pop(), body["whole"]["points"].pop()),
        "down to 0",
    ),
    "no counts": (lambda body: body["whole"].update(above=[], points=[]), "down to 0"),
    "too many points": (
        lambda body: body["whole"].update(
            accounts=5000, above=list(range(4999, -1, -1)), points=[float(k) for k in range(5000)]
        ),
        "too many bits",
    ),
    "detector": (put("whole", "shown", "replay", value=[3, 2, 1]), "too few"),
    "detector that told too much": (put("whole", "shown", "replay", value=[301, 1, 1, 1, 1]), "a detector"),
    "detector that rises": (put("whole", "shown", "replay", value=[9, 1, 2, 1, 1]), "as weights rise"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_reference_that_contradicts_itself_is_refused_and_says_what_to_do(lie: str) -> None:
    change, why = LIES[lie]

    with pytest.raises(InputError, match=why) as refused:
        from_json(forged(change))

    assert "stillwatch calibrate" in str(refused.value)


def test_a_forgery_without_a_lie_is_read() -> None:
    assert to_json(from_json(forged(lambda body: body))) == to_json(sample())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not the JSON"),
        ("{", "not the JSON"),
        ("null", "not an object"),
        ("{}", "names no version"),
        (b"\xff\xfe\x00", "not the JSON"),
        ("[" * 200_000, "too deep"),
        ('{"a":' * 200_000, "too deep"),
        ('{"version": NaN}', "NaN"),
        ('{"version": 1, "trim": -Infinity}', "-Infinity"),
        ('{"version": 1, "version": 1}', "twice"),
        ('{"version": 1, "trim": ' + "9" * 5000 + "}", "not the JSON"),
        ('{"version": 1, "sha256": "00"}', "digest"),
    ],
)
def test_what_is_no_reference_is_refused_and_says_what_to_do(text: str | bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as refused:
        from_json(text)

    assert "stillwatch calibrate" in str(refused.value)


def test_a_number_past_the_largest_float_is_refused() -> None:
    text = to_json(sample())
    body = json.loads(text)
    first = json.dumps(body["whole"]["points"][-1])
    del body["sha256"]
    body["whole"]["points"][-1] = float("inf")
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    written = json.dumps({**body, "sha256": digest}).replace("Infinity", "1e999")

    assert first not in {"Infinity", "1e999"}
    with pytest.raises(InputError, match="not finite"):
        from_json(written)


def test_a_reference_past_the_limit_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = to_json(sample())
    monkeypatch.setattr(module, "MOST_BYTES", len(text) - 1)

    with pytest.raises(InputError, match="larger than"):
        from_json(text)


@pytest.mark.parametrize("trim", [-0.1, 0.5, float("nan")])
def test_what_is_no_share_to_trim_is_refused(trim: float) -> None:
    with pytest.raises(InputError, match="trim"):
        build_reference(np.zeros(2), {}, ["", ""], np.ones(2), made=MADE, trim=trim)


def test_bits_without_end_are_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        build_reference(np.array([0.0, np.inf]), {}, ["", ""], np.ones(2), made=MADE)
