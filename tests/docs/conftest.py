from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest
from pages import ROOT

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """docs/build_reference.py, which is a script and no part of the package."""
    sys.path.insert(0, str(ROOT / "docs"))
    spec = importlib.util.spec_from_file_location("build_reference", ROOT / "docs" / "build_reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
