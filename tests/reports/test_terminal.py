"""The terminal stays readable at 80 columns, without colour, and with hostile input."""

import io
from dataclasses import replace

import numpy as np
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
    flat = " ".join(text.split())
    assert "+7.0 99.2 % 0.024 harvest shape +7.0" in flat
    assert "for it Credential fanout lowers the total by 1.6 bits: 38 keys from 212 networks" in flat
    assert "not a verdict" in flat
    assert "written: report/report.html" in text
    assert "exit code 1: at least one account reaches the threshold" in text


def test_says_what_the_ranking_rests_on(result):
    flat = " ".join(printed(result, 100).split())
    assert "if 1 in 1,000 accounts extract (prior \u221210.0 bits; stated, not measured)" in flat
    assert "Threshold +3.0 bits" in flat
    assert "among 40 accounts of last month; look 2" in flat


def test_a_reported_account_shows_at_most_three_against_two_for_and_who_did_more(result):
    text = printed(result, 100)
    block = text.split(f"  {pseudonym_text(int(result.profile.account[1]))}")[1].split("\n\n")[0]
    flat = " ".join(block.split())
    assert "provider refusals +5.2 (4.0 % of its cohort): 412 answers" in flat
    assert sum(f"{name} +" in flat for name in ("harvest shape", "provider refusals", "rhythm", "artefact replay")) == 3
    assert "3 unreported accounts of its plan made more requests" in flat
    assert "p 0.049, at least 0.024 among 40 accounts, plan number 1; q 0.098" in flat
    assert flat.count("own-model distillation") == 1


def test_more_than_three_against_are_a_count(result):
    text = printed(result, 100)
    block = text.split(f"  {pseudonym_text(int(result.profile.account[0]))}")[1].split("\n\n")[0]
    flat = " ".join(block.split())
    assert "harvest shape +7.0" in flat
    assert "provider refusals" not in flat
    assert "1 further detector against it" in flat


def test_those_that_could_not_tell_are_a_count(result):
    silent = tuple(
        replace(e, reason=np.ones(40, np.uint8)) if e.detector in {"rhythm", "provider_refusals"} else e
        for e in result.examined
    )
    text = printed(replace(result, examined=silent), 100)
    assert text.count("2 of 5 detectors could not tell") == 2
    assert "fewer than 30 events with a refusal category" not in text


def test_detectors_are_a_line_a_group_with_what_is_missing(result):
    none = tuple(replace(c, able=c.detector != "provider_refusals") for c in result.capabilities)
    text = printed(replace(result, capabilities=none), 100)
    [line] = [line for line in text.splitlines() if line.startswith("provenance")]
    assert line.split() == ["provenance", "1", "of", "2", "provider", "refusals", "(no", "refusal_category)"]
    assert next(line for line in text.splitlines() if line.startswith("habits")).split() == ["habits", "2", "of", "2"]


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
