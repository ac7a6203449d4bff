from __future__ import annotations

import numpy as np
import pytest
from handmade import blank, fill_registers, set_counts, set_reach, set_sums, values_of

from stillwatch.features import profile
from stillwatch.features.shares import distinct, entropy_nats
from stillwatch.sketches.layout import SLOT_TOPICS


@pytest.mark.parametrize("true", [0, 1, 30, 200, 1000, 40_000])
def test_distinct_count_is_right_within_its_error(true: int) -> None:
    registers = np.zeros((40, 256), np.uint8)
    for seed in range(40):
        fill_registers(registers[seed], true, seed) if true < 2000 or seed < 3 else None
    used = registers if true < 2000 else registers[:3]

    found = distinct(used)

    assert abs(found.mean() - true) <= 0.04 * true if true < 2000 else np.abs(found - true).max() <= 0.2 * true


def test_distinct_share_is_one_where_no_prompt_repeats_and_never_more() -> None:
    one = blank()
    set_counts(one, events=900, prompt_known=900)
    fill_registers(one.hll[0], 900, seed=4)

    found = values_of(one)

    assert 0.85 <= found["distinct_share"] <= 1
    assert found["distinct_prompts"] <= 900


def test_distinct_share_is_small_for_a_repeated_set() -> None:
    one = blank()
    set_counts(one, events=9000, prompt_known=9000)
    fill_registers(one.hll[0], 200)

    assert values_of(one)["distinct_share"] == pytest.approx(200 / 9000, rel=0.2)


def test_entropy_of_few_draws_is_corrected_upwards() -> None:
    rng = np.random.default_rng(0)
    draws = rng.multinomial(60, np.full(64, 1 / 64), size=400).astype(float)
    plug_in = -np.sum((draws / 60) * np.log(np.where(draws > 0, draws / 60, 1)), axis=1)

    found = entropy_nats(draws)

    assert (found > plug_in).all()
    assert abs(found.mean() - np.log(64)) < abs(plug_in.mean() - np.log(64))
    assert (found <= np.log(64)).all()


def test_topics_of_one_kind_have_no_spread_and_even_ones_all() -> None:
    narrow, even = blank(), blank()
    narrow.topics[0, 3] = 500
    even.topics[0] = 50

    assert values_of(narrow)["topic_entropy"] == pytest.approx(0, abs=1e-9)
    assert values_of(narrow)["topics_effective"] == pytest.approx(1)
    assert values_of(even)["topic_entropy"] == pytest.approx(1)


def test_too_few_topics_known_is_unknown() -> None:
    one = blank()
    one.topics[0, :9] = 1

    assert np.isnan(values_of(one)["topic_entropy"])


@pytest.mark.parametrize("fixed", [0, 1, 2, 3])
def test_template_share_sees_fixed_texts_over_the_floor_of_rare_ones(fixed: int) -> None:
    rng = np.random.default_rng(fixed)
    arrays = blank()
    n = 4000
    set_counts(arrays, events=n, prompt_known=n)
    for text in range(3):
        slots = np.full(n, (2 * text) % 8) if text < fixed else rng.integers(0, 8, n)
        arrays.slot_count[0] += np.bincount(slots, minlength=8).astype(np.uint32)

    assert values_of(arrays)["template_share"] == pytest.approx(1.0 if fixed else 0.0, abs=0.05)


def test_template_topics_are_those_of_the_largest_slot() -> None:
    one = blank()
    one.slot_topics[0, :SLOT_TOPICS] = 100
    one.slot_topics[0, SLOT_TOPICS] = 300

    assert values_of(one)["template_topic_entropy"] == pytest.approx(1)


def test_shares_of_answers_turns_and_parameters() -> None:
    one = blank()
    set_counts(one, events=100, turns_known=50, single_turn=40, tokens_out_known=80, reasoning_known=80)
    set_counts(one, params_known=20, tools_offered=5, finish_known=100, finish_length=7, system_present=60)
    set_counts(one, refused=4, refusal_reasoning_extraction=3, refusal_cyber=1)
    set_counts(one, mismatch_events=10, mismatch_prefix=10)
    set_sums(one, tokens_in=2000, tokens_out=8000, tokens_reasoning=2000)
    one.out_hist[0, 9] = 60
    one.out_hist[0, 2] = 20

    found = values_of(one)

    assert found["single_turn_share"] == 0.8
    assert found["tokens_out_mean"] == 100
    assert found["tokens_out_per_in"] == 4
    assert found["reasoning_share"] == 0.25
    assert found["long_answer_share"] == 0.75
    assert found["tokens_out_median"] == pytest.approx(2**9.5)
    assert found["tools_share"] == 0.25
    assert found["length_stop_share"] == 0.07
    assert found["system_share"] == 0.6
    assert found["refused_share"] == 0.04
    assert found["refusal_reasoning_extraction_share"] == 0.03
    assert found["refusal_frontier_llm_share"] == 0
    assert found["mismatch_prefix_share"] == 0.1
    assert found["mismatch_organization_share"] == 0


def test_refusals_without_a_category_leave_the_categories_unknown() -> None:
    one = blank()
    set_counts(one, events=100, refused=4, finish_known=100)

    found = values_of(one)

    assert found["refused_share"] == 0.04
    assert np.isnan(found["refusal_reasoning_extraction_share"])


def test_reach_counts_places_and_keys() -> None:
    one = blank()
    set_reach(one, "client_net", 40)
    set_reach(one, "credential_id", 2)

    found = values_of(one)

    assert found["client_nets"] == pytest.approx(40, rel=0.5)
    assert found["credentials"] == pytest.approx(2, rel=0.2)
    assert found["nets_per_credential"] == pytest.approx(found["client_nets"] / found["credentials"])
    assert np.isnan(found["tls_fingerprints"])


def test_model_mix_counts_effective_models() -> None:
    one = blank()
    one.models[0, :4] = 1000

    assert values_of(one)["models_effective"] == pytest.approx(4, rel=0.01)


def test_no_account_at_all() -> None:
    assert profile(blank(1), 0, None, None).column("distinct_share").shape == (0,)
