from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.written import cases, features_of, profile_of_case
from stillwatch.config import DEFAULT
from stillwatch.detectors.purpose import (
    backfill,
    declared,
    key_theft,
    known_set,
    own_agent,
    person,
    retry_storm,
    short_answers,
    steady_history,
)
from stillwatch.detectors.purpose.kinds import Kind, Purpose, Seen, kind, nearest, undo_log2, weigh, where_shown
from stillwatch.model.finding import Finding, NotEnoughEvidence

if TYPE_CHECKING:
    from stillwatch.detectors.base import Detector

BY_NAME = {
    module.NAME: module.DETECTOR
    for module in (
        *(backfill, declared, key_theft, known_set, own_agent),
        *(person, retry_storm, short_answers, steady_history),
    )
}
PURPOSES = (
    known_set.KNOWN_SET,
    short_answers.SHORT_ANSWERS,
    backfill.BACKFILL,
    own_agent.OWN_AGENT,
    person.PERSON,
    key_theft.KEY_THEFT,
    retry_storm.RETRY_STORM,
    retry_storm.STUCK,
    steady_history.STEADY_HISTORY,
)
SMALL = Purpose(
    extraction=0.01,
    honest=0.16,
    shares=("known",),
    sizes=("long",),
    meant=(kind("meant", 1.0, ((9, 1),), ((8.0, 1.0),)),),
    others=(kind("like it", 0.3, ((9, 1),), ((4.0, 1.0),)), kind("unlike it", 0.7, ((1, 9),), ((2.0, 1.0),))),
)


def ask(
    detector: Detector, features: dict[str, float], facts: dict[str, Any] | None = None
) -> Finding | NotEnoughEvidence:
    return detector.examine(profile_of_case({"features": features, "facts": facts or {}}), DEFAULT).at(0)


def bits(detector: Detector, features: dict[str, float], facts: dict[str, Any] | None = None) -> float:
    found = ask(detector, features, facts)
    assert isinstance(found, Finding), found
    return found.weight_bits


def seen(share: float, n: float, size: float) -> Seen:
    return Seen({"known": (np.array([share]), np.array([n]))}, {"long": (np.array([size]), 0.1)})


