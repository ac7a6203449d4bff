"""Campaigns as JSON, CSV and in the terminal: stable names, no NaN, no colour where none is wanted."""

import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from reports import campaigns_made as made
from stillwatch.coordination.groups import LAYERS
from stillwatch.coordination.members import LAYERS_WEIGHED, SPEAKS_BITS
from stillwatch.ingest.accounts import COLUMNS
from stillwatch.model.event import EVENT_FIELDS
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.campaigns import graph
from stillwatch.reports.campaigns.members import SCHEMA, members_csv
from stillwatch.reports.campaigns.summary import LAYOUT, MEMBER_LAYERS, to_json
from stillwatch.reports.campaigns.untested import LAYER_READS
from stillwatch.reports.campaigns.view import LAYER_MEANING, headline, shown
from stillwatch.reports.terminal import render_campaigns, render_terminal

FOUND = made.campaigns(made.ring(), made.school_class(), made.hidden())
CAMPAIGN_KEYS = {
    *(
        "rank",
        "campaign",
        "reported",
        "accounts",
        "events",
        "tokens_out",
        "closed",
        "first_ms",
        "last_ms",
        "first_seen_ms",
    ),
    *("one_operator", "extraction_given_one_operator", "prior_bits", "extraction_bits", "harvest_bits"),
    *("log10_p", "log10_p_without_strongest", "stands_without_strongest", "q_value", "groups", "prompts_distinct"),
    *("asked_for", "layers", "lines", "explanations", "members"),
}


def printed(result, width=80, *, alone=True, **options):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    (render_campaigns if alone else render_terminal)(result, console, **options)
    return console.file.getvalue()


def test_the_document_keeps_its_names():
    page = to_json(FOUND, frozenset({"ts_ms"}))
    assert page["layout"] == LAYOUT == "stillwatch.campaigns/1"
    assert set(page) == {
        *("look", "changes", "layout", "accounts", "groups_tested", "alpha", "reported", "coordinated", "left_out"),
        *("ordinary_correlation", "untested_layers", "campaigns"),
    }
    for one in page["campaigns"]:
        assert set(one) == CAMPAIGN_KEYS
        assert {len(column) for column in one["members"].values()} == {one["accounts"]}
    assert [one["reported"] for one in page["campaigns"]] == [True, False, False]


def test_what_is_unknown_or_endless_is_null():
    endless = replace(made.ring(), log_p=-math.inf, log_p_rest=math.nan, q=math.nan, prompts_distinct=math.inf)
    endless.members.total_bits[0] = math.nan
    text = json.dumps(to_json(made.campaigns(endless)), allow_nan=False)
    [one] = json.loads(text)["campaigns"]
    assert one["log10_p_without_strongest"] is None
    assert one["stands_without_strongest"] is False
    assert one["q_value"] is None
    assert one["prompts_distinct"] is None
    assert one["log10_p"] < -1e5
    assert one["members"]["total_bits"][0] is None
    assert None in one["members"]["closed_ms"]
    assert "NaN" not in text


def test_members_as_csv_are_the_members():
    rows = list(csv.DictReader(io.StringIO(members_csv(FOUND).decode())))
    assert list(rows[0]) == SCHEMA.names
    assert len(rows) == 55 + 40 + 157
    ring = [row for row in rows if row["campaign"] == "c-bc9eba9ee1"]
    assert [row["account"] for row in ring] == [pseudonym_text(int(a)) for a in made.ring().members.account]
    assert {row["reported"] for row in ring} == {"yes"}
    assert any(row["closed"] == "" for row in ring)
    assert ring[0]["first"].startswith("2026-11-02T")
    assert members_csv(FOUND) == members_csv(FOUND)
    assert members_csv(made.campaigns()).decode().count("\n") == 1


def test_names_taken_from_elsewhere_are_those_of_elsewhere():
    """Reports may not ask the room of coordination; here they are held against each other."""
    assert tuple(LAYER_MEANING) == LAYERS
    assert tuple(LAYER_READS) == LAYERS
    assert MEMBER_LAYERS == LAYERS_WEIGHED
    assert graph.SPEAKS_BITS == SPEAKS_BITS
    known = {field.name for field in EVENT_FIELDS} | set(COLUMNS)
    assert {name for reads in LAYER_READS.values() for name in reads} <= known


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_terminal_fits_the_width_without_escape_sequences(result, strangers, width, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "")
    strange = replace(
        made.ring(),
        name=strangers[3],
        lines=tuple(replace(line, sentence=strangers[4]) for line in made.ring().lines),
        explanations=tuple(replace(e, name=strangers[5], fits=True) for e in made.ring().explanations),
    )
    for found in (FOUND, made.campaigns(strange, made.school_class()), made.campaigns()):
        for alone in (True, False):
            text = printed(replace(result, campaigns=found), width, alone=alone)
            assert max(len(line) for line in text.splitlines()) <= width
            assert not {c for c in text if ord(c) < 32} - {"\n"}


def test_the_terminal_says_both_chances_the_strongest_and_what_stands(result):
    text = " ".join(printed(replace(result, campaigns=FOUND), 120, exit_code=1, written=("out/members.csv",)).split())
    for said in (
        "3 coordinated groups among 1,651 accounts: 1 reported as extraction, 2 coordinated and not reported.",
        "strongest product: all share one rare template where 0.7 were expected",
        "would stand without it, on the other kinds of evidence (p 9e-14)",
        "workload +6.0",
        "none fits of those considered: one open customer, a licensed reseller",
        "Coordination is not abuse.",
        "none, but no evidence of harvest",
        "Left out, held by too many accounts to join any: 2 of user agent (the most common held by 900 accounts).",
        "written: out/members.csv",
        "exit code 1: at least one campaign is reported as extraction",
        "not a verdict",
    ):
        assert said in text, said


def test_a_scan_is_brief_about_campaigns(result):
    text = printed(replace(result, campaigns=FOUND), 120, alone=False)
    assert "1 reported as extraction" in text
    assert "none fits of those considered" not in text


def test_nothing_found_is_said_with_what_could_not_be_tested(nobody):
    empty = replace(nobody, campaigns=made.campaigns(accounts=60), known=frozenset({"ts_ms", "prompt", "client_net"}))
    text = " ".join(printed(empty, 120).split())
    assert "No campaign was found among 60 accounts." in text
    assert "Could not be tested at all: money (no payment_fingerprint, card_bin" in text
    assert "rhythm (no" not in text


def test_headlines_accuse_nobody_without_harvest():
    ring, hidden, lesson = shown(FOUND).views
    assert "extraction with a chance of 99.8 %" in headline(ring)
    assert "nothing for a harvest: it is not reported" in headline(hidden)
    assert "An honest explanation fits: one open customer. Coordination is not abuse." in headline(lesson)
    [doubted] = shown(made.campaigns(made.campaign("c-1", made.members(5), extracts=9.0, fits=True))).views
    assert headline(doubted).endswith("But an honest explanation fits too: one open customer.")


def test_a_terminal_without_unicode_gets_plain_text(result):
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    render_campaigns(replace(result, campaigns=FOUND), Console(file=raw, width=80, legacy_windows=False))
    raw.flush()
    assert b"-1.4" in raw.buffer.getvalue()


def test_an_even_sample_is_the_same_each_time():
    assert np.array_equal(graph.sampled(24_000, 400), graph.sampled(24_000, 400))
