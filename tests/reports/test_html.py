"""The page is safe, whole, offline and fair."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.html import POLICY, render_html
from stillwatch.sketches.topics import names

NOW_MS = 1_793_700_000_000
VOID = {"meta", "link", "img", "br", "input", "hr"}
SELF_CLOSED = {"rect", "line", "circle", "path"}


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parse(page):
    parser = Elements()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("name", ["result", "hostile", "nobody", "empty"])
def test_page_is_well_formed_and_runs_nothing(name, request, features):
    page = render_html(request.getfixturevalue(name), DEFAULT, NOW_MS, features=features)
    parser = parse(page)
    tags = {tag for tag, _ in parser.seen}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "image", "use", "foreignobject"}
    for tag, attributes in parser.seen:
        assert not any(key.startswith("on") or key in {"src", "style", "srcset", "xlink:href"} for key in attributes)
        target = attributes.get("href")
        assert target is None or target.startswith("#") or (tag == "link" and target == "data:,")
    policies = [a["content"] for t, a in parser.seen if t == "meta" and "http-equiv" in a]
    assert policies == [POLICY]
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert "@import" not in page
    page.encode()


def test_hostile_strings_are_text(hostile, strangers, features):
    page = render_html(hostile, DEFAULT, NOW_MS, features=features)
    for raw in ("<script>", "<img", "\x1b", "\u202e", "\u200b", "\ud800", "&amp;amp;", "<b>"):
        assert raw not in page
    said = "".join(parse(page).text)
    assert strangers[0] in said
    assert "{{ 7 * 7 }}" in said
    assert "x" * 2001 not in page


def test_same_input_same_bytes(result, features):
    pages = {render_html(result, DEFAULT, NOW_MS, features=features) for _ in range(3)}
    assert len(pages) == 1
    slower = replace(result, elapsed_s=99.0, cold_kernels=True)
    assert render_html(slower, DEFAULT, NOW_MS, features=features) in pages


def test_date_is_left_out_when_not_given(result):
    assert "2026-11-03 " in render_html(result, DEFAULT, NOW_MS)
    assert "2026-11-03 " not in re.sub(r"<svg.*?</svg>", "", render_html(result, DEFAULT, None), flags=re.DOTALL)


def test_every_link_has_a_target_and_every_id_is_single(result):
    parser = parse(render_html(result, DEFAULT, NOW_MS))
    ids = [a["id"] for _, a in parser.seen if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for t, a in parser.seen if t == "a"} <= set(ids)
    assert pseudonym_text(int(result.profile.account[0])) in ids


def test_what_was_read_is_said(result):
    said = "".join(parse(render_html(result, DEFAULT, NOW_MS)).text)
    for text in (
        "919,282",
        "2 of 40 accounts",
        "litellm",
        "7 values of tokens_in made no sense and were left out",
        "ends in the middle of a frame",
        "not a number",
        "Incomplete",
    ):
        assert text in said


def test_many_sources_are_folded_away_and_those_to_note_are_not(result):
    many = (result.sources[1], *(replace(result.sources[0], path=f"day-{i}", rejected=0) for i in range(30)))
    page = render_html(replace(result, sources=many), DEFAULT, None)
    assert "All 31 sources" in page
    assert page.count("ends in the middle of a frame") == 2
    assert page.count("day-7<") == 1


def test_fairness_is_on_the_page(result):
    said = "".join(parse(render_html(result, DEFAULT, NOW_MS)).text)
    for text in (
        "An observation is not a verdict",
        "uncalibrated",
        "Declared purpose: \u201cown-model distillation\u201d",
        "Declared reseller",
        "Could not tell",
        "fewer than 30 events with a refusal category",
        "Breadth alone is not abuse",
        "Size alone is not abuse",
        "none of these alone is abuse",
    ):
        assert text in said
    for name in names():
        said = said.replace(name, "")  # a topic is named by words of prompts, whatever they are
    for word in ("signal", "score", "bad actor", "suspicious"):
        assert word not in said.lower()


def test_only_shown_accounts_are_drawn(result):
    page = render_html(result, replace(DEFAULT, shown=1), NOW_MS)
    assert page.count('<details class="account') == 1
    assert "1 more account at or above the threshold" in page
    assert page.count('<details class="account') < render_html(result, DEFAULT, NOW_MS).count('<details class="account')


def test_nothing_is_compared_or_drawn_from_absent_numbers(result):
    profile = replace(result.profile, columns={}, panels={})
    page = render_html(replace(result, profile=profile), DEFAULT, None)
    assert "Beside others" not in page
    assert "How it behaved" not in page
    blank = replace(result.profile, panels={k: np.full_like(v, np.nan) for k, v in result.profile.panels.items()})
    assert "How it behaved" not in render_html(replace(result, profile=blank), DEFAULT, None)


def test_exemplars_are_shown_only_where_kept(result):
    assert "Explain the proof. Step by step." in render_html(result, DEFAULT, None)
    assert "customer content" not in render_html(replace(result, exemplars={}), DEFAULT, None)


def test_empty_scans_say_why(nobody, empty):
    assert "74 events came without an account" in render_html(nobody, DEFAULT, None)
    assert "Nothing was read." in render_html(empty, DEFAULT, None)


def test_no_detector_able_is_not_all_clear(result):
    none = tuple(replace(c, able=False) for c in result.capabilities)
    assert "That is no finding that all is well" in render_html(replace(result, capabilities=none), DEFAULT, None)
