"""Numbers and strangers' strings in words."""

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model import pseudonym
from stillwatch.reports import svg, words


@pytest.mark.parametrize("module", [words, svg, pseudonym])
def test_examples_run(module):
    assert doctest.testmod(module).failed == 0


@given(st.text(st.characters(exclude_categories=())), st.integers(2, 40))
def test_cleaned_text_is_one_safe_line(text, limit):
    cleaned = words.clean(text, limit)
    assert len(cleaned) <= limit
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    cleaned.encode()


@given(st.floats(-1e6, 1e6))
def test_no_number_claims_certainty(total):
    assert words.probability(total) not in {"100 %", "100.0 %", "0 %", "0.0 %"}
    assert words.odds(total)
    assert words.bits(total)[0] in "+\u22120"


@given(
    st.floats(),
    st.sampled_from(["", "gap_s", "night_share", "first_ms", "x"]),
    st.sampled_from(["", "s", "share", "1"]),
)
def test_every_number_can_be_written(value, name, unit):
    assert words.amount(value, name, unit)


def test_values_with_units():
    assert words.amount(7200.0, "gap_s") == "2 hours"
    assert words.amount(1_793_491_200_000.0, "first_ms") == "2026-11-01 00:00 UTC"
    assert words.amount(-1.5, "weight_bits") == "\u22121.5 bits"
    assert words.amount(0.25, "quiet", "share, 0 to 1") == "25 %"
    assert words.amount(0.5, "circadian_strength", "1, 0 to 1") == "0.5"
    assert words.amount(2.0, "age_at_first_d") == "2 days"
    assert words.unit_of("share_new") == "share"
    assert words.when(float("nan")) == words.when(-1) == words.when(1e30) == "unknown"
    assert words.span(90) == "1.5 minutes"
    assert words.counted(1, "event") == "1 event"
