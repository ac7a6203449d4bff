from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_imports_go_down_only(root: Path) -> None:
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
