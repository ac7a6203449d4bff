from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluate.peer_worlds import ORDINARY, points, templated, texts
from stillwatch.evaluate.peers import MMD, MMD_RECALIBRATED
from stillwatch.evaluate.peers import mmd as room
from stillwatch.evaluate.peers.mmd import mean_kernel, median_distance, null_values, references
from stillwatch.model.errors import InputError

pytest.importorskip("sklearn", reason="the extra evaluate is not installed")

WINDOW = 15
BENIGN = texts(ORDINARY, 3_000, 1)


@pytest.fixture(scope="module")
def published():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST", 500)
        return replace(MMD, window=WINDOW).fit(BENIGN, np.random.default_rng(2))


@pytest.fixture(scope="module")
def recalibrated():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST", 500)
        return replace(MMD_RECALIBRATED, window=WINDOW).fit(BENIGN, np.random.default_rng(2))


def _kernel(x, y, width):
    square = float(((x - y) ** 2).sum())
    return float(np.mean([np.exp(-square / (2 * (s * width) ** 2)) for s in (0.5, 1, 2, 4)]))


def _naive(left, right, width):
    n, m = len(left), len(right)
    own = sum(_kernel(left[i], left[j], width) for i in range(n) for j in range(n) if i != j)
    other = sum(_kernel(right[i], right[j], width) for i in range(m) for j in range(m) if i != j)
    across = sum(_kernel(x, y, width) for x in left for y in right)
    return own / (n * (n - 1)) + other / (m * (m - 1)) - 2 * across / (n * m)


def test_the_kernel_is_the_mean_of_four() -> None:
    left, right = points(4, 1), points(5, 2)

    found = mean_kernel(left, right, 0.7)

    assert found == pytest.approx(np.array([[_kernel(x, y, 0.7) for y in right] for x in left]))


def test_the_test_equals_a_double_loop_averaged_over_the_references() -> None:
    rows, window = points(25, 1), points(7, 2)
    test = references(rows, 6, np.random.default_rng(3))
    drawn = [rows[test.member[:, at] == 1] for at in range(room.DRAWS)]

    expected = np.mean([_naive(window, one, test.bandwidth) for one in drawn])

    assert {len(one) for one in drawn} == {6}
    assert test(window) == pytest.approx(expected, abs=1e-12)


def test_the_null_equals_a_double_loop_over_pairs_without_a_text_in_common(monkeypatch) -> None:
    monkeypatch.setattr(room, "PAIRS", 5)
    monkeypatch.setattr(room, "BLOCK", 7)
    rows, rng = points(25, 1), np.random.default_rng(3)
    expected = []
    for _ in range(5):
        dealt = rng.permutation(25)
        expected.append(_naive(rows[dealt[:6]], rows[dealt[6:12]], 0.7))

    assert null_values(rows, 6, 0.7, np.random.default_rng(3)) == pytest.approx(np.array(expected), abs=1e-12)


def test_the_bandwidth_is_the_median_distance() -> None:
    rows = np.array([[0.0], [1.0], [3.0]])

    assert median_distance(rows, np.random.default_rng(1)) == pytest.approx(2.0)


def test_ordinary_texts_that_are_all_the_same_are_the_callers_error() -> None:
    with pytest.raises(InputError, match="most ordinary texts are the same"):
        replace(MMD, window=5).fit(["one and the same text"] * 80 + BENIGN[:10], np.random.default_rng(1))


def test_recalibrated_keeps_its_nominal_rate_on_new_ordinary_windows(recalibrated) -> None:
    flags = [recalibrated.judge(texts(ORDINARY, WINDOW, 1_000 + at)).flag for at in range(300)]

    # 66 windows make the threshold, so the true rate is Beta(3, 64): 300 new windows flag none in 0.6 % of worlds and
    # more than 55 in 0.05 %.
    assert recalibrated.threshold.disjoint
    assert recalibrated.threshold.windows == 66
    assert 1 <= sum(flags) <= 55


def test_the_published_threshold_is_wider_than_the_test(published, recalibrated) -> None:
    windows = [texts(ORDINARY, WINDOW, 1_000 + at) for at in range(300)]

    assert sum(published.judge(one).flag for one in windows) < sum(recalibrated.judge(one).flag for one in windows)
    assert published.threshold.value > recalibrated.threshold.value


@pytest.mark.parametrize("peer", ["published", "recalibrated"])
def test_another_topic_is_flagged_however_honest(peer, request) -> None:
    fitted = request.getfixturevalue(peer)

    assert fitted.judge(texts(["hospital"], WINDOW, 7)).flag
    assert fitted.judge(texts(["garden"], WINDOW, 7)).flag


@pytest.mark.parametrize("peer", ["published", "recalibrated"])
def test_ordinary_texts_replayed_word_for_word_are_not_seen(peer, request) -> None:
    fitted = request.getfixturevalue(peer)
    rng = np.random.default_rng(8)

    flags = [fitted.judge([BENIGN[at] for at in rng.permutation(len(BENIGN))[:WINDOW]]).flag for _ in range(40)]

    # Expected at most 5 %: 40 draws pass 8 in fewer than 1 world in 1,000.
    assert sum(flags) <= 8


def test_a_template_is_further_off_than_another_topic(published) -> None:
    assert published.judge(templated(WINDOW, 1)).value > published.judge(texts(["garden"], WINDOW, 7)).value


def test_more_reference_texts_than_it_uses_are_thinned(monkeypatch) -> None:
    monkeypatch.setattr(room, "MOST", 100)

    fitted = replace(MMD, window=20).fit(BENIGN, np.random.default_rng(2))

    assert fitted.statistic.rows.shape[0] == 100
