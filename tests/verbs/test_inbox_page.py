"""What others tell of, as an inbox shows it: read with care, and nothing in it acts on a terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.sharing.stix.extension import EXTENSION_ID
from stillwatch.store.member.judged import Docket
from stillwatch.store.member.objects import Received, Warned
from stillwatch.verbs.inbox_page import SHOWN, Seen, told_of

WORDS = ["name", "description", "confidence", "first_seen", "extensions", EXTENSION_ID, "account_count_bucket"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner),
    max_leaves=12,
)
PART = {"account_count_bucket": "10-99", "member_count_at_least": 3, "evidence_kinds": ["money"]}


def campaign(name: str, part: object = PART) -> bytes:
    return json.dumps({"name": name, "confidence": 54, "extensions": {EXTENSION_ID: part}}).encode()


def received(number: int, body: bytes) -> Received:
    return Received("c", f"campaign--{number:036d}", "", "campaign", 1_795_832_661_785, revoked=False, body=body)


def test_a_campaign_is_told_with_what_it_says() -> None:
    assert told_of(campaign("Joint campaign j-1")) == {
        "name": "Joint campaign j-1", "description": "", "confidence": 54, "first_seen": "", "accounts": "10-99",
        "members_at_least": 3, "evidence": ["money"],
    }  # fmt: skip
    assert told_of(campaign("x", {"account_count_bucket": 7}))["accounts"] == ""
    assert told_of(b'{"name": 5}') == told_of(b"[" * 100_000) == {}


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_read_or_left_out(body: bytes) -> None:
    told = told_of(body)
    assert json.loads(json.dumps(told)) == told
    assert all(len(str(value)) <= 4_000 for value in told.values())


@pytest.mark.parametrize("name", ["\x1b[2J\x1b]0;title\x07gone", "a\nwarning: forged", "\u202eleft"])
def test_a_strangers_name_moves_no_cursor_and_begins_no_line(name: str) -> None:
    [line] = Seen([], [received(1, campaign(name))], [], {}).parts()
    assert [one for one in line.plain if not one.isprintable()] == ["\n"]
    assert line.plain.splitlines()[1] == f"  campaign--{1:036d}"


def test_lines_name_what_the_next_verb_asks_for_and_end_somewhere() -> None:
    many = [received(number, campaign("j")) for number in range(SHOWN + 3)]
    warned = Warned("grouping--1", 1, b"h", "c-3be373ffe5", 1, 2, 1_795_832_661_785, 1_795_832_662_785)
    due = Docket("5b2d", "joint:1:j-1", 0, {"own": "due"})
    lines = [one.plain for one in Seen([warned], many, [due], {many[0].id: "DISPUTED"}).parts()]
    assert lines[0] == (
        "warning: your group c-3be373ffe5 (1 account) carries 2 tags\n  of grouping--1, told 2026-11-28 02:24 UTC"
    )
    assert lines[1].endswith("\n  stillwatch docket review 5b2d upheld|overturned|not-acted")
    assert lines[2].startswith("others tell of j: 10-99 accounts, until 2026-11-28 02:24 UTC, disputed\n")
    assert (len(lines), lines[-1]) == (SHOWN + 3, "and 3 more; --json shows all")
