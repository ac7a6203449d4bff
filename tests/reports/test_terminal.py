"""The terminal stays readable at 80 columns, without colour, and with hostile input."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from stillwatch.config import DEFAULT
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.terminal import render_terminal


def printed(result, width=80, **options):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    render_terminal(result, console, **options)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", ["result", "hostile", "nobody", "empty"])
def test_fits_the_width_without_escape_sequences(name, width, request, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "")
    text = printed(request.getfixturevalue(name), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert not {c for c in text if ord(c) < 32} - {"\n"}
    assert "\x1b" not in text


def test_says_who_why_and_what_speaks_for_it(result):
    text = printed(result, exit_code=1, written=("report/report.html",))
    assert pseudonym_text(int(result.profile.account[0])) in text
    assert "+7.0" in text
    assert "130 to 1" in text
    assert "for it: credential fan out" in text
    assert "not a verdict" in text.replace("\n", " ")
    assert "written: report/report.html" in text
    assert "exit code 1: at least one account reaches the threshold" in text


def test_below_the_threshold_only_a_few_are_listed(result):
    text = printed(result, 200, config=replace(DEFAULT, shown=40))
    assert sum(line.startswith("a_") for line in text.splitlines()) == 2 + 5


def test_markup_of_strangers_is_not_obeyed(hostile, strangers):
    assert strangers[5] in printed(hostile, 200)


def test_many_sources_are_summed_up(result):
    text = printed(replace(result, sources=result.sources * 20), 100)
    assert "33 more sources, 17 incomplete" in text


def test_a_terminal_without_unicode_gets_plain_text(result):
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    render_terminal(result, Console(file=raw, width=80, legacy_windows=False))
    raw.flush()
    assert b"-10.0" in raw.buffer.getvalue()
