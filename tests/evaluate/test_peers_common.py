from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from evaluate.peer_worlds import ORDINARY, templated, texts
from stillwatch.evaluate.peers import PEERS, base, fit_embedder
from stillwatch.evaluate.peers.base import FEWEST, NOMINAL, Judgement, take_threshold
from stillwatch.evaluate.peers.embed import embedder_apart
from stillwatch.model.errors import InputError
from stillwatch.model.finding import NotEnoughEvidence

pytest.importorskip("sklearn", reason="the extra evaluate is not installed")

WINDOWED = [peer for peer in PEERS if hasattr(peer, "window")]
BENIGN = texts(ORDINARY, 1_200, 1)


def test_the_peers_are_written_out() -> None:
    names = [peer.name for peer in PEERS]

    assert names == ["mmd", "mmd_recalibrated", "mahalanobis", "seat", "prada", "honeypotllm", "unmimic"]
    assert all(peer.title and peer.reference for peer in PEERS)


@pytest.mark.parametrize("peer", WINDOWED, ids=lambda peer: peer.name)
def test_the_same_seed_gives_the_same_answer_and_another_seed_another(peer) -> None:
    small = replace(peer, window=40)
    account = texts(ORDINARY, 40, 9)

    answers = [small.fit(BENIGN, np.random.default_rng(seed)).judge(account) for seed in (3, 3, 4)]

    assert answers[0] == answers[1]
    assert answers[0].value != answers[2].value


@pytest.mark.parametrize("peer", WINDOWED, ids=lambda peer: peer.name)
def test_fewer_texts_than_the_window_are_a_reason_not_a_value(peer) -> None:
    fitted = replace(peer, window=40).fit(BENIGN, np.random.default_rng(3))

    answer = fitted.judge(templated(39, 1))

    assert answer == NotEnoughEvidence(peer.name, "39 texts, it looks at 40")


@pytest.mark.parametrize("peer", WINDOWED, ids=lambda peer: peer.name)
def test_too_few_ordinary_texts_are_the_callers_error(peer) -> None:
    with pytest.raises(InputError, match="ordinary texts"):
        replace(peer, window=40).fit(BENIGN[:50], np.random.default_rng(3))


def test_a_window_is_spread_over_the_whole_account() -> None:
    seen = []

    def embed(chosen: list[str]) -> np.ndarray:
        seen.extend(chosen)
        return np.zeros((len(chosen), 1))

    limit = base.Threshold(0.5, 19, disjoint=True)
    fitted = base.Windowed("p", 4, embed, lambda rows: float(len(rows)), limit)

    assert fitted.judge([str(at) for at in range(10)]) == Judgement(flag=True, value=4.0)
    assert seen == ["0", "2", "5", "7"]


def test_a_value_at_the_threshold_is_not_flagged() -> None:
    fitted = base.Windowed(
        "p", 1, lambda t: np.zeros((len(t), 1)), lambda _: 0.5, base.Threshold(0.5, 19, disjoint=True)
    )

    assert fitted.judge(["a"]) == Judgement(flag=False, value=0.5)


@pytest.mark.parametrize(("windows", "rank"), [(19, 19), (39, 38), (100, 96)])
def test_the_threshold_is_the_rank_that_keeps_the_nominal_rate(windows, rank) -> None:
    rows = np.arange(1, windows + 1, dtype=float)[:, None]

    limit = take_threshold(rows, 1, lambda window: float(window[0, 0]), np.random.default_rng(1))

    assert limit == base.Threshold(float(rank), windows, disjoint=True)
    assert 1 - rank / (windows + 1) <= NOMINAL + 1e-12


def test_too_few_windows_side_by_side_are_said_to_overlap() -> None:
    rows = np.zeros((FEWEST * 5 - 1, 1))

    limit = take_threshold(rows, 5, lambda _: 0.0, np.random.default_rng(1))

    assert (limit.disjoint, limit.windows) == (False, base.OVERLAPPING)


def test_embeddings_have_length_one_and_unknown_words_give_zeros() -> None:
    embed = fit_embedder(BENIGN[:300], np.random.default_rng(1))

    rows = embed([BENIGN[0], "", "!?"])

    assert rows.shape == (3, 128)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0])


def test_texts_of_a_topic_lie_near_each_other() -> None:
    embed = fit_embedder(BENIGN, np.random.default_rng(1))
    garden, again, street = (
        embed(texts([topic], 50, seed)) for topic, seed in (("garden", 5), ("garden", 6), ("street", 7))
    )

    assert (garden @ again.T).mean() > (garden @ street.T).mean() + 0.1


def test_few_ordinary_texts_give_fewer_columns() -> None:
    assert fit_embedder(BENIGN[:10], np.random.default_rng(1))(["x"]).shape == (1, 9)


def test_a_word_in_few_ordinary_texts_is_no_column() -> None:
    marked = [f"{text} own{at}" for at, text in enumerate(BENIGN[:300])]

    assert fit_embedder(marked, np.random.default_rng(1))(["own7", "garden1"]).any(axis=1).tolist() == [False, True]


def test_ordinary_texts_that_do_not_differ_are_the_callers_error() -> None:
    with pytest.raises(InputError, match="all the same"):
        fit_embedder(["garden1 garden2"] * 9, np.random.default_rng(1))


def test_ordinary_texts_without_words_are_the_callers_error() -> None:
    with pytest.raises(InputError, match="no words in common"):
        fit_embedder(["?", "!", ""], np.random.default_rng(1))


def test_the_embedder_is_fitted_apart_from_what_is_compared_with() -> None:
    marked = [f"{text} own{at}" for at, text in enumerate(BENIGN[:300])]

    embed, apart = embedder_apart(marked, np.random.default_rng(1), None)

    assert len(apart) == 200
    assert embed(apart).shape == (200, 99)
    assert set(apart) < set(marked)


def test_an_embedder_given_is_used_and_leaves_all_texts() -> None:
    given = fit_embedder(BENIGN[:10], np.random.default_rng(1))

    assert embedder_apart(BENIGN, np.random.default_rng(1), given) == (given, BENIGN)
    assert all(peer.fit(BENIGN, np.random.default_rng(1), given).embedder is given for peer in WINDOWED[2:])


def test_a_missing_package_names_the_extra(monkeypatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(base, "import_module", refuse)

    with pytest.raises(InputError, match=r"sklearn\.decomposition is missing: pip install 'stillwatch\[evaluate\]'"):
        base.need("sklearn.decomposition")


def test_need_gives_the_module() -> None:
    assert base.need("json") is import_module("json")
