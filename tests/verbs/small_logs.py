"""A tiny simulated world on disk, and verbs run in it as from a shell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulate.small_worlds import START_MS, TINY
from stillwatch.cli import main
from stillwatch.ingest.keys import create_key
from stillwatch.simulate import build_world, write_world

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


@dataclass(frozen=True)
class Shell:
    """Runs verbs in a folder with a world, and reads what they print."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: object) -> tuple[int, str, str]:
        """Give exit code, output and errors of a verb."""
        self.capsys.readouterr()
        code = main([str(word) for word in words])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def over_logs(self, verb: str, *options: object) -> tuple[int, str, str]:
        """Run a verb that reads logs over the logs of the world."""
        world = self.folder / "world"
        return self.run(
            verb, world / "logs", "--accounts", world / "accounts.csv", "--key", self.folder / "key", *options
        )

    def scan(self, *options: object) -> dict[str, Any]:
        """Scan, and read the JSON document."""
        _, out, _ = self.over_logs("scan", "--json", "--shown", 1000, *options)
        return json.loads(out)


def write_tiny_world(folder: Path) -> None:
    """Write the world and its key."""
    write_world(build_world(TINY, 5, START_MS), folder / "world", suffix=".parquet")
    create_key(folder / "key")
