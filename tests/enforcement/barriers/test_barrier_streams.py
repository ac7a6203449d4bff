# ruff: noqa: E501  tables of bodies, one a line
"""Barriers over single events come to the same as over the whole answer, however it is cut."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.barriers.cases_of_barriers import KEY, LOGPROB, call
from stillwatch.enforcement.barriers.logprobs import Logprobs
from stillwatch.enforcement.barriers.marks import prose
from stillwatch.enforcement.barriers.marks.canaries import Canaries
from stillwatch.enforcement.barriers.marks.variants import SLOTS, Variants
from stillwatch.enforcement.barriers.reasoning import Reasoning
from stillwatch.enforcement.barriers.think import WINDOW, Pieces, cut
from stillwatch.model.decision import Action

PARTS = st.sampled_from(["<think>", "</think>", "<thi", "</th", "ink>", "a", "word ", "\n", "<", "für "])
TEXTS = st.lists(PARTS, max_size=14).map("".join)
CALL = call(Action.RESTRICT)


def in_pieces(text: str, sizes: list[int]) -> list[str]:
    pieces, at = [], 0
    for size in [*sizes, len(text)]:
        pieces.append(text[at : at + size])
        at += size
    return pieces


@given(TEXTS, st.lists(st.integers(1, 9), max_size=12), st.sampled_from(["", "[withheld]"]))
def test_pieces_show_what_the_whole_shows(text, sizes, note):
    pieces = Pieces(note)
    shown = "".join(pieces.feed(piece) for piece in in_pieces(text, sizes)) + pieces.end()

    whole, hidden = cut(text, note)
    assert shown == whole
    assert bool(hidden) <= (shown != text)


def test_what_is_shown_is_never_held_longer_than_the_window():
    pieces = Pieces("")
    shown = pieces.feed("<think>way</think>")
    for _ in range(4 * WINDOW):
        shown += pieces.feed("x")

    assert len(shown) >= 3 * WINDOW


def test_a_late_close_tag_shows_the_blind_spot_and_a_second_open_tag_hides_again():
    pieces = Pieces("")
    late = pieces.feed("<think>a</think>" + "b" * (WINDOW + 1)) + pieces.feed("</think>c") + pieces.end()
    assert late == "b" * (WINDOW + 1) + "</think>c"

    pieces = Pieces("")
    again = pieces.feed("<think>a</think>" + "b" * (WINDOW + 1)) + pieces.feed("<think>hidden</think>c") + pieces.end()
    assert again == "b" * (WINDOW + 1) + "c"


def test_a_template_that_opens_the_tag_starts_hidden():
    pieces = Pieces("", opened=True)

    assert pieces.feed("way</thi") + pieces.feed("nk>shown") + pieces.end() == "shown"
    assert cut("way</think>shown", "", opened=True) == ("shown", 3)


def chat_events(text: str, sizes: list[int], field: str = "content") -> list[tuple[str, dict]]:
    deltas = [{field: piece} for piece in in_pieces(text, sizes)]
    return [
        *(("", {"id": "1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) for delta in deltas),
        ("", {"id": "1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        ("", {"id": "1", "choices": [], "usage": {"total_tokens": 3}}),
    ]


def message_events(text: str, sizes: list[int]) -> list[tuple[str, dict]]:
    deltas = [{"type": "text_delta", "text": piece} for piece in in_pieces(text, sizes)]
    return [
        ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        *(("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas),
        ("content_block_stop", {"type": "content_block_stop", "index": 0}),
        ("message_stop", {"type": "message_stop"}),
    ]  # fmt: skip


def run(barrier, events, shape="chat", action=Action.RESTRICT, **more):
    rewrite = barrier.stream(call(action, shape, **more))
    out, notes = [], []
    for event in events:
        sent, told = rewrite(event)
        out += sent
        notes += told
    return out, notes


def said(events) -> str:
    text = ""
    for _, body in events:
        for choice in body.get("choices", ()):
            text += choice["delta"].get("content") or ""
        if body.get("type") == "content_block_delta":
            text += body["delta"].get("text", "")
    return text


@given(TEXTS, st.lists(st.integers(1, 9), max_size=12), st.sampled_from(["strip", "tag"]))
def test_reasoning_is_kept_from_a_chat_stream(text, sizes, how):
    barrier = Reasoning(how=how)
    events = chat_events(text, sizes)
    out, _ = run(barrier, events)

    assert said(out) == cut(text, barrier.note(CALL))[0]
    assert len(out) == len(events)
    assert [body.get("usage") for _, body in out] == [body.get("usage") for _, body in events]


@given(TEXTS, st.lists(st.integers(1, 9), max_size=12))
def test_reasoning_is_kept_from_a_message_stream(text, sizes):
    out, _ = run(Reasoning(), message_events(text, sizes), "messages")

    assert said(out) == cut(text, "")[0]
    assert [name for name, _ in out][-2:] == ["content_block_stop", "message_stop"]


def test_fields_of_reasoning_are_emptied_event_by_event():
    out, notes = run(Reasoning(), chat_events("the way", [3], "reasoning_content"))
    assert "way" not in str(out)
    assert "the" not in str(out)
    assert set(notes) == {"reasoning withheld"}

    tagged, _ = run(Reasoning(how="tag"), chat_events("the way", [3], "reasoning_content"))
    assert str(tagged).count("reasoning withheld under clause no-copying, decision d-1") == 1


def thinking(block: dict) -> list[tuple[str, dict]]:
    return [
        ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": block}),
        ("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "way"}}),
        ("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}}),
        ("content_block_stop", {"type": "content_block_stop", "index": 0}),
    ]  # fmt: skip


def test_signed_thinking_passes_a_stream_untouched_and_unsigned_does_not():
    signed = thinking({"type": "thinking", "thinking": "", "signature": ""})
    assert run(Reasoning(), signed, "messages") == (signed, [])

    bare, _ = run(Reasoning(), thinking({"type": "thinking", "thinking": ""}), "messages")
    assert bare[1][1]["delta"] == {"type": "thinking_delta", "thinking": ""}


def test_responses_streams_lose_reasoning_text_and_keep_what_is_encrypted():
    place = {"item_id": "r", "content_index": 0}
    part = {"type": "reasoning_text", "text": "way"}
    sealed = {"type": "reasoning", "id": "s", "encrypted_content": "c2ln", "summary": [{"text": "short"}]}
    whole = {"output": [{"type": "reasoning", "id": "r", "content": [part]}, sealed]}
    events = [
        ("", {"type": "response.reasoning_text.delta", **place, "delta": "way"}),
        ("", {"type": "response.reasoning_text.done", **place, "text": "way"}),
        ("", {"type": "response.content_part.done", **place, "part": part}),
        ("", {"type": "response.output_item.done", "item": whole["output"][0]}),
        ("", {"type": "response.output_item.done", "item": sealed}),
        ("", {"type": "response.completed", "response": whole}),
    ]

    out, _ = run(Reasoning(), events, "responses")

    assert "way" not in str(out)
    assert out[4] == events[4]
    assert out[5][1]["response"]["output"][1] == sealed
    assert [set(body) for _, body in out] == [set(body) for _, body in events]


def test_inline_reasoning_of_a_responses_stream_is_held_back_and_ends_in_one_more_delta():
    place = {"item_id": "m", "output_index": 0, "content_index": 0}
    events = [
        (
            "response.output_text.delta",
            {"type": "response.output_text.delta", **place, "delta": "<think>way</think>sho"},
        ),
        ("response.output_text.delta", {"type": "response.output_text.delta", **place, "delta": "wn"}),
        (
            "response.output_text.done",
            {"type": "response.output_text.done", **place, "text": "<think>way</think>shown"},
        ),
    ]

    out, _ = run(Reasoning(), events, "responses")

    assert "".join(body["delta"] for _, body in out if "delta" in body) == "shown"
    assert out[-1][1]["text"] == "shown"


@pytest.mark.parametrize(("action", "wanted"), [(Action.THROTTLE, -0.12), (Action.RESTRICT, None)])
def test_log_probabilities_of_a_stream_are_rounded_or_removed(action, wanted):
    event = ("", {"choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [LOGPROB]}}]})
    out, notes = run(Logprobs(), [event], action=action)
    logprobs = out[0][1]["choices"][0]["logprobs"]

    assert notes
    if wanted is None:
        assert logprobs is None
    else:
        assert logprobs["content"][0]["logprob"] == wanted
        assert len(logprobs["content"][0]["top_logprobs"]) == 5


def test_log_probabilities_of_a_responses_stream_are_removed_wherever_they_stand():
    item = {"type": "message", "content": [{"type": "output_text", "text": "a", "logprobs": [LOGPROB]}]}
    events = [
        ("", {"type": "response.output_text.delta", "delta": "a", "logprobs": [LOGPROB]}),
        ("", {"type": "response.content_part.done", "part": item["content"][0]}),
        ("", {"type": "response.output_item.done", "item": item}),
        ("", {"type": "response.completed", "response": {"output": [item]}}),
    ]

    out, _ = run(Logprobs(), events, "responses")

    assert "-0.123456" not in str(out)


WORDED = "Usually it rains. Perhaps it often does.\n```py\nusually = 'often'\n```\nNearly always, mainly in May. Someone said so."


@pytest.mark.parametrize("shape", ["chat", "messages"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_marked_streams_say_what_marked_answers_say(shape, size):
    barrier = Variants(used=True, key=KEY)
    one = call(Action.NOTIFY, shape)
    sizes = [size] * (len(WORDED) // size)
    events = chat_events(WORDED, sizes) if shape == "chat" else message_events(WORDED, sizes)
    whole = {"content": [{"type": "text", "text": WORDED}]}

    out, notes = run(barrier, events, shape, Action.NOTIFY)

    assert notes
    assert "usually = 'often'" in said(out)
    if size < 1000:
        assert said(out) == barrier.answer(whole, dataclasses.replace(one, shape="messages"))[0]["content"][0]["text"]


def test_a_campaign_shares_its_marks_and_accounts_do_not():
    barrier = Variants(used=True, key=KEY)
    bits = {
        (account, campaign): barrier.bits(
            dataclasses.replace(CALL, standing=dataclasses.replace(CALL.standing, account=account, campaign=campaign))
        )
        for account in (1, 2)
        for campaign in ("", "c-1")
    }

    assert bits[1, "c-1"] == bits[2, "c-1"]
    assert bits[1, ""] != bits[2, ""]
    assert 8 <= sum(bits[1, ""]) <= 24
    assert len({word for pair in SLOTS for word in pair}) == 2 * len(SLOTS) == 64


def test_placeholders_of_a_stream_are_exchanged():
    out, notes = run(
        Canaries(used=True, key=KEY), chat_events("Write to jane.roe@example.org.\nBye", [4] * 9), "chat", Action.NOTIFY
    )

    assert "jane.roe" not in said(out)
    assert "@example.org.\nBye" in said(out)
    assert [note.split(" -> ")[0] for note in notes] == ["jane.roe@example.org"]


@pytest.mark.parametrize("barrier", [Reasoning(), Variants(used=True, key=KEY)], ids=lambda one: one.name)
def test_a_stream_that_does_not_say_it_ends_loses_nothing(barrier):
    events = [e for e in chat_events("<think>x</think>shown at last", [8] * 4) if "usage" not in e[1]][:-1]
    rewrite = barrier.stream(CALL)
    out = [new for event in events for new in rewrite(event)[0]]

    assert "shown at last" not in said(out)
    assert said(out + rewrite.end()).endswith("shown at last")
    assert rewrite.end() == []


def test_no_text_of_a_marked_stream_is_lost():
    out, _ = run(Variants(used=True, key=KEY), chat_events("x" * (3 * prose.HELD), [10] * 28), "chat", Action.NOTIFY)

    assert said(out) == "x" * (3 * prose.HELD)
