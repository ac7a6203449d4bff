"""The page is safe, whole, offline and fair."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports import words
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


def flat(page):
    """All that a reader reads, each element apart, white space folded."""
    return " ".join(" ".join(parse(page).text).split())


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
        "could not tell",
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


def test_how_far_a_total_can_be_believed_is_said(result):
    said = flat(render_html(result, DEFAULT, None))
    for text in (
        "chance of extraction if 1 in 1,000 accounts extract",
        "p 0.024 share of its cohort with as much evidence (40 accounts, plan number 0, which can give 0.024 at least)",
        "Look 2.",
        "q 0.049",
        "3 unreported accounts of its plan made more requests",
        "among 40 accounts of last month; look 2",
    ):
        assert text in said, text
    fourth = replace(result.ranking, order=np.array([3, *(r for r in result.ranking.order if r != 3)]))
    alone = render_html(replace(result, ranking=fourth), replace(DEFAULT, shown=1), None)
    assert "p unknown" in alone
    assert "it is not compared" in alone
    assert "q unknown" not in alone


def test_every_step_shows_share_total_without_it_blind_spot_and_what_would_change_it(result):
    page = render_html(result, replace(DEFAULT, shown=1), None)
    said = flat(page)
    for name in ("artefact_replay", "harvest_shape", "rhythm", "provider_refusals", "credential_fanout"):
        assert f"Blind spot. What {name} cannot see." in said
        assert f"Would change it. What would change {name}." in said
    total = result.ranking.total_bits[0]
    left = total - result.ranking.contributions["harvest_shape"][0]
    assert f"+7.0 of +9.8 +8.7 to +11.2 2.0 % of its cohort {words.bits(left)} would not be reported" in said
    left = total - result.ranking.contributions["rhythm"][0]
    assert f"+3.1 +2.0 to +4.5 2.0 % of its cohort {words.bits(left)} would still be reported" in said
    assert f"not counted {words.bits(total + 1.6)} would still be reported" in said


def wall(result, counting, small, untold):
    """A scan in which the first account has very many detectors in three groups."""
    n = counting + small + untold
    bits = [2.0] * counting + [0.3] * small + [0.0] * untold
    examined = tuple(
        replace(
            result.examined[0],
            detector=f"d{i}",
            weight_bits=np.full(40, value),
            reason=np.full(40, int(i >= counting + small), np.uint8),
        )
        for i, value in enumerate(bits)
    )
    groups = ["one" if i < counting else "two" if i % 2 else "three" for i in range(n)]
    capabilities = tuple(replace(result.capabilities[0], detector=f"d{i}", group=groups[i]) for i in range(n))
    contributions = {e.detector: e.weight_bits for e in examined}
    ranking = replace(result.ranking, contributions=contributions, total_bits=np.full(40, -10.0 + sum(bits)))
    sure = replace(result.assurance, ordinary=lambda _, row: 0.1 * row)
    return replace(result, examined=examined, capabilities=capabilities, ranking=ranking, assurance=sure)


def test_many_detectors_are_no_wall(result):
    page = render_html(wall(result, 3, 20, 8), replace(DEFAULT, shown=1), None)
    opened = re.sub(r"<details class=\"(?:fold|inner|more-said)\">.*?</details>", "", page, flags=re.DOTALL)
    assert [name for name in (f"d{i}" for i in range(31)) if f"<strong>{name}</strong>" in opened] == ["d0", "d1", "d2"]
    assert "d3<" not in opened
    assert page.count("d3<") > 0
    said = flat(page)
    assert "two: 10 detectors below half a bit, +3.0 together; 4 could not tell" in said
    assert page.count('<table class="steps">') == 1
    assert "20 smaller" in said
    assert "8 others" in said


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
