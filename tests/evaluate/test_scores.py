from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evaluate.scores import auc, drawn, p_values, resampled, wilson95
from stillwatch.evaluate.tables import Table, markdown, rate, spanned, written

values = st.lists(st.integers(-4, 4), min_size=1, max_size=12).map(lambda found: np.array(found, float))


@given(values, values)
def test_auc_counts_pairs_and_halves_ties(above: np.ndarray, below: np.ndarray) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a in above for b in below]

    assert auc(above, below) == pytest.approx(np.mean(pairs))
    assert auc(above, below) + auc(below, above) == pytest.approx(1)


def test_auc_of_nobody_is_unknown() -> None:
    assert np.isnan(auc(np.zeros(0), np.ones(3)))
    assert np.isnan(auc(np.ones(3), np.zeros(0)))


def test_an_interval_draws_again_and_holds_the_figure() -> None:
    sample = np.random.default_rng(1).normal(size=50)

    def figure(rng: np.random.Generator | None) -> float:
        return float(drawn(sample, rng).mean())

    one, same = (resampled(figure, np.random.default_rng(3)) for _ in range(2))

    assert one == same
    assert one.low < one.value == sample.mean() < one.high
    assert one.high - one.low == pytest.approx(2 * 1.96 * sample.std() / np.sqrt(50), rel=0.25)


def test_a_figure_that_is_unknown_has_no_interval_and_says_nothing_aloud() -> None:
    found = resampled(lambda _: float("nan"), np.random.default_rng(1))

    assert np.isnan([found.value, found.low, found.high]).all()


@pytest.mark.parametrize(("found", "of"), [(0, 10), (3, 10), (10, 10), (1, 5000)])
def test_a_share_lies_in_its_interval(found: int, of: int) -> None:
    low, high = wilson95(found, of)

    assert 0 <= low <= found / of <= high + 1e-12 <= 1 + 1e-12
    assert high > low


def test_a_share_of_nothing_is_unknown() -> None:
    assert np.isnan(wilson95(0, 0)).all()


def test_honest_p_values_keep_their_level() -> None:
    rng = np.random.default_rng(2)
    rates = [(p_values(rng.normal(size=200), rng.normal(size=199)) <= 0.05).mean() for _ in range(200)]

    assert np.mean(rates) == pytest.approx(0.05, abs=0.01)


@given(values, values)
def test_a_p_value_is_never_nought_and_falls_with_the_value(asked: np.ndarray, reference: np.ndarray) -> None:
    p = p_values(np.sort(asked), reference)

    assert ((p >= 1 / (reference.shape[0] + 1)) & (p <= 1)).all()
    assert (np.diff(p) <= 0).all()


TABLE = Table("key", "Title", ("name", "value"), (("a|b", 0.12345), ("c", 1234), ("d", float("nan"))), "Note.")


def test_a_table_in_markdown_has_a_line_a_row_and_breaks_on_no_bar() -> None:
    lines = markdown(TABLE)

    assert lines[0] == "### Title"
    assert lines[2:7] == ["| name | value |", "| --- | --- |", "| a\\|b | 0.123 |", "| c | 1,234 |", "| d | - |"]
    assert lines[-2] == "Note."
    assert "Note." not in markdown(Table("key", "Title", ("name",), ()))


def test_rates_and_figures_show_what_they_are_counted_from() -> None:
    assert rate(0, 0) == "-"
    assert rate(30, 2000) == "1.5 % (30/2,000)"
    assert written("as it is") == "as it is"
    assert spanned(resampled(lambda _: 0.5, np.random.default_rng(0))) == "0.500 [0.500, 0.500]"