@pytest.mark.parametrize("name", BY_NAME)
def test_what_speaks_for_an_account_is_clear_of_every_near_miss(name: str) -> None:
    spoken = [case["bits"]["most"] for case in cases(name)["positive"]]
    missed = [bits(BY_NAME[name], case["features"], case.get("facts")) for case in cases(name)["benign"]]

    assert max(spoken) < 0
    assert np.median(missed) > -0.1


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.meant[0].name)
def test_shares_of_each_side_are_whole_and_every_rate_is_given(purpose: Purpose) -> None:
    for side in (purpose.meant, purpose.others):
        assert sum(one.share for one in side) == pytest.approx(1)
    assert all(len(one.rates) == len(purpose.shares) for one in purpose.kinds)
    assert all(len(one.sizes) == len(purpose.sizes) for one in purpose.kinds)
    assert 0 < purpose.extraction < purpose.honest < 1
    assert len({one.name for one in purpose.kinds}) == len(purpose.kinds)


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 2**32 - 1))
def test_no_purpose_weighs_more_than_its_rates_allow_nor_ever_against_an_account(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for purpose in PURPOSES:
        shares = {name: (rng.random(4), np.floor(10 ** rng.uniform(0, 4, 4))) for name in purpose.shares}
        sizes = {name: (rng.normal(0, 9, 4), rng.random(4)) for name in purpose.sizes}

        weight, low, high = weigh(purpose, Seen(shares, sizes))

        floor = np.log2(purpose.extraction / purpose.honest)
        assert (low >= floor - 1e-9).all()
        assert (low <= weight + 1e-12).all()
        assert (weight <= high + 1e-12).all()
        assert (high <= 0).all()


def test_a_purpose_seen_whole_weighs_what_its_rates_say() -> None:
    weight = weigh(SMALL, seen(0.95, 500, 8.0))[0][0]

    assert weight == pytest.approx(np.log2(0.01 / 0.16), abs=0.2)


def test_a_look_alike_takes_the_weight_away() -> None:
    alone = replace(SMALL, others=(replace(SMALL.others[1], share=1.0),))

    assert weigh(alone, seen(0.95, 500, 5.0))[0][0] < -2
    assert weigh(SMALL, seen(0.95, 500, 5.0))[0][0] > -1.5


def test_rare_look_alikes_never_make_a_weight_positive() -> None:
    crowded = replace(SMALL, others=(replace(SMALL.others[0], share=0.99), replace(SMALL.others[1], share=0.01)))

    assert weigh(crowded, seen(0.9, 500, 3.0))[2][0] <= 0


def test_unknown_values_are_left_out() -> None:
    nothing = Seen({"known": (np.array([np.nan]), np.array([np.nan]))}, {"long": (np.array([np.nan]), 0.1)})
    half = Seen({"known": (np.array([np.nan]), np.array([50.0]))}, {"long": (np.array([8.0]), 0.1)})

    assert weigh(SMALL, nothing)[0][0] == pytest.approx(0)
    assert weigh(SMALL, seen(0.95, 500, 8.0))[0][0] < weigh(SMALL, half)[0][0] < 0


def test_more_observations_of_the_same_share_say_more() -> None:
    few, many = (weigh(SMALL, seen(0.95, n, 6.0))[0][0] for n in (2, 64))

    assert many < few


def test_beyond_the_outermost_kind_nothing_changes() -> None:
    at_the_end, far_out = (weigh(SMALL, seen(0.95, 500, size))[0][0] for size in (8.0, 80.0))

    assert at_the_end == far_out


def test_many_accounts_are_answered_one_by_one() -> None:
    rng = np.random.default_rng(4)
    n = 20_000
    shares, sizes = rng.random(n), rng.uniform(0, 10, n)
    together = weigh(SMALL, Seen({"known": (shares, np.full(n, 40.0))}, {"long": (sizes, np.full(n, 0.2))}))

    for row in (0, 8_191, 8_192, n - 1):
        one = Seen({"known": (shares[[row]], np.array([40.0]))}, {"long": (sizes[[row]], np.array([0.2]))})
        assert [part[row] for part in together] == pytest.approx([part[0] for part in weigh(SMALL, one)])


def test_nearest_names_the_kind_honest_accounts_most_likely_are() -> None:
    assert nearest(SMALL, seen(0.95, 500, 8.0)) == ["meant"]
    assert nearest(SMALL, seen(0.95, 500, 4.0)) == ["like it"]
    assert nearest(SMALL, seen(0.05, 500, 2.0)) == ["unlike it"]


def test_a_kind_is_written_with_pairs() -> None:
    made = kind("a", 0.5, ((1, 2),), ((3.0, 4.0),))

    assert isinstance(made, Kind)
    assert (made.rates[0].a, made.rates[0].b, made.sizes) == (1, 2, ((3.0, 4.0),))


def test_none_shown_is_unknown_and_logarithms_are_undone() -> None:
    assert np.isnan(where_shown(np.array([0.0, np.nan]))).all()
    assert where_shown(np.array([0.2])).tolist() == [0.2]
    assert [undo_log2(3.0), undo_log2(9e9)] == [8.0, 2.0**60]
    assert np.isnan(undo_log2(float("nan")))


EVALUATION = features_of("known_set", "positive", "evaluation run repeated over model versions")


def test_a_known_set_that_returns_less_is_excused_less() -> None:
    weights = [
        bits(known_set.DETECTOR, EVALUATION | {"returning_share": share, "repeat_span_d": 24 * share + 0.01})
        for share in (1.0, 0.6, 0.3, 0.0)
    ]

    assert weights == sorted(weights)
    assert weights[-1] > -1


def test_a_set_that_keeps_growing_is_excused_less() -> None:
    weights = [bits(known_set.DETECTOR, EVALUATION | {"late_new_share": share}) for share in (0.0, 0.25, 0.5)]

    assert weights == sorted(weights)
    assert weights[0] < weights[-1] - 1


def test_repeats_within_the_hour_are_not_a_kept_set() -> None:
    hourly = {"returning_share": 0.0, "late_new_share": 0.5, "repeat_span_d": 0.01, "prompt_models": 1}

    assert bits(known_set.DETECTOR, EVALUATION | hourly) > -0.1


def test_public_prompts_are_shown_and_not_weighed() -> None:
    weights = {bits(known_set.DETECTOR, EVALUATION | {"corpus_share": share}) for share in (0.0, 1.0)}

    assert len(weights) == 1


@pytest.mark.parametrize("name", ["known_set", "short_answers"])
def test_one_logit_probe_takes_the_excuse_away(name: str) -> None:
    features = cases(name)["positive"][0]["features"] | {"params_known": 3000}

    assert bits(BY_NAME[name], features | {"logit_probe_share": 0.0}) < -4
    assert bits(BY_NAME[name], features | {"logit_probe_share": 0.001}) == 0


def test_longer_answers_are_excused_less() -> None:
    features = features_of("short_answers", "positive", "batch classifier")
    weights = [
        bits(short_answers.DETECTOR, features | {"tokens_out_median": 2**at, "long_answer_share": share})
        for at, share in ((2.5, 0.0), (4.5, 0.0), (6.5, 0.1), (8.5, 0.7))
    ]

    assert weights == sorted(weights)
    assert weights[-1] > -1


def test_empty_answers_of_failed_requests_are_not_short_answers() -> None:
    features = features_of("short_answers", "positive", "batch classifier")

    assert isinstance(
        ask(short_answers.DETECTOR, features | {"throttled_share": 0.5, "error_share": 0.1}), NotEnoughEvidence
    )
    assert bits(short_answers.DETECTOR, features | {"throttled_share": 0.05, "error_share": 0.1}) < -4


AGENT = features_of("own_agent", "positive", "coding agent over one's own repository")


def test_carried_reasoning_counts_only_where_it_is_known_to_be_the_owners() -> None:
    plain = {name: value for name, value in AGENT.items() if name not in {"tools_share", "params_known"}}

    own = bits(own_agent.DETECTOR, plain)
    unknown = bits(own_agent.DETECTOR, plain | {"owner_known": 0})

    assert own < unknown < 0
    assert unknown == bits(own_agent.DETECTOR, plain | {"owner_known": 0, "carried_share": 0.01})


@pytest.mark.parametrize(("name", "features"), [("own_agent", AGENT), ("person", {})])
def test_one_foreign_artefact_takes_the_excuse_away(name: str, features: dict[str, float]) -> None:
    features = features or features_of("person", "positive", "interactive person")

    assert bits(BY_NAME[name], features | {"foreign_distinct": 0}) < -2
    assert bits(BY_NAME[name], features | {"foreign_distinct": 1}) == 0


@pytest.mark.parametrize(
    "trait",
    [
        {"quiet_share": 0.24},
        {"single_turn_share": 1.0},
        {"template_share": 1.0},
        {"events_per_day": 3000},
        {"end_users": 500},
    ],
)
def test_a_person_without_one_human_trait_is_excused_less(trait: dict[str, float]) -> None:
    whole = features_of("person", "positive", "interactive person")

    assert bits(person.DETECTOR, whole | trait) > bits(person.DETECTOR, whole) + 0.5


def test_nights_alone_make_no_person() -> None:
    machine = features_of("person", "benign", "machine around the clock")

    assert bits(person.DETECTOR, machine | {"quiet_share": 0.0}) > -0.3


THEFT = features_of("key_theft", "positive", "burst from networks never seen, while the old ones go on")


@pytest.mark.parametrize(
    "without",
    [{"old_nets_kept": 0}, {"old_nets_kept": float("nan")}, {"new_nets_spread": 0.7}, {"peak_over_median": 1.5}],
)
def test_a_theft_needs_the_old_networks_a_common_start_and_a_burst(without: dict[str, float]) -> None:
    assert bits(key_theft.DETECTOR, THEFT) < -3
    assert bits(key_theft.DETECTOR, THEFT | without) > -1.5


def test_requests_that_succeed_are_no_storm() -> None:
    storm = features_of("retry_storm", "positive", "loop on a limit")
    weights = [
        bits(retry_storm.DETECTOR, storm | {"throttled_share": share, "error_share": 0.0}) for share in (0.8, 0.2, 0.0)
    ]

    assert weights == sorted(weights)
    assert weights[-1] > -0.5


def test_stuck_requests_count_less_than_a_whole_storm() -> None:
    few, whole = (
        bits(retry_storm.DETECTOR, features_of("retry_storm", "positive", name))
        for name in ("four requests stuck beside ordinary use", "loop on a limit")
    )

    assert whole < few - 1


def test_a_burst_is_no_steady_history() -> None:
    steady = features_of("steady_history", "positive", "old account, steady for two months")
    weights = [bits(steady_history.DETECTOR, steady | {"peak_over_median": peak}) for peak in (1.5, 4, 30)]

    assert weights == sorted(weights)
    assert weights[-1] > -0.2


def test_long_documents_are_excused_by_what_they_draw() -> None:
    features = features_of("backfill", "positive", "retrieval application")
    weights = [
        bits(backfill.DETECTOR, features | {"draw_log2": draw, "answer_log2": draw + 10.0})
        for draw in (-3.7, -1.5, 1.0)
    ]

    assert weights == sorted(weights)
    assert weights[-1] > -0.2


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("research", "research"),
        ("Academic Research on small models", "research"),
        ("own-model distillation", "an own model"),
        ("synthetic training text for our own model", "an own model"),
        ("training our own open model", "an own model"),
        ("Licensed_distillation", "distillation under contract or licence"),
        ("licensed distillation under contract", "distillation under contract or licence"),
        ("evaluation partner", "an evaluation partner"),
        ("authorised red team exercise", "an authorised red team"),
    ],
)
def test_written_kinds_of_declaration(entry: str, name: str) -> None:
    found = declared.declaration(entry)

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "entry",
    [
        *("", "education", "security research", "market research assistant", "unlicensed", "licensed resale"),
        *("no contract", "not academic research", "software development", "predistillation under contracts"),
    ],
)
def test_other_entries_weigh_nothing(entry: str) -> None:
    assert declared.declaration(entry) is None


def test_the_stronger_declaration_counts_once() -> None:
    both = {"declared_purpose": "research", "reseller": 1}

    assert bits(declared.DETECTOR, {"events": 500, "end_users": 80}, both) == declared.RESELLER_ATTRIBUTED.bits
    assert bits(declared.DETECTOR, {"events": 500, "end_users": 1}, both) == pytest.approx(-2)


def test_few_end_users_make_attribution_uncertain() -> None:
    found = ask(declared.DETECTOR, {"events": 500, "end_users": 6}, {"reseller": 1})

    assert isinstance(found, Finding)
    assert found.weight_bits == found.low_bits == pytest.approx(-3)
    assert found.high_bits == declared.RESELLER.bits


def test_no_entry_of_the_account_file_is_quoted() -> None:
    found = ask(declared.DETECTOR, {"events": 500}, {"declared_purpose": "Mrs Example, education"})

    assert isinstance(found, Finding)
    assert "Example" not in found.evidence
