"""The shape of a harvest: what bounds its weight, what moves it, and what is no model."""

from __future__ import annotations

import json
from dataclasses import replace
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.config import DEFAULT
from stillwatch.detectors.content import harvest_shape
from stillwatch.detectors.content.shape_model import (
    KINDS,
    MEASURES,
    ShapeModel,
    Shapes,
    explain,
    from_json,
    log_densities,
    shapes_of,
    shipped,
    to_json,
    weigh,
)
from stillwatch.features import profile_of
from stillwatch.model.finding import Finding, NotEnoughEvidence

MEAN = np.array([[2.0, 1.6, 1.0, 4.0, 0.1], [-0.5, 1.8, 2.0, 0.5, 0.2], [-1.0, 0.6, 0.7, 4.0, 0.4]])
SCALE = np.full((3, 5), 0.6)
MODEL = ShapeModel(MEAN, SCALE, 0.5, 0.4, {"sources": {"A": ["a"]}})
EXTRACTION, PEOPLE, MACHINES = range(3)
measure = st.one_of(st.floats(-12, 12), st.just(float("nan")))
spread = st.floats(0, 5)
cells = st.tuples(*[st.tuples(measure, spread)] * 5)
shares = st.floats(1e-4, 0.05)

HARVEST = {
    "prompts_known": 400.0,
    "distinct_prompts": 390.0,
    "lengths_known": 400.0,
    "prompt_log2": 6.0,
    "prompt_spread_log2": 0.8,
    "answer_log2": 8.2,
    "answer_spread_log2": 1.6,
    "draw_log2": 4.2,
    "length_tie": 0.05,
    "turns_known": 400.0,
    "single_turn_share": 1.0,
    "tokens_out": 120_000.0,
    "events": 400.0,
}


def shapes(*accounts: tuple[tuple[float, float], ...]) -> Shapes:
    value = np.array([[one for one, _ in account] for account in accounts])
    error = np.array([[0.0 if np.isnan(one) else sd for one, sd in account] for account in accounts])
    return Shapes(value, error)


def like(kind: int, error: float = 0.0) -> Shapes:
    return Shapes(MEAN[kind][None].copy(), np.full((1, 5), error))


def weight(model: ShapeModel, seen: Shapes, permitted: float = 0.005) -> float:
    return float(weigh(model, seen, permitted)[0][0])


def account(**changed: float) -> dict[str, np.ndarray]:
    return {name: np.array([value]) for name, value in (HARVEST | changed).items()}


def answered(**changed: float) -> Finding | NotEnoughEvidence:
    return harvest_shape.DETECTOR.examine(profile_of(np.array([7]), account(**changed)), DEFAULT).at(0)


def bits(**changed: float) -> float:
    found = answered(**changed)
    assert isinstance(found, Finding)
    return found.weight_bits


@settings(deadline=None)
@given(cells, shares)
def test_a_weight_is_bounded_by_the_permitted_share_and_lies_in_its_interval(
    account: tuple[tuple[float, float], ...], permitted: float
) -> None:
    for model in (MODEL, shipped()):
        middle, low, high = weigh(model, shapes(account), permitted)

        assert np.isfinite([middle, low, high]).all()
        assert middle[0] <= -log2(permitted) + 1e-9
        assert low[0] <= middle[0] <= high[0]
        # The models that each leave a source out move every weight.
        assert high[0] - low[0] >= 2 * 1.6449 * model.model_sd_bits - 1e-9


def test_the_bound_is_reached_by_what_is_nothing_but_extraction() -> None:
    far = replace(MODEL, mean=MEAN + np.array([[0.0], [40.0], [40.0]]), scale=np.full((3, 5), 0.1))

    assert weight(far, like(EXTRACTION), 0.01) == pytest.approx(-log2(0.01), abs=0.01)


@settings(deadline=None)
@given(cells, shares, st.integers(0, 4))
def test_an_unknown_measure_changes_nothing(
    account: tuple[tuple[float, float], ...], permitted: float, at: int
) -> None:
    unknown = [(float("nan"), 0.0) if k == at else cell for k, cell in enumerate(account)]
    kept = [k for k in range(5) if k != at]
    densities = log_densities(MODEL, shapes(tuple(unknown)))
    shares_of_kinds = np.log([permitted, 0.5 * (1 - permitted), 0.5 * (1 - permitted)])
    fit = log_densities(MODEL, shapes(account))[0][:, kept].sum(axis=1)

    expected = (fit[0] - np.logaddexp.reduce(fit + shares_of_kinds)) / np.log(2)

    assert (densities[0, :, at] == 0).all()
    assert weight(MODEL, shapes(tuple(unknown)), permitted) == pytest.approx(expected)


