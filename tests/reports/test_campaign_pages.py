"""Pages of campaigns are safe, whole, offline and fair."""

from dataclasses import replace

import numpy as np
import pytest

from reports import campaigns_made as made
from reports.test_html import flat, parse
from stillwatch.config import DEFAULT
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.campaigns.html import DRAWN, MEMBERS, render_campaigns_html
from stillwatch.reports.html import render_html
from stillwatch.reports.pages import POLICY

FOUND = made.campaigns(made.ring(), made.school_class(), made.hidden())


@pytest.fixture
def found(result):
    return replace(result, campaigns=FOUND)


def strange(strangers):
    """A campaign every string of which carries an attack."""
    one = made.ring()
    return replace(
        one,
        name=strangers[0],
        layers=tuple(replace(layer, layer=strangers[1], sentence=strangers[2]) for layer in one.layers),
        lines=tuple(
            replace(line, name=strangers[3], sentence=text) for line, text in zip(one.lines, strangers, strict=False)
        ),
        explanations=tuple(replace(e, name=strangers[4], sentence=strangers[5], fits=True) for e in one.explanations),
        capabilities=((strangers[1], 0.3),),
    )


def both(result):
    return render_campaigns_html(result), render_html(result, DEFAULT, None)


def test_pages_are_well_formed_and_run_nothing(found):
    for page in both(found):
        parser = parse(page)
        tags = {tag for tag, _ in parser.seen}
        assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "image", "use"}
        for _, attributes in parser.seen:
            assert not any(key.startswith("on") or key in {"src", "style", "srcset"} for key in attributes)
        assert [a["content"] for t, a in parser.seen if t == "meta" and "http-equiv" in a] == [POLICY]
        assert not any(word in page for word in ("http:", "https:", "url(", "@import"))


def test_every_link_has_a_target_and_every_id_is_single(found):
    for page in both(found):
        parser = parse(page)
        ids = [a["id"] for _, a in parser.seen if "id" in a]
        assert len(ids) == len(set(ids))
        assert {a["href"][1:] for t, a in parser.seen if t == "a"} <= set(ids)
        assert {"campaigns", "c-bc9eba9ee1", "c-329334be4a"} <= set(ids)


def test_hostile_strings_are_text(result, strangers):
    one = strange(strangers)
    kept = {int(one.members.account[0]): strangers}
    strange_left = replace(made.campaigns(one), left_out=((strangers[0], 1, 2),))
    for page in both(replace(result, campaigns=strange_left, exemplars=kept)):
        for raw in ("<script>", "<img", "\x1b", "\u202e", "\u200b", "\ud800", "&amp;amp;"):
            assert raw not in page
        assert strangers[0] in "".join(parse(page).text)
        assert "x" * 2001 not in page


def test_same_input_same_bytes(found):
    assert len({render_campaigns_html(found) for _ in range(3)}) == 1
    slower = replace(FOUND, elapsed_s=99.0)
    assert render_campaigns_html(replace(found, elapsed_s=77.0, campaigns=slower)) == render_campaigns_html(found)


def test_reported_and_coordinated_are_clearly_apart(found):
    said = flat(render_campaigns_html(found))
    overview, _, _ = said.rpartition("Each campaign")
    reported, _, coordinated = overview.partition("Reported as extraction: 1")[2].partition(
        "Coordinated, not reported: 2"
    )
    assert "c-bc9eba9ee1" in reported
    assert "c-329334be4a" not in reported
    assert "c-bc9eba9ee1" not in coordinated
    assert "c-329334be4a" in coordinated
    for text in (
        "Coordination is not abuse",
        "That is not abuse",
        "no reason to restrict anybody",
        "an observation is not a verdict",
        "No evidence that answers are harvested: not reported.",
    ):
        assert text in said


def test_a_page_holds_evidence_doubt_and_explanations(found):
    said = flat(render_campaigns_html(found))
    for text in (
        "55 accounts act together beyond chance.",
        "chance that one operator stands behind the accounts",
        "without its strongest evidence : the other kinds alone give p 9e-14",
        "It would still be found.",
        "brought it together shown, never counted",
        "tested on its groups only",
        "Does an operator hide?",
        "All members read as one account: +6.0 bits of content.",
        "An unknown share of the members have a contract.",
        "rubric grading 42 %",
        "closed by the provider",
        "Looked for and weighing nothing either way: size.",
    ):
        assert text in said, text
    assert "As many accounts as it has" not in said, "a line that weighs nothing states nothing"
    assert "nan%" not in said
    assert "nan " not in said


def test_a_campaign_that_rests_on_one_fact_says_so(result):
    weak = replace(made.ring(), log_p_rest=-2.0, one_operator=0.09)
    said = flat(render_campaigns_html(replace(result, campaigns=made.campaigns(weak))))
    assert "One fact carries this campaign; look for another cause of it first" in said
    assert "It would not be found." in said
    assert "One operator is not likely (9.0 %)." in said


def test_only_the_surest_members_are_listed_and_the_rest_is_said(found):
    page = render_campaigns_html(found)
    hidden = made.hidden().members
    order = np.lexsort((hidden.account, -hidden.total_bits))
    rows = [pseudonym_text(int(a)) for a in hidden.account[order]]
    listed = [name for name in rows if f'<th scope="row" class="mono">{name}</th>' in page]
    assert listed == rows[:MEMBERS]
    assert f"{157 - MEMBERS} further members" in flat(page)
    assert "members.csv" in page


def test_prompts_are_shown_only_where_kept_and_their_common_beginning_is_the_template(found):
    assert "Prompts of" not in render_campaigns_html(found)
    account = made.ring().members.account
    texts = ("Grade this answer from 1 to 5: ", "Grade this answer from 1 to 5: 42", "Grade this answer from 1 to 5: b")
    kept = {int(account[1]): texts[1:2], int(account[2]): texts[2:]}
    page = render_campaigns_html(replace(found, exemplars=kept))
    assert "Prompts of 2 members, kept on request" in flat(page)
    assert f'<blockquote class="exemplars">{texts[0]}</blockquote>' in page


def test_at_most_so_many_campaigns_get_a_page(result):
    small = made.members(4)
    many = [made.campaign(f"c-{at:010x}", small, extracts=-3.0) for at in range(DRAWN + 3)]
    page = render_campaigns_html(replace(result, campaigns=made.campaigns(*many)))
    assert page.count('<details class="account campaign') == DRAWN
    assert f"The first {DRAWN} of {DRAWN + 3}" in flat(page)
    parse(page)


def test_nothing_found_is_said_plainly_with_what_could_not_be_tested(nobody):
    page = render_campaigns_html(replace(nobody, campaigns=made.campaigns(accounts=60), known=frozenset({"ts_ms"})))
    said = flat(page)
    assert "No campaign was found." in said
    assert "Could not be tested at all: product (no system, prompt, user_agent, ja4, referral)" in said
    assert "money (no payment_fingerprint" in said
    assert "rhythm" not in said.split("Could not be tested at all")[1].split(".")[0]


def test_a_scan_without_campaigns_shows_none(result):
    page = render_html(result, DEFAULT, None)
    assert "Campaigns" not in flat(page)
