"""The simulator is written from the sources: it knows nothing of what judges it, and reads no clock."""

from __future__ import annotations

import ast
import sys

import pytest

ALLOWED = {"numpy", "pyarrow", "stillwatch.model", "stillwatch.config", "stillwatch.simulate"}
CLOCKS = {"time", "random", "secrets"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_nothing_but_the_ground_floor_numpy_and_arrow_is_imported(root):
    for path in sorted((root / "src" / "stillwatch" / "simulate").rglob("*.py")):
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            package = ".".join(name.split(".")[:2]) if name.startswith("stillwatch") else name.split(".")[0]
            assert package in ALLOWED or package in sys.stdlib_module_names, f"{path.name}: {name}"
            assert package not in CLOCKS, f"{path.name}: {name}"


@pytest.mark.parametrize("word", ["datetime.now", "utcnow", "default_rng()", "np.random.seed"])
def test_no_clock_and_no_unseeded_randomness(root, word):
    for path in sorted((root / "src" / "stillwatch" / "simulate").rglob("*.py")):
        assert word not in path.read_text(encoding="utf-8"), path.name
