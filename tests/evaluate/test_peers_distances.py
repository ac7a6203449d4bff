from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluate.peer_worlds import ORDINARY, points, templated, texts
from stillwatch.evaluate.peers import MAHALANOBIS, PRADA, SEAT
from stillwatch.evaluate.peers.mahalanobis import cloud
from stillwatch.evaluate.peers.prada import abnormality, least_distances
from stillwatch.evaluate.peers.seat import NearPairs

pytest.importorskip("sklearn", reason="the extra evaluate is not installed")

WINDOW = 40
BENIGN = texts(ORDINARY, 9_000, 1)
NEW = [texts(ORDINARY, WINDOW, 1_000 + at) for at in range(200)]


@pytest.fixture(scope="module")
def fitted():
    return {p.name: replace(p, window=WINDOW).fit(BENIGN, np.random.default_rng(2)) for p in (MAHALANOBIS, SEAT, PRADA)}


@pytest.mark.parametrize("name", ["mahalanobis", "seat", "prada"])
def test_new_ordinary_windows_are_flagged_at_about_the_nominal_rate(fitted, name) -> None:
    each = fitted[name]
    flags = sum(each.judge(one).flag for one in NEW)

    # From 75 windows on the true rate is Beta(3, 73) or nearer 5 %: 200 new windows flag none in 2 % of worlds and
    # more than 34 in 0.05 %.
    assert each.threshold.disjoint
    assert each.threshold.windows >= 75
    assert 1 <= flags <= 34


def test_the_distance_is_that_of_mahalanobis() -> None:
    rows = points(500, 1) @ np.diag([3, 1, 1, 1, 1, 0.5])
    window = points(9, 2)
    spread = np.cov(rows, rowvar=False)
    spread += np.eye(6) * 1e-3 * np.trace(spread) / 6
    away = window - rows.mean(axis=0)

    expected = np.einsum("ij,jk,ik->i", away, np.linalg.inv(spread), away).mean()

    assert cloud(rows)(window) == pytest.approx(expected)
    assert cloud(rows)(rows) == pytest.approx(6, rel=0.02)


def test_mahalanobis_answers_to_texts_far_out_and_not_to_those_in_the_middle(fitted) -> None:
    two_words, many = (fitted["mahalanobis"].judge(texts(ORDINARY, WINDOW, 3, length=length)) for length in (2, 100))

    assert two_words.flag
    assert not many.flag
    assert many.value < np.median([fitted["mahalanobis"].judge(one).value for one in NEW]) < two_words.value


def test_near_pairs_are_counted_among_different_texts() -> None:
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])

    assert NearPairs(0.9)(rows) == pytest.approx(1 / 3)
    assert NearPairs(1.0)(rows) == pytest.approx(1 / 3)


def test_seat_flags_near_duplicates_and_not_replayed_ordinary_texts(fitted) -> None:
    template = fitted["seat"].judge(templated(WINDOW, 1))

    assert template.flag
    assert template.value > 0.9
    assert fitted["seat"].judge(BENIGN[:WINDOW]).value < 0.05


def test_least_distances_look_back_only() -> None:
    rows = np.array([[0.0], [10.0], [11.0], [0.5]])

    assert least_distances(rows) == pytest.approx([10, 1, 0.5])


def test_a_bell_is_normal_and_lumps_are_not() -> None:
    rng = np.random.default_rng(1)
    # Rows far apart on their own axes, so that each one's nearest is set by its length.
    bell = np.diag(np.abs(rng.normal(10, 1, 300)))
    lumps = np.diag(rng.choice([5.0, 15.0], 300))

    assert abnormality(bell) < 0.1
    assert abnormality(np.cumsum(rng.choice([1.0, 5.0], 300))[:, None]) > 0.3
    assert abnormality(lumps) > abnormality(bell)


def test_prada_flags_texts_made_from_earlier_texts(fitted) -> None:
    seeds = texts(ORDINARY, WINDOW // 2, 4)
    grown = [text for seed in seeds for text in (seed, seed)]

    assert fitted["prada"].judge(grown).flag


def test_one_text_all_the_time_has_no_spread_and_is_not_flagged_by_prada(fitted) -> None:
    answer = fitted["prada"].judge(["garden1 garden2"] * WINDOW)

    assert (answer.flag, answer.value) == (False, 0.0)
