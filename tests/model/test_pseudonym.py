"""Pseudonyms survive being written and read back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stillwatch.model.errors import InputError
from stillwatch.model.pseudonym import pseudonym_column, pseudonym_text, pseudonym_value

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(INT64)
def test_round_trip(value):
    text = pseudonym_text(value)
    assert len(text) == 15
    assert pseudonym_value(text) == value
    assert pseudonym_text(value & (2**64 - 1)) == text


@given(INT64)
def test_typed_by_hand(value):
    text = pseudonym_text(value)
    assert pseudonym_value(f"  {text.upper()} ") == value
    assert pseudonym_value("a_" + text[2:].replace("0", "o").replace("1", "l")) == value


@given(arrays(np.int64, st.integers(0, 20)))
def test_column_equals_one_by_one(values):
    assert pseudonym_column(values).to_pylist() == [pseudonym_text(int(v)) for v in values]


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_order_of_text_is_order_of_unsigned_value(one, other):
    assert (pseudonym_text(one) < pseudonym_text(other)) == (one < other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a_",
        "a_000000000000",
        "a_00000000000000",
        "b_0000000000000",
        "a_g000000000000",
        "a_000000000000u",
        "a-0000000000000",
    ],
)
def test_what_is_no_pseudonym_is_refused_by_name(text):
    with pytest.raises(InputError, match="no account pseudonym"):
        pseudonym_value(text)
