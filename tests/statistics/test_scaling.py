"""Scaling of log odds: learns what was too bold, leaves alone what was right, never turns an order round."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.statistics.scaling import fit_scaled


def drawn(slope: float, shift: float, many: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    bits = rng.normal(0.0, 4.0, many)
    return bits, rng.random(many) < 1.0 / (1.0 + np.exp2(-(slope * bits + shift)))


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.4, 0.0), (1.0, -3.0), (0.6, 2.0)])
def test_what_was_bold_or_off_is_learnt(slope, shift):
    learnt = fit_scaled(*drawn(slope, shift))
    assert learnt.slope == pytest.approx(slope, abs=0.05)
    assert learnt.shift == pytest.approx(shift, abs=0.1)


def test_bits_lower_than_any_seen_promise_less():
    bits, label = drawn(1.0, 0.0)
    seen = bits > 2.0
    learnt = fit_scaled(bits[seen], label[seen])
    low, lower = learnt(np.array([-4.0, -9.0]))
    assert lower < low < 0.2


def test_a_clean_cut_makes_no_certainty():
    learnt = fit_scaled(np.array([-1.0, 1.0]), np.array([False, True]))
    assert learnt(np.array([-1.0]))[0] > 0.1
    assert learnt(np.array([1.0]))[0] < 0.9


@given(st.lists(st.tuples(st.floats(-60, 60), st.booleans()), min_size=2, max_size=40))
def test_the_order_is_never_turned_round(cases):
    bits, label = np.array([b for b, _ in cases]), np.array([one for _, one in cases])
    if label.all() or not label.any():
        with pytest.raises(InputError):
            fit_scaled(bits, label)
        return
    made = fit_scaled(bits, label)(np.sort(bits))
    assert (np.diff(made) >= 0).all()
    assert np.isfinite(made).all()
