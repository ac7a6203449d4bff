"""What stands and falls with each detector."""

import math
from dataclasses import replace

import numpy as np
import pytest

from stillwatch.reports.steps import COUNTS, grouped
from stillwatch.reports.view import account_view


def test_total_without_a_step_and_the_step_make_the_total(result):
    for row in range(len(result.profile)):
        view = account_view(result, row)
        for step in view.steps:
            assert step.without_bits + step.counted_bits == pytest.approx(view.total_bits)


def test_who_could_not_tell_changes_nothing_when_left_out(result):
    view = account_view(result, 2)
    assert view.untold
    assert {step.without_bits for step in view.untold} == {view.total_bits}


def test_ordinary_share_is_given_only_for_what_speaks_against(result):
    for row in range(len(result.profile)):
        for step in account_view(result, row).steps:
            expected = 0.02 * (row + 1) if step.weight_bits > 0 else math.nan
            assert step.ordinary_share == pytest.approx(expected, nan_ok=True)


def test_blind_spot_and_what_would_change_it_come_with_the_detector(result):
    for step in account_view(result, 0).steps:
        assert step.blind_spot == f"what {step.detector} cannot see"
        assert step.would_change == f"what would change {step.detector}"


def test_a_detector_nobody_describes_is_shown_without(result):
    view = account_view(replace(result, capabilities=()), 0)
    assert {(step.group, step.blind_spot, step.would_change) for step in view.steps} == {("", "", "")}
    assert len(view.steps) == 5


def test_groups_hold_every_step_once_and_add_up(result):
    for row in range(len(result.profile)):
        view = account_view(result, row)
        groups = grouped(view.steps)
        held = [step for group in groups for step in (*group.counting, *group.small, *group.untold)]
        assert sorted(step.detector for step in held) == sorted(step.detector for step in view.steps)
        assert sum(group.counted_bits for group in groups) == pytest.approx(view.total_bits + 10.0)
        assert all(abs(step.counted_bits) >= COUNTS for group in groups for step in group.counting)
        assert all(abs(step.counted_bits) < COUNTS for group in groups for step in group.small)
        assert all(step.reason for group in groups for step in group.untold)


def test_groups_in_which_something_counts_come_first(result):
    bits = {"artefact_replay": 0.1, "provider_refusals": -0.2, "harvest_shape": -0.6, "rhythm": 3.0}
    contributions = {name: np.full(40, bits.get(name, 0.0)) for name in result.ranking.contributions}
    changed = replace(result, ranking=replace(result.ranking, contributions=contributions))
    groups = grouped(account_view(changed, 0).steps)
    assert [group.name for group in groups] == ["habits", "content", "provenance"]
    assert not groups[-1].counting


def test_what_lowers_and_what_raises_are_told_apart(result):
    view = account_view(result, 0)
    assert [step.detector for step in view.for_it] == ["credential_fanout"]
    assert [step.detector for step in view.against][:2] == ["harvest_shape", "artefact_replay"]
