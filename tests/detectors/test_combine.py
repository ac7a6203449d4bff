from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.config import DEFAULT
from stillwatch.detectors import DETECTORS, GROUPS, Group, combine
from stillwatch.detectors.combine import SWEEPS, group_caps
from stillwatch.model.finding import Examined

NAMES = tuple(detector.name for detector in DETECTORS)
WEAK = tuple(group for group in GROUPS if group.weak_alone)


def members(group: Group) -> list[str]:
    return [detector.name for detector in DETECTORS if detector.group == group.name]


def examined(name: str, bits: list[float], reason: list[int] | None = None) -> Examined:
    weight = np.array(bits, np.float64)
    why = np.zeros(len(bits), np.uint8) if reason is None else np.array(reason, np.uint8)
    return Examined(name, weight, weight, weight, why, ("", "missing"), lambda row: f"row {row}", {})


def everything(**bits: list[float]) -> list[Examined]:
    rows = len(next(iter(bits.values())))
    return [examined(name, bits.get(name, [0.0] * rows)) for name in NAMES]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.floats(-60, 60), min_size=len(NAMES), max_size=len(NAMES)), min_size=1, max_size=6))
def test_contributions_add_up_to_total_minus_prior_and_stay_in_the_caps(table: list[list[float]]) -> None:
    answers = [examined(name, [row[i] for row in table]) for i, name in enumerate(NAMES)]

    ranking = combine(answers, DEFAULT)

    total = np.sum(list(ranking.contributions.values()), axis=0)
    assert np.abs(ranking.total_bits - DEFAULT.prior_bits - total).max() < 1e-9
    for group in GROUPS:
        mine = np.sum([ranking.contributions[d.name] for d in DETECTORS if d.group == group.name], axis=0)
        assert (mine <= group.high_bits + 1e-9).all()
        assert (mine >= group.low_bits - 1e-9).all()


def test_in_a_group_over_its_cap_every_detector_counts_for_the_same_fraction() -> None:
    ranking = combine(everything(artefact_replay=[15.0], provider_bindings=[6.0]), DEFAULT)

    assert ranking.contributions["artefact_replay"][0] == pytest.approx(15 * 18 / 21)
    assert ranking.contributions["provider_bindings"][0] == pytest.approx(6 * 18 / 21)


def test_a_group_within_its_cap_counts_in_full() -> None:
    ranking = combine(everything(logit_probing=[5.0], rhythm=[-0.5], credential_fanout=[1.0]), DEFAULT)

    assert ranking.total_bits[0] == pytest.approx(-10 + 5.5)


@pytest.mark.parametrize("bits", [-8.0, -1.0, 1e-12, 0.5, 8.0])
def test_content_and_manner_are_mixed_with_the_copiers_that_look_honest_there(bits: float) -> None:
    ranking = combine(everything(harvest_shape=[bits]), DEFAULT)

    expected = math.log2(SWEEPS * 2**bits + 1 - SWEEPS)
    assert ranking.total_bits[0] - DEFAULT.prior_bits == pytest.approx(expected, abs=1e-9)


def test_however_honest_content_and_manner_look_they_clear_nobody() -> None:
    ranking = combine(everything(harvest_shape=[-60.0], person=[-60.0], artefact_replay=[16.0]), DEFAULT)

    assert ranking.total_bits[0] > DEFAULT.prior_bits + 16 + math.log2(1 - SWEEPS) - 0.01
    assert ranking.flagged[0]


def test_a_purpose_clears_more_than_content_and_manner_do() -> None:
    content = combine(everything(harvest_shape=[-60.0], person=[-60.0]), DEFAULT)
    purpose = combine(everything(known_set=[-5.0]), DEFAULT)

    assert purpose.total_bits[0] < content.total_bits[0] - 3


def test_who_cannot_tell_speaks_neither_for_nor_against() -> None:
    silent = examined("artefact_replay", [12.0, -2.0], [1, 1])

    ranking = combine([silent], DEFAULT)

    assert ranking.contributions["artefact_replay"].tolist() == [0.0, 0.0]
    assert ranking.total_bits.tolist() == [DEFAULT.prior_bits] * 2


@pytest.mark.parametrize("group", WEAK, ids=lambda group: group.name)
@pytest.mark.parametrize("permitted", [DEFAULT.permitted_share, 1e-4])
@pytest.mark.parametrize(("prior", "threshold"), [(-10.0, 3.0), (-4.0, 0.0), (-2.0, 0.0), (-0.5, 0.0)])
def test_a_weak_group_alone_never_reports_an_account(
    prior: float, threshold: float, permitted: float, group: Group
) -> None:
    config = replace(DEFAULT, prior_bits=prior, threshold_bits=threshold, permitted_share=permitted)

    ranking = combine([examined(name, [80.0]) for name in members(group)], config)

    assert not ranking.flagged[0]


@pytest.mark.parametrize("group", WEAK, ids=lambda group: group.name)
def test_without_the_caps_a_weak_group_alone_would_report_it(group: Group) -> None:
    uncapped = [replace(g, high_bits=1e9, weak_alone=False) for g in GROUPS]

    ranking = combine([examined(name, [80.0]) for name in members(group)], DEFAULT, groups=uncapped)

    assert ranking.flagged[0]


def test_content_and_habits_together_stay_below_the_threshold() -> None:
    loud = everything(**{d.name: [99.0] for d in DETECTORS if d.group in {"content", "habits"}})

    assert not combine(loud, DEFAULT).flagged[0]


def test_a_measured_share_of_permitted_work_moves_the_cap_of_content_and_of_nothing_else() -> None:
    rarer = replace(DEFAULT, permitted_share=2.0**-10)
    groups = {group.name: group for group in GROUPS}

    assert group_caps(groups["content"], DEFAULT) == (-8.0, 8.0)
    assert group_caps(groups["content"], rarer) == (-8.0, 10.0)
    assert group_caps(groups["asked"], rarer) == group_caps(groups["asked"], DEFAULT)


def test_provenance_alone_may_report() -> None:
    assert combine(everything(artefact_replay=[15.0]), DEFAULT).flagged[0]


def test_order_is_most_evidence_first_and_ties_by_account() -> None:
    ranking = combine(everything(harvest_shape=[1.0, 4.0, 1.0, 4.0]), DEFAULT)

    assert ranking.order.tolist() == [1, 3, 0, 2]


def test_a_detector_without_a_group_is_refused() -> None:
    with pytest.raises(KeyError, match="rhythm names the group nowhere"):
        combine([examined("rhythm", [1.0])], DEFAULT, member_of={"rhythm": "nowhere"})


def test_no_accounts_is_an_empty_ranking() -> None:
    ranking = combine([examined(name, []) for name in NAMES], DEFAULT)

    assert ranking.total_bits.shape == (0,)
