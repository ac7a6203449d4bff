"""A watch that keeps dossiers keeps what it judges by, and judges as it would without."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from policy.drawn import NOW_MS
from policy.test_judge_terms import COPIER
from policy.written_terms import loaded, text
from stillwatch.cli import main
from stillwatch.serve.watch.recording import Recording
from stillwatch.serve.watch.watch import Observer
from stillwatch.store.dossier_days import DossierDays, day_files

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Third(Observer):
    """Admits the third account and counts what it is given."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def admits(self, looked: Any, reported: Any, now_ms: int) -> Any:
        del looked, now_ms
        return np.arange(len(reported)) == 2

    def judge(self, seen: Any, now_ms: int) -> int:
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
