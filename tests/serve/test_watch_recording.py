"""A watch that keeps dossiers keeps what it judges by, and judges as it would without."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from policy.drawn import NOW_MS
from policy.test_judge_terms import COPIER
from policy.written_terms import loaded, text
from serve.watching import START_MS, reading_of, record, watch_of
from stillwatch.cli import main
from stillwatch.ingest.body import BodyReader
from stillwatch.serve.watch.recording import Recording
from stillwatch.serve.watch.watch import Observer
from stillwatch.store.dossier_days import DossierDays, day_files
from stillwatch.store.spool.batches import shut_batch

if TYPE_CHECKING:
    from pathlib import Path


class Everybody(Observer):
    """Admits everybody and keeps the dossiers."""

    def __init__(self) -> None:
        self.dossiers: list[Any] = []

    def admits(self, looked: Any, reported: Any, now_ms: int) -> Any:
        del looked, now_ms
        return np.ones_like(reported)

    def judge(self, seen: Any, now_ms: int, fresh: Any = None) -> int:
        del now_ms, fresh
        self.dossiers += seen
        return 0


class Third(Observer):
    """Admits the third account and counts what it is given."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def admits(self, looked: Any, reported: Any, now_ms: int) -> Any:
        del looked, now_ms
        return np.arange(len(reported)) == 2

    def judge(self, seen: Any, now_ms: int, fresh: Any = None) -> int:
        del fresh
        self.seen += [(one.account, now_ms) for one in seen]
        return len(seen)


def test_it_admits_whom_the_judge_admits_members_of_campaigns_and_who_is_near(tmp_path: Path) -> None:
    looked: Any = SimpleNamespace(ranking=SimpleNamespace(total_bits=np.array([-9.0, 0.0, -5.0, np.nan, -9.0])))
    reported = np.array([False, False, False, False, True])

    found = Recording(Third(), DossierDays(tmp_path)).admits(looked, reported, NOW_MS)

    assert found.tolist() == [False, True, True, False, True]


def test_it_keeps_and_judges(tmp_path: Path) -> None:
    third = Third()
    recording = Recording(third, DossierDays(tmp_path))

    assert [recording.judge([COPIER], NOW_MS + at) for at in (0, 1)] == [1, 1]

    assert third.seen == [(COPIER.account, NOW_MS), (COPIER.account, NOW_MS + 1)], "judged each time, kept once"
    assert len(day_files(tmp_path)[0].read_text().splitlines()) == 1


def test_a_dossier_says_how_many_requests_name_a_reseller_s_customer(tmp_path: Path) -> None:
    judge = Everybody()
    watch = watch_of(tmp_path, judge=judge)
    rows = [record(k, "shop") | ({"end_user_id": f"guest-{k}"} if k % 4 else {}) for k in range(40)]
    rows += [record(k, "quiet") for k in range(40, 60)]
    batch = BodyReader(reading_of(tmp_path)).read(b"".join(json.dumps(row).encode() + b"\n" for row in rows)).batch
    watch.spool.put(shut_batch(batch, {"at_ms": START_MS})).result()
    watch.drain(START_MS)
    watch.examine(START_MS)
    watch.close()

    named, silent = sorted((one.attributed_share for one in judge.dossiers), key=math.isnan)
    assert named == pytest.approx(0.75)
    assert math.isnan(silent), "nobody is named: the log may have no such field"


def test_the_folder_is_what_terms_are_replayed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Recording(Observer(), DossierDays(tmp_path / "dossiers")).judge([COPIER], NOW_MS)
    (tmp_path / "old.yaml").write_text(text(("at_least: 3}", "at_least: 8}")))
    (tmp_path / "new.yaml").write_text(text())
    assert loaded().terms.version == 1

    code = main(
        [
            "terms",
            "diff",
            *(str(tmp_path / name) for name in ("old.yaml", "new.yaml")),
            "--replay",
            str(tmp_path / "dossiers"),
        ]
    )

    assert code == 1
    assert "1 new" in capsys.readouterr().out
