"""The profile as a whole: order, columns, unknowns, panels."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import START_MS, blank, set_counts

from stillwatch.features import FEATURES, RecycledColumns, ReplayColumns, profile, profile_of
from stillwatch.features.panels import Panels
from stillwatch.features.recycled import RECYCLED
from stillwatch.model.profile import AccountFacts
from stillwatch.sketches.layout import take


def test_every_feature_is_a_column_with_unit_and_meaning() -> None:
    made = profile(blank(3), 3, None, None)

    assert tuple(made.columns) == tuple(feature.name for feature in FEATURES)
    assert len(set(made.columns)) == len(FEATURES)
    assert all(column.shape == (3,) and column.dtype == np.float64 for column in made.columns.values())
    assert all(feature.unit and feature.meaning.endswith(".") for feature in FEATURES)


def test_rows_are_ordered_by_account_whatever_the_order_of_the_state() -> None:
    rng = np.random.default_rng(2)
    arrays = blank(500)
    arrays.key[:] = rng.permutation(500) - 250
    arrays.counts[:] = rng.integers(1, 90, arrays.counts.shape)
    arrays.week[:] = rng.integers(0, 5, arrays.week.shape)
    mixed = take(arrays, rng.permutation(500))

    straight, turned = profile(arrays, 500, None, None), profile(mixed, 500, None, None)

    assert straight.account.tolist() == sorted(arrays.key.tolist())
    for name, column in straight.columns.items():
        assert np.array_equal(column, turned.columns[name], equal_nan=True), name
    for name in straight.panels:
        assert np.array_equal(straight.panels[name], turned.panels[name])


def test_rows_do_not_depend_on_how_many_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = blank(37)
    arrays.counts[:] = np.random.default_rng(2).integers(1, 90, arrays.counts.shape)
    whole = profile(arrays, 37, None, None)
    monkeypatch.setattr("stillwatch.features.assemble._CHUNK", 5)

    parts = profile(arrays, 37, None, None)

    for name, column in whole.columns.items():
        assert np.array_equal(column, parts.columns[name], equal_nan=True), name


def test_what_the_log_does_not_hold_is_unknown_and_not_zero() -> None:
    made = profile(blank(), 1, None, None)

    known = {name for name, column in made.columns.items() if not np.isnan(column[0])}
    assert known == {
        *(
            "events",
            "first_ms",
            "last_ms",
            "active_span_d",
            "events_per_day",
            "batch_share",
            "prompts_known",
            "turns_known",
            "gaps_seen",
        ),
        *("answers_known", "carried_events", "carried_share", "born_events", "params_known"),
        *("lengths_known", "sampled_prompts", "network_share", "user_agent_share"),
        *("timeline_start_ms", "timeline_bin_s", "timeline_bins"),
    }


@pytest.mark.parametrize(
    ("array", "gone"),
    [
        ("week", ("hours_active", "quiet_share", "circadian_strength")),
        ("topics", ("topic_entropy", "topics_effective")),
        ("out_hist", ("long_answer_share", "tokens_out_median")),
        ("timeline", ("peak_over_median", "signup_to_peak_d")),
        ("models", ("models_effective",)),
    ],
)
def test_a_full_counter_makes_its_features_unknown(array: str, gone: tuple[str, ...]) -> None:
    arrays = blank()
    getattr(arrays, array)[0] = 50
    getattr(arrays, array)[0, 1] = 65_535
    facts = AccountFacts(("a",), ("",), np.array([START_MS]), ("",), np.array([-1], np.int8))

    made = profile(arrays, 1, facts, None)

    assert all(np.isnan(made.column(name)[0]) for name in gone)


def test_only_rows_in_use_are_read() -> None:
    assert len(profile(blank(10), 4, None, None)) == 4
    assert len(profile(blank(10), 0, None, None)) == 0


def test_labels_are_written_pseudonyms_where_no_account_file_is_given() -> None:
    made = profile(blank(2), 2, None, None)

    assert made.facts.label == ("a_0000000000001", "a_0000000000002")
    assert made.facts.signup_ms.tolist() == [-1, -1]
    assert made.facts.reseller.tolist() == [-1, -1]


def test_artefact_index_becomes_columns() -> None:
    replay = ReplayColumns(np.array([4.0]), np.array([3.0]), np.array([2.0]), np.array([True]))

    made = profile(blank(), 1, None, replay)

    assert [made.column(n)[0] for n in ("artefacts_distinct", "foreign_distinct", "foreign_owners", "owner_known")] == [
        *(4.0, 3.0, 2.0, 1.0),
    ]


def test_index_of_prints_becomes_columns() -> None:
    recycled = RecycledColumns(np.array([9.0]), np.array([5.0]), np.array([2.0]), np.array([False]))

    made = profile(blank(), 1, None, None, recycled=recycled)

    assert [made.column(feature.name)[0] for feature in RECYCLED] == [9.0, 5.0, 2.0, 0.0]
    assert np.isnan([profile(blank(), 1, None, None).column(feature.name)[0] for feature in RECYCLED]).all()


def test_panels_have_their_shapes_and_stay_when_the_state_moves_on() -> None:
    arrays = blank(2)
    arrays.week[:, 5] = 7
    made = profile(arrays, 2, None, None)
    arrays.week[:, 5] = 9

    assert {name: made.panels[name].shape for name in made.panels} == {
        "hour_of_week": (2, 168),
        "topics": (2, 64),
        "timeline": (2, 24),
        "tokens_out": (2, 16),
    }
    assert len(made.panels) == 4
    assert made.panels["hour_of_week"][0, 5] == 7
    assert isinstance(made.panels, Panels)


def test_a_profile_can_be_built_from_some_columns() -> None:
    made = profile_of(np.array([3, 9]), {"events": np.array([1.0, 2.0])})

    assert made.column("events").tolist() == [1, 2]
    assert np.isnan(made.column("tokens_out")).all()
    with pytest.raises(KeyError, match="no such feature: shoe_size"):
        profile_of(np.array([3]), {"shoe_size": np.array([44.0])})


def test_error_and_throttle_shares_need_a_status() -> None:
    arrays = blank()
    set_counts(arrays, events=10, status_known=8, errors=2, throttled=4)

    made = profile(arrays, 1, None, None)

    assert made.column("error_share")[0] == 0.25
    assert made.column("throttled_share")[0] == 0.5