def test_with_nothing_known_the_weight_is_nought_and_so_is_every_part() -> None:
    nothing = Shapes(np.full((1, 5), np.nan), np.zeros((1, 5)))

    assert weight(MODEL, nothing) == pytest.approx(0)
    assert explain(MODEL, nothing, 0.005) == pytest.approx(np.zeros(5))


@settings(deadline=None)
@given(cells, shares)
def test_the_parts_of_a_weight_add_up_to_it(account: tuple[tuple[float, float], ...], permitted: float) -> None:
    seen = shapes(account)
    parts = explain(MODEL, seen, permitted)

    assert parts.sum() == pytest.approx(weight(MODEL, seen, permitted), abs=1e-7)
    assert (parts[np.isnan(seen.value[0])] == 0).all()


def test_measures_that_say_the_same_are_treated_alike() -> None:
    even = replace(MODEL, mean=np.repeat([[1.0], [0.0], [-1.0]], 5, axis=1))
    parts = explain(even, Shapes(np.full((1, 5), 0.8), np.zeros((1, 5))), 0.005)

    assert parts == pytest.approx(np.full(5, parts.mean()))


@pytest.mark.parametrize("seed", range(3))
def test_more_sampling_error_pulls_the_weight_towards_nought_on_average(seed: int) -> None:
    rng = np.random.default_rng(seed)
    value = MEAN[rng.integers(0, 3, 600)] + rng.normal(size=(600, 5)) * 0.6
    averages = [
        float(np.abs(weigh(MODEL, Shapes(value, np.full(value.shape, error)), 0.005)[0]).mean())
        for error in (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
    ]

    assert averages == sorted(averages, reverse=True)
    assert averages[-1] < averages[0] / 4


def test_each_kind_weighs_as_it_should() -> None:
    assert weight(MODEL, like(EXTRACTION)) > 4
    assert weight(MODEL, like(PEOPLE)) < -4
    assert weight(MODEL, like(MACHINES)) < -4


@pytest.mark.parametrize("kind", range(3))
def test_a_larger_permitted_share_never_strengthens_evidence(kind: int) -> None:
    found = [abs(weight(MODEL, like(kind, 0.1), share)) for share in (1e-4, 1e-3, 5e-3, 0.02, 0.05)]

    assert found == sorted(found, reverse=True)


def test_accounts_are_weighed_each_for_itself_and_in_pieces() -> None:
    rng = np.random.default_rng(4)
    value = rng.normal(size=(70_000, 5))
    seen = Shapes(value, np.abs(rng.normal(size=value.shape)))
    whole = weigh(MODEL, seen, 0.005)
    rows = np.array([0, 1, 65_535, 65_536, 69_999])

    for column, part in zip(whole, weigh(MODEL, seen.part(rows), 0.005), strict=True):
        assert np.array_equal(column[rows], part)


def test_measures_and_errors_are_those_of_the_columns() -> None:
    seen = shapes_of(profile_of(np.array([1]), account()))
    fed, drawn, tie = 0.8, 1.6, 0.05

    assert seen.value[0].tolist() == pytest.approx([4.2, 1.6, 0.8, np.log(1.02 / 0.02), 0.05])
    assert seen.error[0, :3] == pytest.approx(
        [np.sqrt((fed**2 + drawn**2 - 2 * tie * fed * drawn) / 400), drawn / np.sqrt(800), fed / np.sqrt(800)]
    )
    assert seen.error[0, 4] == pytest.approx((1 - tie**2) / 20)
    assert (seen.error > 0).all()


def test_the_mean_of_one_pair_is_no_exact_measure() -> None:
    unknown = {"lengths_known": 1.0, "answer_spread_log2": np.nan, "prompt_spread_log2": np.nan, "length_tie": np.nan}
    seen = shapes_of(profile_of(np.array([1]), account(**unknown)))

    assert np.isnan(seen.value[0, [0, 1, 2, 4]]).all()
    assert (seen.error[0, [0, 1, 2, 4]] == 0).all()
    assert bits(**unknown) == pytest.approx(bits(**unknown, draw_log2=np.nan, prompt_log2=np.nan, answer_log2=np.nan))


def test_more_requests_are_less_error() -> None:
    few, many = (shapes_of(profile_of(np.array([1]), account(lengths_known=n, turns_known=n))) for n in (20.0, 2000.0))

    assert (many.error < few.error).all()
    assert np.array_equal(many.value, few.value)


def test_the_shipped_model_is_whole_and_written_as_it_is_read() -> None:
    model = shipped()

    assert model.mean.shape == model.scale.shape == (len(KINDS), len(MEASURES))
    assert (model.scale > 0).all()
    assert to_json(from_json(to_json(model))) == to_json(model)
    assert shipped() is model


def forged(**changed: object) -> str:
    return json.dumps(json.loads(to_json(MODEL)) | changed)


def without(name: str) -> str:
    made = json.loads(to_json(MODEL))
    del made[name]
    return json.dumps(made)


NAN = float("nan")
HOSTILE = {
    "another version": forged(version=2),
    "measures in another order": forged(measures=[*MEASURES[1:], MEASURES[0]]),
    "a kind too many": forged(kinds=[*KINDS, "cats"]),
    "no version": without("version"),
    "no mean": without("mean"),
    "no origin": without("origin"),
    "a mean that is no number": forged(mean=[[NAN] * 5] * 3),
    "a mean without end": forged(mean=[[1e999] * 5] * 3),
    "a mean of another shape": forged(mean=[[0.0] * 4] * 3),
    "a ragged mean": forged(mean=[[0.0] * 5, [0.0], [0.0] * 5]),
    "a mean in words": forged(mean="much"),
    "a width of nought": forged(scale=[[0.0] * 5] * 3),
    "a width below nought": forged(scale=[[-1.0] * 5] * 3),
    "a width without end": forged(scale=[[float("inf")] * 5] * 3),
    "nobody": forged(people=0.0),
    "people alone": forged(people=1.0),
    "people in words": forged(people="half"),
    "people unknown": forged(people=NAN),
    "people as nothing": forged(people=None),
    "a spread below nought": forged(model_sd_bits=-0.1),
    "a spread that is no number": forged(model_sd_bits=NAN),
    "a list": "[]",
    "a number": "3",
    "no JSON": "{",
    "nothing": "",
    "too deep": "[" * 200_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_model_of_this_version_is_refused(what: str) -> None:
    with pytest.raises(ValueError, match="build it again with: stillwatch learn"):
        from_json(HOSTILE[what])


def test_a_harvest_weighs_and_its_sentence_adds_up() -> None:
    found = answered()

    assert isinstance(found, Finding)
    assert found.weight_bits > 2
    listed = found.evidence.split("bits: ")[1].split(", ")
    assert sum(float(part.rsplit(" ", 1)[1]) for part in listed) == pytest.approx(found.weight_bits, abs=0.3)


def test_answers_much_shorter_than_prompts_weigh_less() -> None:
    found = [bits(draw_log2=4.2 - step, answer_log2=8.2 - step) for step in range(12)]

    # Answers far longer than any known harvest gives are not the peak; from there on every halving weighs less.
    peak = int(np.argmax(found))
    assert peak < 5
    assert found[peak:] == sorted(found[peak:], reverse=True)
    assert found[-1] < found[0] - 2


def test_conversations_and_answers_all_alike_weigh_less() -> None:
    assert bits(single_turn_share=0.3) < bits() - 2
    assert bits(answer_spread_log2=0.3) < bits() - 1


def test_whoever_asks_the_same_again_is_not_judged() -> None:
    for different in (1.0, 9.4):
        found = answered(distinct_prompts=different)
        assert isinstance(found, NotEnoughEvidence)
        assert "different prompts" in found.reason
    assert isinstance(answered(distinct_prompts=9.6), Finding)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"prompts_known": np.nan}, "no prompt text"),
        ({"prompts_known": 9.0}, "fewer than 10 prompts"),
        ({"distinct_prompts": np.nan}, "unknown"),
    ],
)
def test_what_the_log_does_not_show_is_said(changed: dict[str, float], reason: str) -> None:
    found = answered(**changed)

    assert isinstance(found, NotEnoughEvidence)
    assert reason in found.reason


