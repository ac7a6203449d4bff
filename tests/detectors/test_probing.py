from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.detectors.probing.logit_probing import CAUSES, DETECTOR
from stillwatch.features import profile_of

if TYPE_CHECKING:
    from stillwatch.model.finding import Examined

SHARES = np.array([0.0, 0.001, 0.01, 0.05, 0.1, 0.3, 0.6, 1.0])


def ask(requests: float, probes: object, distinct: object, **more: object) -> Examined:
    given = {"logit_probe_share": probes, "distinct_share": distinct, **more}
    columns = {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in given.items()}
    rows = max(column.shape[0] for column in columns.values())
    counts = {name: np.full(rows, float(requests)) for name in ("params_known", "prompts_known")}
    spread = {name: np.broadcast_to(column, rows).copy() for name, column in columns.items()}
    return DETECTOR.examine(profile_of(np.arange(rows), counts | spread), DEFAULT)


def test_causes_are_whole() -> None:
    assert sum(cause.extraction for cause in CAUSES) == pytest.approx(1)
    assert sum(cause.honest for cause in CAUSES) == pytest.approx(1)


@pytest.mark.parametrize("requests", [10, 100, 5_000, 1_000_000])
@pytest.mark.parametrize("distinct", [0.3, 0.5, 0.9, 1.0])
def test_labels_over_many_prompts_are_no_sweep_at_any_share(requests: int, distinct: float) -> None:
    assert ask(requests, SHARES, distinct).weight_bits.max() <= 0.5


def test_classification_by_log_probability_without_a_bias_is_nothing() -> None:
    found = ask(50_000, 0.0, [0.95, 0.01, 0.0001], logprobs_share=1.0, short_max_tokens_share=1.0)

    assert found.weight_bits.max() <= 0.1


def test_fewer_prompts_never_weigh_less_when_every_request_probes() -> None:
    per_prompt = np.geomspace(1, 500, 60)

    bits = ask(100_000, 1.0, 1 / per_prompt).weight_bits

    assert (np.diff(bits[per_prompt > 2]) >= -1e-9).all()
    assert bits[0] < 0
    assert bits[-1] > 6


def test_more_probes_never_weigh_less_on_one_prompt() -> None:
    bits = ask(5_000, SHARES, 0.0002).weight_bits

    assert (np.diff(bits) >= -1e-9).all()


@pytest.mark.parametrize("requests", [10, 1_000, 1_000_000, 100_000_000])
def test_no_sweep_weighs_more_than_its_honest_causes_allow(requests: int) -> None:
    bits = ask(requests, 1.0, 1 / np.geomspace(1, requests, 50)).weight_bits

    assert bits.max() < 6.7


def test_a_retry_storm_with_one_biased_request_is_no_sweep() -> None:
    assert abs(ask(1_000, 0.001, 0.001).weight_bits[0]) < 0.5


def test_a_biased_classifier_tested_a_dozen_times_stays_near_nothing() -> None:
    assert ask(2_400, 1.0, 1 / 12).weight_bits[0] < 1.5


def test_the_interval_holds_the_error_of_the_share() -> None:
    found = ask(1_000, 0.01, 0.002)

    assert found.low_bits[0] < found.weight_bits[0] - 0.2
    assert found.high_bits[0] > found.weight_bits[0] + 0.5


def test_the_interval_holds_the_error_of_the_prompts() -> None:
    found = ask(100_000, 1.0, 1 / 30)

    assert found.low_bits[0] < found.weight_bits[0] - 0.1
    assert found.high_bits[0] > found.weight_bits[0] + 0.1


@pytest.mark.parametrize(
    ("probes", "distinct", "why"),
    [(np.nan, 0.5, "no sampling parameters"), (1.0, np.nan, "cannot be told from a classifier")],
)
def test_without_parameters_or_prompts_nothing_is_said(probes: float, distinct: float, why: str) -> None:
    found = ask(500, probes, distinct)

    assert why in found.reasons[int(found.reason[0])]
    assert found.weight_bits[0] == 0
