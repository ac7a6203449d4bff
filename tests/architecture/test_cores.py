"""The cores read no clock, no network and no environment: time is an argument, randomness a seed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "stillwatch"
CORES = ("model", "sketches", "statistics", "features", "detectors", "coordination", "policy", "sharing")
FORBIDDEN_MODULES = {"socket", "ssl", "asyncio", "http", "urllib", "requests", "time", "random", "subprocess"}
VALUES_ONLY = {"urllib.parse", "http"}
"""Modules beside those that speak to the world: text of URLs, names of statuses."""
FORBIDDEN_NAMES = {
    "os.environ",
    "os.getenv",
    "os.urandom",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.date.today",
}
FORBIDDEN_FROM = {("os", "environ"), ("os", "getenv"), ("os", "urandom")}


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def forbidden(module: str, name: str) -> bool:
    return (module, name) in FORBIDDEN_FROM


def unseeded(node: ast.Call) -> bool:
    name = dotted(node.func)
    if name in {"np.random.default_rng", "numpy.random.default_rng", "default_rng"}:
        return not node.args and not node.keywords
    drawn = name.removeprefix("numpy.").removeprefix("np.")
    return drawn.startswith("random.") and drawn.removeprefix("random.")[:1].islower()


def breaches(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [f"import {a.name}" for a in node.names if a.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module.split(".")[0] in FORBIDDEN_MODULES and node.module not in VALUES_ONLY:
                found.append(f"from {node.module} import ...")
            found += [
                f"from {node.module} import {a.name}" for a in node.names if (node.module, a.name) in FORBIDDEN_FROM
            ]
        elif isinstance(node, ast.Attribute) and dotted(node) in FORBIDDEN_NAMES:
            found.append(dotted(node))
        elif isinstance(node, ast.Call) and unseeded(node):
            found.append(f"{dotted(node.func)}() without a seed")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "import time",
        "from time import monotonic",
        "import urllib.request",
        "from urllib.request import urlopen",
        "from http.client import HTTPConnection",
        "import os\nos.environ['HOME']",
        "from os import getenv",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now()",
        "import numpy as np\nnp.random.default_rng()",
        "import numpy as np\nnp.random.rand(3)",
    ],
)
def test_a_breach_is_seen(source: str) -> None:
    assert breaches(source)


def test_a_seeded_generator_and_a_given_time_are_no_breach() -> None:
    assert not breaches("import numpy as np\ndef f(now, rng: np.random.Generator):\n    np.random.default_rng(7)")


@pytest.mark.parametrize("core", CORES)
def test_cores_read_no_clock_network_or_environment(core: str) -> None:
    found = {
        str(path.relative_to(ROOT)): seen
        for path in sorted((PACKAGE / core).rglob("*.py"))
        if (seen := breaches(path.read_text(encoding="utf-8")))
    }

    assert found == {}