@pytest.mark.parametrize("changed", [{"single_turn_share": np.nan}, {"turns_known": 7.0}])
def test_unknown_turns_are_left_out(changed: dict[str, float]) -> None:
    found = answered(**changed)

    assert isinstance(found, Finding)
    assert found.weight_bits < bits()
    assert "single turns +0.0" in found.evidence


def test_neither_lengths_nor_turns_is_a_reason() -> None:
    found = answered(lengths_known=0.0, single_turn_share=np.nan)

    assert isinstance(found, NotEnoughEvidence)
    assert "neither the lengths" in found.reason


def test_unknown_answer_lengths_are_left_out_and_said() -> None:
    lengths = ("prompt_log2", "prompt_spread_log2", "answer_log2", "answer_spread_log2", "draw_log2", "length_tie")
    found = answered(lengths_known=0.0, **dict.fromkeys(lengths, np.nan))

    assert isinstance(found, Finding)
    assert "answer lengths unknown" in found.evidence
    assert abs(found.weight_bits) < abs(bits())


def test_the_shipped_model_says_what_it_was_learnt_from() -> None:
    origin = shipped().origin

    assert {"made", "command", "accounts", "sources", "prompts_sha256"} <= set(origin)
    assert "/" not in str(origin["command"])
    assert all(len(names) >= 3 for names in origin["sources"].values())  # type: ignore[attr-defined]
