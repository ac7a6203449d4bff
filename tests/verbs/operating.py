"""A hub that its operator sets up, serves and kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from serve.hub.hubs import free_port
from stillwatch.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


class Operator:
    """Runs verbs on one hub, and the hub."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store, self.capsys, self.port = folder / "hub.db", capsys, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def do(self, *words: str) -> Any:
        assert main(["hub", *words, "--store", str(self.store), "--json"]) == 0
        return json.loads(self.capsys.readouterr().out)

    def serve(self, *more: str) -> None:
        command = [sys.executable, "-m", "stillwatch", "hub", "serve", "--store", str(self.store)]
        self.process = subprocess.Popen([*command, "--port", str(self.port), "--rate", "10000", *more], text=True)
        for _ in range(600):
            try:
                requests.get(self.base + "/healthz", timeout=5).raise_for_status()
            except (OSError, requests.RequestException):
                time.sleep(0.05)
            else:
                return
        raise AssertionError("it never listened")

    def end(self, how: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def operating(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Give an operator; what it serves ends with it."""
    made = Operator(folder, capsys)
    try:
        yield made
    finally:
        if made.process and made.process.poll() is None:
            made.end(signal.SIGKILL)
