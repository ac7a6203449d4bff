"""Ctrl-C, full disks, pipes and folders that cannot be written, through the real program."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stillwatch.ingest.keys import create_key
from stories.bad_logs import Told, clean, good, lines, row

if TYPE_CHECKING:
    from collections.abc import Callable

CLEAN, BAD_INPUT, PARTIAL, STOPPED = 0, 2, 3, 130
PATIENCE_S = 120


class Program:
    """The program, running in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        create_key(folder / "key")

    def start(self, *asked: str, limit: Callable[[], None] | None = None, **how: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "stillwatch", "scan", *asked, "--key", "key"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how

        def begin() -> None:
            # A run in the background is started with interrupts ignored, and a child inherits that.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if limit is not None:
                limit()

        return subprocess.Popen(command, cwd=self.folder, text=True, preexec_fn=begin, **pipes)  # noqa: PLW1509

    def told(self, running: subprocess.Popen[str], fed: str | None = None) -> Told:
        out, err = running.communicate(fed, timeout=PATIENCE_S)
        clean((out or "") + (err or ""), self.folder / "key")
        return Told(running.returncode, out, err)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def empty_of(fd: int) -> bool:
    """Whether what was put into a pipe has been taken out of it."""
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0] == 0


def test_standard_input_is_read(program: Program) -> None:
    told = program.told(program.start("-", "--json"), good().decode())

    assert (told.code, told.read()) == (CLEAN, (5, 5, 0))
    assert told.result["sources"][0]["path"] == "-"


def test_an_interrupt_keeps_what_was_read_and_says_what_was_not(program: Program) -> None:
    (program.folder / "next.jsonl").write_bytes(good())
    running = program.start("-", "next.jsonl", "--json", "--out", "report")
    assert running.stdin is not None
    running.stdin.write(good(400).decode())
    running.stdin.flush()
    wait_for(lambda: empty_of(running.stdin.fileno()))
    time.sleep(0.3)

    running.send_signal(signal.SIGINT)
    told = program.told(running)

    assert (told.code, told.read()) == (PARTIAL, (400, 400, 0))
    assert [s["incomplete"] for s in told.result["sources"]] == ["interrupted; the rest was not read"] * 2
    assert sorted(p.name for p in (program.folder / "report").iterdir()) == [
        "findings.jsonl",
        "findings.parquet",
        "report.html",
    ]


def test_an_interrupt_before_anything_was_read_leaves_nothing(program: Program) -> None:
    os.mkfifo(program.folder / "pipe")
    holder = os.open(program.folder / "pipe", os.O_RDWR)
    running = program.start("pipe", "--out", "report")
    wait_for((program.folder / "report").exists)
    time.sleep(1.5)

    running.send_signal(signal.SIGINT)
    told = program.told(running)
    os.close(holder)

    assert (told.code, told.out) == (STOPPED, "")
    assert told.err.rstrip().endswith("stillwatch: stopped; nothing was written")
    assert list((program.folder / "report").iterdir()) == []


def test_a_full_disk_is_said_and_leaves_no_half_file(program: Program) -> None:
    (program.folder / "log.jsonl").write_bytes(good())

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    told = program.told(program.start("log.jsonl", "--out", "report", limit=small_files))

    assert told.code == BAD_INPUT
    assert "stillwatch: could not write report" in told.err
    assert "Traceback" not in told.err
    assert list((program.folder / "report").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_standard_output_is_said(program: Program) -> None:
    (program.folder / "log.jsonl").write_bytes(good())

    with Path("/dev/full").open("w") as full:
        told = program.told(program.start("log.jsonl", "--json", stdout=full.fileno()))

    assert told.code == BAD_INPUT
    assert "Traceback" not in told.err
    assert "No space left" in told.err


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_reader_of_the_output_that_goes_away_is_no_error_message(program: Program, form: list[str]) -> None:
    (program.folder / "log.jsonl").write_bytes(lines(row(n) for n in range(50)))

    with program.start("log.jsonl", *form) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        err = running.stderr.read()

    assert running.returncode == BAD_INPUT
    assert "Traceback" not in err
    assert "Exception ignored" not in err
