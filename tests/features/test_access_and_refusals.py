"""System texts, logit probes, and how an account is refused."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import DAY_MS, START_MS, blank, fill_registers, set_counts, set_sums, values_of

from sketches.events import Event, event, folded, pseudonym, seeded
from stillwatch.features import FEATURES, profile
from stillwatch.model.event import FINISH_REASONS

ME = pseudonym(1, "account")
REFUSED, STOPPED = FINISH_REASONS.index("refusal"), FINISH_REASONS.index("stop")


def measured(rows: list[Event]) -> dict[str, float]:
    made = profile(folded([rows]).ordered(), 1, None, None)
    return {feature.name: float(made.column(feature.name)[0]) for feature in FEATURES}


def rows_of(*given: dict[str, object]) -> list[Event]:
    rng = seeded(2)
    quiet = {"refusal_category": None, "finish_reason": STOPPED, "logit_bias_n": None, "logprobs_requested": None}
    return [
        event(rng, k, 0.0, **(quiet | {"account_id": ME, "ts_ms": START_MS + k} | one)) for k, one in enumerate(given)
    ]


@pytest.mark.parametrize("texts", [1, 3, 40])
def test_system_texts_are_counted_by_their_beginning(texts: int) -> None:
    # Runs of digits count as one word, so numbers are spelt in letters.
    names = [f"{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(texts)]
    rows = rows_of(*({"system": f"serve {name} kindly".encode()} for name in names * 3))

    assert measured(rows)["system_texts"] == pytest.approx(texts, rel=0.5)


@pytest.mark.parametrize(("named", "of", "share"), [(1, 4, 0.25), (4, 4, 1.0), (0, 4, float("nan"))])
def test_requests_that_name_an_end_user_are_a_share_and_of_none_nothing_is_told(
    named: int, of: int, share: float
) -> None:
    rows = rows_of(*({"end_user_id": pseudonym(k, "user") if k < named else None} for k in range(of)))

    assert measured(rows)["end_user_share"] == pytest.approx(share, nan_ok=True)


def test_without_a_system_text_there_are_none_and_without_a_prompt_nothing_is_known() -> None:
    assert measured(rows_of({"system": None, "prompt": b"hello there"}))["system_texts"] == 0
    assert np.isnan(measured(rows_of({"system": b"be kind to all", "prompt": None}))["system_texts"])


@pytest.mark.parametrize(
    ("bias", "logprobs", "max_tokens", "probes"),
    [
        (3, 5, 900, 1),
        (3, None, 1, 1),
        (3, None, 4, 1),
        (3, None, 5, 0),
        (None, 5, 1, 0),
        (0, 5, 1, 0),
        (3, None, None, 0),
    ],
)
def test_a_logit_probe_biases_tokens_and_reads_little(
    bias: int | None, logprobs: int | None, max_tokens: int | None, probes: int
) -> None:
    one = {"logit_bias_n": bias, "logprobs_requested": logprobs, "max_tokens": max_tokens}

    assert measured(rows_of(one))["logit_probe_share"] == probes


def test_a_probe_share_is_of_requests_with_known_parameters() -> None:
    one = blank()
    assert np.isnan(values_of(one)["logit_probe_share"])
    set_counts(one, events=100, params_known=40, logit_probe=10)
    assert values_of(one)["logit_probe_share"] == 0.25


def test_without_a_refusal_nothing_is_known_of_refusals() -> None:
    found = measured(rows_of({}, {}, {}))

    assert np.isnan(found["refused_distinct_share"])
    assert np.isnan(found["refused_lead"])
    assert found["refused_share"] == 0


def test_trying_many_ways_differs_from_retrying_one() -> None:
    tries = rows_of(*({"finish_reason": REFUSED, "prompt": b"way %s" % bytes([97 + k])} for k in range(12)))
    retries = rows_of(*({"finish_reason": REFUSED, "prompt": b"the same way"} for _ in range(12)))

    assert measured(tries)["refused_distinct_share"] == pytest.approx(1, abs=0.4)
    assert measured(retries)["refused_distinct_share"] == pytest.approx(1 / 12, rel=0.1)


def test_distinct_refusals_never_pass_the_refusals() -> None:
    one = blank()
    set_counts(one, events=30, refused=20, refused_prompts=20)
    fill_registers(one.refused[0], 200)

    assert values_of(one)["refused_distinct_share"] == 1


def test_refusals_whose_prompt_is_unknown_have_no_distinct_share() -> None:
    assert np.isnan(measured(rows_of({"finish_reason": REFUSED, "prompt": None}))["refused_distinct_share"])


@pytest.mark.parametrize(("refused", "sign"), [((0, 1), 1), ((8, 9), -1)])
def test_early_refusals_lead_and_late_ones_follow(refused: tuple[int, int], sign: int) -> None:
    rows = rows_of(
        *(
            {"ts_ms": START_MS + day * DAY_MS, "finish_reason": REFUSED if day in refused else STOPPED}
            for day in range(10)
        )
    )

    # Requests lie at 4.5 days on average, refusals four days off it, of nine active days.
    assert measured(rows)["refused_lead"] == pytest.approx(sign * 4 / 9, abs=1e-6)


def test_refusals_spread_like_the_requests_neither_lead_nor_follow() -> None:
    rows = rows_of(*({"ts_ms": START_MS + day * DAY_MS, "finish_reason": REFUSED} for day in range(5)))

    assert measured(rows)["refused_lead"] == pytest.approx(0)


def test_one_event_has_no_lead() -> None:
    assert np.isnan(measured(rows_of({"finish_reason": REFUSED}))["refused_lead"])


def test_a_lead_stays_within_its_range() -> None:
    one = blank()
    one.last_ms[:] = START_MS + 1000
    set_counts(one, events=10, refused=1)
    set_sums(one, ts_s=10 * START_MS // 1000, refused_ts_s=START_MS // 1000 - 500)

    assert values_of(one)["refused_lead"] == 1
