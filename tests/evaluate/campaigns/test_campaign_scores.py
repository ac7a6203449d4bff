from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evaluate.campaigns.scores import Truth, bcubed, measure
from stillwatch.evaluate.campaigns.shares import Grouping
from stillwatch.model.errors import InputError


def ints(*values: int):
    return np.array(values, np.int64)


def groups(*values: int) -> Grouping:
    return Grouping(ints(*values))


# Ten accounts: campaign 7 of five, campaign 3 of two, three honest ones of which two are one honest team.
TRUTH = Truth(ints(7, 7, 7, 7, 7, 3, 3, -1, -1, -1), ints(7, 7, 7, 7, 7, 3, 3, 9, 9, -1))


def test_a_worked_example() -> None:
    found = measure(TRUTH, groups(0, 0, 0, -1, 1, 1, -1, 2, 2, 0))

    assert (found.groups, found.grouped, found.largest, found.campaigns) == (3, 8, 4, 2)
    assert (found.at_50, found.at_50_pure) == (2, 2)
    assert (found.at_80, found.at_80_pure) == (0, 0)
    assert found.precision == 5 / 8
    assert found.recall == 5 / 7
    assert found.benign_grouped == 1.0
    assert found.false_groups == 1
    assert found.false_operator == 0
    # Precision: 3 x 3/4 + 1/4 (group 0), 1 (missed), 1/2 + 1/2 (group 1), 1 (missed), 2 x 1/2 (group 2).
    assert found.bcubed_precision == pytest.approx(6.5 / 10)
    # Recall: 3 x 3/5 + 1 (group 0), 1/5 (missed), 1/5 + 1/2 (group 1), 1/2 (missed), 1 + 1 (group 2).
    assert found.bcubed_recall == pytest.approx(6.2 / 10)
    assert found.bcubed_f1 == pytest.approx(2 * 0.65 * 0.62 / 1.27)


def test_one_group_of_everybody_is_whole_and_not_pure() -> None:
    found = measure(Truth(ints(0, 0, -1, -1, -1)), groups(4, 4, 4, 4, 4))

    assert (found.at_80, found.at_80_pure, found.false_groups, found.false_operator) == (1, 0, 1, -1)
    assert (found.precision, found.recall, found.benign_grouped) == (0.4, 1.0, 1.0)


@pytest.mark.parametrize(("inside", "at_50", "at_80"), [(4, 0, 0), (5, 1, 0), (7, 1, 0), (8, 1, 1)])
def test_half_and_four_fifths_are_reached_from_the_count_on(inside: int, at_50: int, at_80: int) -> None:
    labels = np.where(np.arange(10) < inside, 0, -1)

    found = measure(Truth(np.zeros(10, np.int64)), Grouping(labels))

    assert (found.at_50, found.at_80) == (at_50, at_80)


def test_a_campaign_in_two_halves_counts_once_and_by_the_pure_half() -> None:
    found = measure(Truth(ints(0, 0, -1, -1, -1)), groups(0, 1, 1, 1, 1))

    assert (found.at_50, found.at_50_pure) == (1, 1)


def test_nothing_found_has_no_precision() -> None:
    found = measure(TRUTH, groups(*[-1] * 10))

    assert np.isnan(found.precision)
    assert (found.groups, found.recall, found.benign_grouped, found.false_groups) == (0, 0.0, 0.0, 0)
    assert found.bcubed_precision == 1.0
    assert found.bcubed_recall == pytest.approx((5 / 5 + 2 / 2) / 7)


def test_nobody_to_judge_is_no_number() -> None:
    assert np.isnan(bcubed(ints(-1, -1), ints(-1, -1))).all()


def test_where_only_bad_accounts_are_known_no_campaign_is_counted() -> None:
    truth = Truth(ints(0, 0, 0, -1, -1), campaigns_known=False)

    found = measure(truth, groups(0, 0, -1, 1, 1))

    assert (found.campaigns, found.at_50, found.at_80) == (0, 0, 0)
    assert np.isnan([found.bcubed_precision, found.bcubed_recall, found.bcubed_f1]).all()
    assert (found.precision, found.recall, found.false_groups) == (0.5, 2 / 3, 1)


def test_other_accounts_are_refused() -> None:
    with pytest.raises(InputError, match="labels of 2 accounts, truth of 10"):
        measure(TRUTH, groups(0, 0))


labels = st.lists(st.integers(-1, 4), min_size=1, max_size=30)


@given(labels)
def test_the_truth_itself_is_perfect(classes: list[int]) -> None:
    truth = ints(*classes)

    found = measure(Truth(truth, truth), Grouping(truth))

    assert found.at_50 == found.at_80_pure == found.campaigns == len(set(classes) - {-1})
    assert found.false_groups == found.false_operator == 0
    if found.campaigns:
        assert (found.precision, found.recall) == (1.0, 1.0)
        assert (found.bcubed_precision, found.bcubed_recall, found.bcubed_f1) == pytest.approx((1.0, 1.0, 1.0))
    if -1 in classes:
        assert found.benign_grouped == 0.0


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=30), st.permutations(range(5)))
def test_names_of_groups_and_order_of_accounts_do_not_matter(pairs, names: list[int]) -> None:
    classes, found = (ints(*column) for column in zip(*pairs, strict=True))
    turned = ints(*names, -1)

    first = measure(Truth(classes, classes), Grouping(found))
    again = measure(Truth(turned[classes][::-1], classes[::-1]), Grouping(turned[found][::-1]))

    assert dataclasses.asdict(first) == pytest.approx(dataclasses.asdict(again), nan_ok=True)


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=20))
def test_bcubed_equals_its_definition_account_by_account(pairs) -> None:
    classes, found = zip(*pairs, strict=True)

    def together(column, at: int) -> set[int]:
        return {i for i, other in enumerate(column) if i == at or (other == column[at] != -1)}

    shares = [
        (len(c & t) / len(c), len(c & t) / len(t))
        for at in range(len(pairs))
        if pairs[at] != (-1, -1)
        for c, t in [(together(found, at), together(classes, at))]
    ]

    precision, recall, _ = bcubed(ints(*found), ints(*classes))

    expected = np.mean(shares, axis=0) if shares else (np.nan, np.nan)
    assert (precision, recall) == pytest.approx(tuple(expected), nan_ok=True)
