from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from evaluate.peer_worlds import ORDINARY, templated, texts
from stillwatch.evaluate.peers import HONEYPOTLLM, UNMIMIC, fit_embedder, installed, packages
from stillwatch.evaluate.peers.base import Judgement
from stillwatch.model.finding import NotEnoughEvidence


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.fixture
def absent(monkeypatch):
    for name in ("honeypotllm", "unmimic"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, packages.MODULES[name], None)


@pytest.fixture
def stand_in(monkeypatch):
    """A scorer with honeypotllm's faces: reads the clock of its module, and a new key's last time is the real clock."""
    module = ModuleType("honeypotllm.scoring")
    module.time = time

    @dataclass
    class ScoringState:
        key_hash: str
        last_seen: float = field(default_factory=time.time)
        score: float = 0.0

    class SuspicionScorer:
        def __init__(self, limits: object, suspicion_threshold: float) -> None:
            assert limits == "defaults"
            assert suspicion_threshold == 0.75
            self._states: dict[str, ScoringState] = {}

        def score_request(self, key_hash: str, *, prompt: str) -> SimpleNamespace:
            state = self._states.setdefault(key_hash, ScoringState(key_hash))
            now = module.time.time()
            gap = now - state.last_seen
            state.last_seen = now
            state.score = max(0.0, state.score - gap * 0.01) + 0.25 * prompt.startswith("again")
            return SimpleNamespace(score_after=state.score)

    module.ScoringState, module.SuspicionScorer = ScoringState, SuspicionScorer
    config = ModuleType("honeypotllm.config")
    config.ScoringConfig = lambda: "defaults"
    for name, made in (
        ("honeypotllm", ModuleType("honeypotllm")),
        ("honeypotllm.scoring", module),
        ("honeypotllm.config", config),
    ):
        monkeypatch.setitem(sys.modules, name, made)
    return module


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize("peer", [HONEYPOTLLM, UNMIMIC], ids=lambda peer: peer.name)
def test_a_package_that_is_not_there_is_a_reason(peer) -> None:
    answer = peer.fit([], rng()).judge(["a"], [0.0])

    assert isinstance(answer, NotEnoughEvidence)
    assert answer.detector == peer.name
    assert answer.reason.startswith(f"{peer.name} cannot be imported: ")
    assert installed()[peer.name] == answer.reason


def test_prompts_are_fed_at_their_own_times(stand_in) -> None:
    fitted = HONEYPOTLLM.fit([], rng())

    fast = fitted.judge(["again"] * 3, [1_000.0, 1_001.0, 1_002.0])
    slow = fitted.judge(["again"] * 3, [1_000.0, 2_000.0, 3_000.0])

    assert fast.value == pytest.approx(0.73)
    assert slow == Judgement(flag=False, value=0.25)
    assert stand_in.time is time
    assert installed()["honeypotllm"] == ""


@pytest.mark.usefixtures("stand_in")
def test_the_highest_suspicion_on_the_way_counts() -> None:
    answer = HONEYPOTLLM.fit([], rng()).judge(["again"] * 3 + ["other"], [0.0, 0.0, 0.0, 9_999.0])

    assert answer == Judgement(flag=True, value=0.75)


def test_the_clock_comes_back_after_an_error(stand_in) -> None:
    with pytest.raises(AttributeError):
        HONEYPOTLLM.fit([], rng()).judge([None], [0.0])

    assert stand_in.time is time


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(
    ("prompts", "times", "reason"),
    [
        (["a"], None, "it needs the time of every prompt"),
        (["a", "b"], [1.0], "it needs the time of every prompt"),
        ([], [], "no prompts"),
    ],
)
def test_without_times_or_prompts_there_is_no_answer(prompts, times, reason) -> None:
    assert HONEYPOTLLM.fit([], rng()).judge(prompts, times) == NotEnoughEvidence("honeypotllm", reason)


def test_the_real_honeypotllm_raises_a_fast_template_and_not_a_person() -> None:
    pytest.importorskip("honeypotllm", reason="honeypotllm is not installed")
    fitted = HONEYPOTLLM.fit([], rng())

    person = fitted.judge(texts(ORDINARY, 60, 1), [60.0 * at for at in range(60)])
    script = fitted.judge(templated(60, 1), [0.1 * at for at in range(60)])

    assert person == Judgement(flag=False, value=0.0)
    assert script == Judgement(flag=True, value=1.0)


def test_the_real_unmimic_flags_its_own_attack_texts_on_the_embedder_given() -> None:
    corpus = pytest.importorskip("unmimic.corpus", reason="unmimic is not installed")
    bundled = pytest.importorskip("unmimic.resources").bundled
    pytest.importorskip("sklearn", reason="the extra evaluate is not installed")
    benign = texts(ORDINARY, 400, 1)
    attacks = [text for family in corpus.load_families(bundled("attacks/public")) for text in family.examples]
    embed = fit_embedder([*benign, *attacks], rng())
    fitted = UNMIMIC.fit(benign, rng(), embed)

    asked, ordinary = fitted.judge(attacks), fitted.judge(texts(ORDINARY, 50, 2))

    assert asked.flag
    assert asked.value > 0.9
    assert ordinary == Judgement(flag=False, value=0.0)
    assert fitted.judge([]) == NotEnoughEvidence("unmimic", "no prompts")
