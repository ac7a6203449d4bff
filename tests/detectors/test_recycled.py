"""Answers fed back: what the detector makes of shares and owners, and a log read from end to end."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ingest.reading import KEY, chunk_of
from sketches.events import KEYS
from stillwatch.config import DEFAULT
from stillwatch.detectors.content import recycled_outputs
from stillwatch.engine import LocalEngine
from stillwatch.features import profile_of
from stillwatch.ingest.columns import read_chunk
from stillwatch.ingest.door import Door
from stillwatch.ingest.readers import reader_named
from stillwatch.ingest.readers.base import plan
from stillwatch.looking import profile_engine
from stillwatch.model.finding import Finding, NotEnoughEvidence

SMALL = replace(DEFAULT, buckets=2, threads=1, dedupe_window=4096)
START_MS = 1_793_577_600_000
WORDS = [f"{a}{b}{c}" for a in ("ba", "ke", "lo", "mi") for b in ("nu", "ra", "so", "ti") for c in ("da", "fe", "go")]


def weigh(prints: float, foreign: object, owners: object, known: int = 1) -> np.ndarray:
    values = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(value, np.float64)) for value in (prints, foreign, owners, known))
    )
    columns = dict(zip(recycled_outputs.DETECTOR.requires, (value.copy() for value in values), strict=True))
    profile = profile_of(np.arange(values[0].shape[0]), columns)
    return recycled_outputs.DETECTOR.examine(profile, DEFAULT).weight_bits


@pytest.mark.parametrize("prints", [10, 100, 1000, 1_000_000])
def test_no_number_of_foreign_prints_counts_for_more_than_their_honest_causes_allow(prints: int) -> None:
    shares = np.linspace(0, 1, 41) * prints

    assert weigh(prints, shares, 1).max() < 2.8
    assert weigh(prints, shares, 500).max() < 5.25
    assert weigh(prints, shares, 500, known=0).max() < 1.9
    assert weigh(prints, shares, 500).min() > -3


@pytest.mark.parametrize("prints", [100, 1000])
def test_more_of_the_prompts_is_more_evidence_from_a_quarter_on(prints: int) -> None:
    bits = weigh(prints, np.linspace(0.25, 1, 16) * prints, 12)

    assert (np.diff(bits) > -0.05).all()
    assert bits[0] > 3


def test_more_owners_are_more_evidence_where_owners_are_known() -> None:
    known, unknown = (weigh(400, 300, [1, 2, 5, 50], flag) for flag in (1, 0))

    assert (np.diff(known) > 0).all()
    assert np.ptp(unknown) == 0


def test_one_pasted_passage_is_nothing_however_many_prints_it_gives() -> None:
    assert weigh(400, 2, 1)[0] < 0.7
    assert weigh(4000, 2, 1)[0] < 0
    assert weigh(20, 2, 1)[0] < 0.5
    assert weigh(12, 2, 1)[0] < 1


def test_nothing_fed_back_says_little() -> None:
    assert (weigh([10, 100, 10_000], 0, 0) > -0.25).all()
    assert (weigh([10, 100, 10_000], 0, 0) < 0).all()


class Log:
    """Native records of some accounts, a minute apart."""

    def __init__(self, seed: int = 1) -> None:
        self.records: list[dict[str, Any]] = []
        self._rng = np.random.default_rng(seed)

    def text(self, words: int = 120) -> str:
        return " ".join(self._rng.choice(WORDS, words).tolist())

    def ask(self, account: str, prompt: str, answer: str | None, org: str | None = None) -> None:
        number = len(self.records)
        record = {"event_id": f"e{number}", "ts_ms": START_MS + number * 60_000, "account_id": account}
        given = {"org_id": org or f"of {account}", "prompt": prompt, "completion": answer}
        self.records.append(record | {name: value for name, value in given.items() if value is not None})

    def found(self, account: str) -> Finding | NotEnoughEvidence:
        native, door = reader_named("native"), Door(KEY)
        chunk = chunk_of(*(json.dumps(record).encode() for record in self.records))
        raw = read_chunk(chunk, native, plan(native), "log", depth=100, max_record=1 << 20, ingest_ms=None)
        with ThreadPoolExecutor(1) as pool:
            engine = LocalEngine(KEYS, SMALL, pool)
            engine.fold(door.enter(raw, native.provenance(), "log"))
        profile = profile_engine(engine)
        examined = recycled_outputs.DETECTOR.examine(profile, SMALL)
        return examined.at(int(np.searchsorted(profile.account, door.account(account))))


def pool_and_cleaner(log: Log, *, own: bool = False, answers: bool = True, quoted: bool = False) -> None:
    """Twelve accounts draw answers, which one account has cleaned."""
    drawn = []
    for k in range(60):
        account, answer = f"drawer {k % 12}", log.text()
        drawn.append(answer)
        prompt = f"repeat: {answer}" if quoted else log.text(30)
        log.ask("cleaner" if own else account, prompt, answer if answers else None)
    for answer in drawn:
        log.ask("cleaner", f"clean this reasoning up, keep every step: {answer}", log.text() if answers else None)


def test_a_cleaner_of_a_pools_answers_is_found() -> None:
    log = Log()
    pool_and_cleaner(log)

    found = log.found("cleaner")
    drawer = log.found("drawer 3")

    assert isinstance(found, Finding)
    assert found.weight_bits > 4.5
    assert "12 other owners" in found.evidence
    assert isinstance(drawer, Finding | NotEnoughEvidence)
    assert not isinstance(drawer, Finding) or drawer.weight_bits < 0


def test_an_account_that_has_its_own_answers_cleaned_or_judged_is_not() -> None:
    log = Log()
    pool_and_cleaner(log, own=True)

    found = log.found("cleaner")

    assert isinstance(found, Finding)
    assert found.weight_bits < 0
    assert found.evidence.startswith("none of ")


def test_an_agent_or_a_conversation_that_sends_its_history_is_not() -> None:
    log = Log()
    history = ""
    for turn in range(120):
        history = history if turn % 4 else ""
        answer = log.text()
        log.ask("agent", f"{history}\ngo on: {log.text(20)}", answer, org="firm")
        history += f"\n{answer}"
        log.ask("somebody", log.text(), log.text())

    found = log.found("agent")

    assert isinstance(found, Finding)
    assert found.weight_bits < 0
    assert found.facts["foreign_prints"] == 0


def test_the_judge_account_of_the_same_organisation_is_not() -> None:
    log = Log()
    for _ in range(40):
        answer = log.text()
        log.ask("app", log.text(40), answer, org="firm")
        log.ask("judge", f"grade this answer from 1 to 5: {answer}", "4", org="firm")

    found = log.found("judge")

    assert isinstance(found, Finding)
    assert found.facts["foreign_prints"] == 0
    assert found.weight_bits < 0


def test_text_that_answers_only_repeat_is_nobodys_answer() -> None:
    log = Log()
    pool_and_cleaner(log, quoted=True)

    found = log.found("cleaner")

    assert isinstance(found, Finding)
    assert found.facts["prints_distinct"] > 50
    assert found.facts["foreign_prints"] == 0


def test_a_public_text_many_were_answered_with_is_nobodys() -> None:
    log = Log()
    public = [log.text() for _ in range(30)]
    for text in public:
        for k in range(4):
            log.ask(f"reader {k}", log.text(30), f"it says: {text}")
    for text in public:
        log.ask("pasting", f"summarise: {text}", log.text(30))

    found = log.found("pasting")

    assert isinstance(found, Finding)
    assert found.facts["foreign_prints"] == 0


def test_a_log_without_answers_is_not_judged() -> None:
    log = Log()
    pool_and_cleaner(log, answers=False)

    found = log.found("cleaner")

    assert isinstance(found, NotEnoughEvidence)
    assert "no text of answers" in found.reason
