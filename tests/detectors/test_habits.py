"""What habits weigh: little, in the right direction, and nothing where everybody shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.written import cases, profile_of_case
from stillwatch.config import DEFAULT
from stillwatch.detectors.habits import bare_headers, canary_probing, model_pivot, plan_ratio, ramp, relay_mixture
from stillwatch.detectors.weights.kinds import Kind, kind_bits, log_beta_share
from stillwatch.detectors.weights.likelihood import Beta

if TYPE_CHECKING:
    from numpy.typing import NDArray

HABITS = (relay_mixture, ramp, plan_ratio, bare_headers, model_pivot, canary_probing)
CAPS = {
    "relay_mixture": (-0.75, 1.51),
    "ramp": (-0.5, 1.2),
    "plan_ratio": (-0.15, 0.7),
    "bare_headers": (-0.1, 0.8),
    "model_pivot": (-0.2, 0.7),
    "canary_probing": (-0.2, 0.7),
}
"""What each may weigh, as its page says."""
NAN = float("nan")
SHARE = st.floats(0, 1)


def one(*values: float) -> list[NDArray[np.float64]]:
    return [np.array([value]) for value in values]


@pytest.mark.parametrize("module", HABITS, ids=lambda module: module.NAME)
def test_no_account_whatsoever_weighs_more_than_the_page_says(module: Any) -> None:
    rng = np.random.default_rng(11)
    n = 3000
    shares = {name for name in module.DETECTOR.reads if name.endswith("_share")}
    columns = {
        name: rng.beta(0.3, 0.3, n) if name in shares else 10 ** rng.uniform(-2, 5, n) for name in module.DETECTOR.reads
    }
    rows = [{name: values[i] for name, values in columns.items()} for i in range(n)]
    # Most of the log is ordinary, so that a bare account stands out.
    groups = [{"accounts": 1, "features": row} for row in rows[1:]]
    ordinary = {"accounts": 60_000, "features": {"user_agent_share": 1.0}}
    case = {"features": rows[0], "facts": {"plan": "pro"}, "others": [*groups, ordinary]}

    found = module.examine(profile_of_case(case), DEFAULT)

    low, high = CAPS[module.NAME]
    judged = found.reason[:n] == 0
    assert judged.sum() > 100
    assert low <= found.weight_bits.min()
    assert found.weight_bits.max() <= high
    assert found.high_bits.max() <= high


def test_a_sight_never_weighs_more_than_the_kind_whose_shares_differ_most() -> None:
    seen = np.linspace(-300, 300, 61)

    bits = kind_bits(Kind(0.4, 0.1, seen), Kind(0.6, 0.9, -seen))

    assert bits.max() == pytest.approx(2)
    assert bits.min() == pytest.approx(np.log2(0.6 / 0.9))


def test_density_of_a_share_integrates_to_one() -> None:
    share = np.linspace(0.01, 0.99, 9801)

    assert np.trapezoid(np.exp(log_beta_share(share, Beta(5, 3))), share) == pytest.approx(1, abs=1e-3)


@given(st.floats(1, 500), st.floats(1, 500), SHARE)
def test_more_users_never_speak_for_an_undeclared_account(programs: float, texts: float, further: float) -> None:
    few = {name: np.array([1.0]) for name in relay_mixture.MEASURES}
    base = few | {"user_agents": np.array([programs]), "system_texts": np.array([texts])}
    more = base | {"user_agents": np.array([programs * (1 + 9 * further)])}
    nobody = np.array([False])

    assert relay_mixture.mixture_bits(more, nobody)[0] >= relay_mixture.mixture_bits(base, nobody)[0] - 1e-9


@pytest.mark.parametrize("name", relay_mixture.MEASURES)
def test_each_measure_alone_only_ever_adds_as_it_grows(name: str) -> None:
    values = np.geomspace(1, 500, 40)
    middling = {"user_agents": 5.0, "system_texts": 7.0, "tls_fingerprints": 3.0, "topics_effective": 15.0}
    measures = {other: np.full(40, at) for other, at in middling.items()} | {name: values}

    bits = relay_mixture.mixture_bits(measures, np.zeros(40, np.bool_))

    assert (np.diff(bits) >= -1e-9).all()
    assert bits[-1] > bits[0] + 0.1


@given(*[st.one_of(st.just(NAN), st.floats(1, 500))] * 4)
def test_whoever_declares_users_or_resale_is_never_accused(a: float, b: float, c: float, d: float) -> None:
    measures = {name: np.array([value]) for name, value in zip(relay_mixture.MEASURES, (a, b, c, d), strict=True)}

    assert relay_mixture.mixture_bits(measures, np.array([True]))[0] <= 0


def test_few_declared_users_do_not_excuse_a_relay() -> None:
    relay = cases("relay_mixture")["positive"][0]
    features = relay["features"]
    bits = [
        relay_mixture.examine(profile_of_case({"features": features | {"end_users": users}}), DEFAULT).weight_bits[0]
        for users in (2, 9, 10, 400)
    ]

    assert bits[0] == bits[1] > 1
    assert bits[2] == bits[3] < 0


@given(SHARE, SHARE, st.floats(1, 30))
def test_a_later_peak_never_weighs_more_on_a_fresh_account(at: float, later: float, tall: float) -> None:
    first, second = sorted((at, later))

    assert ramp.ramp_bits(*one(0.5, second, tall))[0] <= ramp.ramp_bits(*one(0.5, first, tall))[0] + 1e-9


def test_an_old_account_is_spoken_for_whenever_its_peak_is() -> None:
    for at in (0.0, 0.5, 1.0):
        assert -0.5 <= ramp.ramp_bits(*one(700, at, 2))[0] < -0.4


@given(st.floats(0, 1e4), st.floats(1, 100))
def test_more_than_the_plan_never_weighs_less(ratio: float, further: float) -> None:
    assert plan_ratio.ratio_bits(*one(ratio * further))[0] >= plan_ratio.ratio_bits(*one(ratio))[0] - 1e-9


def test_a_plan_of_few_is_not_compared_with_everybody_else() -> None:
    case = {"features": {"events": 900, "tokens_out": 1e9}, "facts": {"plan": "rare"}}
    alone = profile_of_case(case)
    many = profile_of_case(case | {"others": [{"accounts": 19, "features": {"tokens_out": 10}}]})

    assert plan_ratio.examine(alone, DEFAULT).reason[0] > 0
    assert plan_ratio.examine(many, DEFAULT).reason[0] == 0


@pytest.mark.parametrize("bare_share", [0.0, 0.05, 0.2, 0.5, 0.79])
def test_bare_headers_weigh_less_the_commoner_they_are(bare_share: float) -> None:
    bits = [
        bare_headers.bare_bits(np.zeros(1), np.full(1, 900.0), 1 - share)[0]
        for share in (bare_share, bare_share + 0.01)
    ]

    assert bits[0] >= bits[1] >= 0
    assert bare_share < 0.2 or bits[0] == 0


def test_only_the_newest_model_used_alone_or_late_is_no_pivot() -> None:
    half = model_pivot.pivot_bits(*one(0.5, 1000, 5))[0]

    assert half > 0.4
    for share, lag_h in ((0.5, 25), (1.0, 5), (0.02, 5), (0.5, NAN)):
        assert model_pivot.pivot_bits(*one(share, 1000, lag_h))[0] < 0.05


@pytest.mark.parametrize(
    ("returning", "long", "refused"),
    [(0.0, NAN, 0.1), (0.125, 0.01, 0.1), (0.125, 0.85, 0.0), (1.0, 0.95, 0.0), (0.125, NAN, 0.1)],
    ids=["nothing returns", "returns at once", "never refused", "everything returns", "nothing repeats"],
)
def test_canaries_need_all_three(returning: float, long: float, refused: float) -> None:
    full = canary_probing.canary_bits(*one(0.125, 16, 0.85, 0.1, 1000))[0]

    assert full > 0.4
    assert canary_probing.canary_bits(*one(returning, 16, long, refused, 1000))[0] < 0.1
