"""Laws that every detector keeps."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml

import stillwatch.detectors
from stillwatch.config import DEFAULT
from stillwatch.detectors import DETECTORS, GROUPS, Detector, withhold
from stillwatch.features import FEATURES, profile_of
from stillwatch.model.event import EVENT_FIELDS
from stillwatch.model.profile import AccountFacts, Profile

CASES = Path(stillwatch.detectors.__file__).parent / "cases"
ROWS = 400
each = pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
FORBIDDEN_WORDS = ("country", "nationality", "language", "weekend", "timezone", "keyword")


def random_profile(seed: int = 3) -> Profile:
    """Any values in the right ranges, a tenth of them unknown."""
    rng = np.random.default_rng(seed)
    given = {}
    for feature in FEATURES:
        share = "0 to 1" in feature.unit or feature.unit == "1 or 0"
        values = rng.random(ROWS) if share else np.floor(10 ** rng.uniform(0, 4, ROWS))
        given[feature.name] = np.where(rng.random(ROWS) < 0.1, np.nan, values)
    plans = tuple(rng.choice(["free", "pro", ""], ROWS).tolist())
    purposes = tuple(rng.choice(["academic research", "own model", "education", ""], ROWS).tolist())
    reseller = rng.integers(-1, 2, ROWS).astype(np.int8)
    facts = AccountFacts(("",) * ROWS, plans, np.full(ROWS, -1), purposes, reseller)
    return profile_of(np.sort(rng.integers(-(2**62), 2**62, ROWS)), given, facts)


def without(profile: Profile, *names: str) -> Profile:
    gone = {name: np.full(len(profile), np.nan) for name in names}
    return Profile(profile.account, {**profile.columns, **gone}, {}, profile.facts)


@each
def test_has_two_positive_and_two_benign_cases(detector: Detector) -> None:
    page = yaml.safe_load((CASES / f"{detector.name}.yaml").read_text(encoding="utf-8"))

    assert page["detector"] == detector.name
    assert len(page["positive"]) >= 2
    assert len(page["benign"]) >= 2
    assert page["untold"]
    assert all(case["like"] for kind in ("positive", "benign") for case in page[kind])


def test_every_case_file_belongs_to_a_detector() -> None:
    assert sorted(path.stem for path in CASES.glob("*.yaml")) == sorted(d.name for d in DETECTORS)


@each
def test_same_profile_same_answer(detector: Detector) -> None:
    first = detector.examine(random_profile(), DEFAULT)
    second = detector.examine(random_profile(), DEFAULT)

    for field in ("weight_bits", "low_bits", "high_bits", "reason"):
        assert np.array_equal(getattr(first, field), getattr(second, field))
    assert [first.sentence(row) for row in range(20)] == [second.sentence(row) for row in range(20)]


@each
def test_order_of_rows_does_not_matter(detector: Detector) -> None:
    profile = random_profile()
    turn = np.random.default_rng(5).permutation(ROWS)
    plans = tuple(profile.facts.plan[i] for i in turn)
    purposes = tuple(profile.facts.declared_purpose[i] for i in turn)
    facts = AccountFacts(profile.facts.label, plans, profile.facts.signup_ms, purposes, profile.facts.reseller[turn])
    turned = Profile(profile.account[turn], {k: v[turn] for k, v in profile.columns.items()}, {}, facts)

    straight, mixed = detector.examine(profile, DEFAULT), detector.examine(turned, DEFAULT)

    assert np.allclose(straight.weight_bits[turn], mixed.weight_bits, atol=1e-9)
    assert np.array_equal(straight.reason[turn], mixed.reason)
    assert straight.sentence(int(turn[0])) == mixed.sentence(0)


@each
def test_a_missing_feature_is_a_reason_and_no_weight(detector: Detector) -> None:
    assert set(detector.requires) <= set(detector.reads)
    for names in (*((name,) for name in detector.requires), detector.reads):
        found = detector.examine(without(random_profile(), *names), DEFAULT)
        assert (found.reason > 0).all(), names
        assert not found.weight_bits.any()
        assert not found.low_bits.any()
        assert not found.high_bits.any()
        assert all(len(text) > 20 for text in found.reasons[1:])


@each
def test_weights_are_finite_and_inside_their_interval(detector: Detector) -> None:
    found = detector.examine(random_profile(), DEFAULT)

    assert (found.reason == 0).any()
    assert np.isfinite(found.weight_bits).all()
    assert np.isfinite(found.low_bits).all()
    assert np.isfinite(found.high_bits).all()
    assert (found.low_bits <= found.weight_bits).all()
    assert (found.weight_bits <= found.high_bits).all()
    assert not found.weight_bits[found.reason > 0].any()


@each
def test_few_requests_are_not_judged_by_their_shape(detector: Detector) -> None:
    if "events" not in detector.requires and "prompts_known" not in detector.requires:
        pytest.skip("weighs single artefacts, not a shape")
    profile = random_profile()
    few = {n: np.full(ROWS, DEFAULT.min_events - 1.0) for n in ("events", "prompts_known", "turns_known")}

    found = detector.examine(Profile(profile.account, {**profile.columns, **few}, {}, profile.facts), DEFAULT)

    assert (found.reason > 0).all()


@each
def test_volume_alone_is_no_evidence(detector: Detector) -> None:
    alone = {"events": np.array([1e6]), "tokens_in": np.array([1e9]), "tokens_out": np.array([1e9])}

    found = detector.examine(profile_of(np.array([1]), alone), DEFAULT)

    assert found.reason[0] > 0


@each
def test_is_documented(detector: Detector) -> None:
    for field in fields(detector):
        assert getattr(detector, field.name), field.name
    assert detector.group in {group.name for group in GROUPS}
    assert set(detector.needs) <= {field.name for field in EVENT_FIELDS}
    assert set(detector.reads) <= {feature.name for feature in FEATURES}


@each
def test_sentences_carry_numbers_and_no_identifier(detector: Detector) -> None:
    profile = random_profile()
    found = detector.examine(profile, DEFAULT)
    rows = np.nonzero(found.reason == 0)[0][:40].tolist()

    for row in rows:
        text = found.sentence(row)
        assert any(letter.isdigit() for letter in text)
        assert str(int(profile.account[row])) not in text
        assert "nan" not in text
        assert set(found.at(row).facts) >= set(detector.reads)  # type: ignore[union-attr]


@each
def test_no_accounts_are_examined_without_complaint(detector: Detector) -> None:
    nobody = profile_of(np.zeros(0, np.int64), {})

    assert detector.examine(nobody, DEFAULT).weight_bits.shape == (0,)


@each
def test_an_answer_can_be_withheld(detector: Detector) -> None:
    found = withhold(detector.examine(random_profile(), DEFAULT), "times were set at reading")

    assert (found.reason == 1).all()
    assert not found.weight_bits.any()
    assert found.at(0).reason == "times were set at reading"  # type: ignore[union-attr]


def test_nothing_is_read_that_must_never_weigh() -> None:
    for feature in FEATURES:
        assert not any(word in feature.name for word in FORBIDDEN_WORDS), feature.name
    for detector in DETECTORS:
        assert not {"asn", "client_ip"} & set(detector.needs)
