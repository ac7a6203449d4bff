"""Terms that come with the package: a starter, and a worked example for three kinds of provider."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from stillwatch.policy.language.load import Loaded, load

SHIPPED: Final = ("starter", "frontier-lab", "small-provider", "aggregator")
"""Their names."""


def shipped_text(name: str) -> bytes:
    """Give the file of shipped terms."""
    return files(__package__).joinpath("terms", f"{name}.yaml").read_bytes()


def shipped(name: str) -> Loaded:
    """Read shipped terms."""
    return load(shipped_text(name), f"{name}.yaml")
