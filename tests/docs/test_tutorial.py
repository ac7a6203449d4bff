"""The commands of the tutorial, one after the other, as a reader types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pages import shown_in


def test_tutorial_runs_from_top_to_bottom(root: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("stillwatch")
    calls = [s.words[1:] for s in shown_in(root / "docs" / "tutorial" / "first-scan.md") if s.words[0] == "stillwatch"]
    codes = {}
    for words in calls:
        # A pseudonym of another key is not found, as the tutorial says.
        done = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        codes[words[0]] = done.returncode
        assert "Traceback" not in done.stderr, done.stderr

    assert codes == {"--help": 0, "simulate": 0, "scan": 1, "pseudonym": 3}
    for made in ("world/truth.csv", "report/report.html", "report/findings.parquet", "report/findings.jsonl"):
        assert (tmp_path / made).stat().st_size
