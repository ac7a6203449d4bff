"""What a user, the system and the model said, in every shape of message list; and carried reasoning."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import event, read_records
from ingest.samples import BLOCK, SIGNATURE
from stillwatch.ingest.readers import reader_named
from stillwatch.sketches.prints import ANSWER_BYTES

CHAT = reader_named("openai-chat")


def said(messages: Any, **more: Any) -> dict[str, Any]:
    """Read a request's messages and an answer."""
    request = {"messages": messages, **more}
    return event(CHAT, {"request": request, "response": {"object": "chat.completion", "created": 1795400000}})


def answered(choices: Any) -> dict[str, Any]:
    return event(CHAT, {"response": {"object": "chat.completion", "created": 1795400000, "choices": choices}})


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ("hello", b"hello"),
        (["a", "b"], b"a\nb"),
        ([{"role": "user", "content": "hello"}], b"hello"),
        ([{"content": "hello", "role": "user"}], b"hello"),
        ([{"role": "human", "content": "hello"}], b"hello"),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}]}], b"a\nb"),
        ([{"role": "user", "content": [{"text": "a", "type": "text"}, {"type": "image_url", "text": "no"}]}], b"a"),
        ([{"role": "user", "parts": [{"type": "text", "content": "a"}]}], b"a"),
        (
            [
                {"role": "user", "content": "first"},
                {"role": "assistant", "content": "x"},
                {"role": "user", "content": "last"},
            ],
            b"last",
        ),
        (
            [
                {"role": "user", "content": "asked"},
                {"role": "user", "content": [{"type": "tool_result", "content": "x"}]},
            ],
            b"asked",
        ),
        ([{"role": "user", "content": "asked"}, {"role": "tool", "content": "result"}], b"asked"),
        ([{"role": "user", "content": "asked"}, {"role": "user", "content": ""}], b"asked"),
        ([{"role": "user", "content": "asked"}, {"role": "somebody", "content": "x"}], b"asked"),
        ({"role": "user", "content": "alone"}, b"alone"),
        ([{"role": "us\\er", "content": "x"}], None),
        ([{"role": "assistant", "content": "x"}], None),
        ([], None),
        ({}, None),
        ([1, None, True, [[]], {"role": 7, "content": 7}], None),
        (7, None),
    ],
)
def test_the_prompt_is_the_last_user_text(messages: Any, prompt: bytes | None) -> None:
    assert said(messages).get("prompt") == prompt


def test_escaped_words_are_the_same_words() -> None:
    record = rb'{"request":{"messages":[{"r\u006fle":"us\u0065r","c\u006fntent":"h\u0069dden \"role\""}]},'
    record += rb'"response":{"object":"chat.completion","created":1795400000}}'

    assert event(CHAT, record)["prompt"] == b'hidden "role"'


def test_counts_of_messages_and_turns() -> None:
    read = said(
        [
            {"role": "system", "content": "s"},
            {"role": "developer", "content": [{"type": "text", "text": "d"}]},
            {"role": "user", "content": "1"},
            {"role": "assistant", "content": "x"},
            {"role": "tool", "content": "y"},
            {"role": "user", "content": "2"},
        ]
    )

    assert (read["n_messages"], read["n_turns"], read["system"]) == (6, 2, b"s\nd")


def artefacts(messages: Any) -> list[str] | None:
    return said(messages).get("artefacts_carried")


@pytest.mark.parametrize(
    ("block", "counts"),
    [
        ({"type": "thinking", "thinking": "", "signature": SIGNATURE}, True),
        ({"signature": SIGNATURE, "thinking": "", "type": "thinking"}, True),
        ({"type": "redacted_thinking", "data": BLOCK}, True),
        ({"type": "reasoning", "encrypted_content": BLOCK, "summary": []}, True),
        ({"type": "thinking", "signature": "short"}, False),
        ({"type": "tool_use", "input": {"signature": SIGNATURE}}, False),
        ({"type": "tool_use", "input": {"type": "thinking", "signature": SIGNATURE}}, True),
        ({"type": "text", "signature": SIGNATURE}, False),
        ({"signature": SIGNATURE}, False),
        ({"type": "thinking", "other": {"signature": SIGNATURE}}, False),
        ({"type": "text", "text": json.dumps({"type": "thinking", "signature": SIGNATURE})}, False),
    ],
)
def test_an_artefact_counts_only_where_the_type_says_reasoning(block: dict[str, Any], counts: bool) -> None:
    found = artefacts([{"role": "assistant", "content": [block]}])

    assert (found is not None) == counts


def test_thought_is_no_prompt_and_no_answer() -> None:
    thought = {"type": "thinking", "thinking": "secret", "text": "secret", "signature": SIGNATURE}
    read = said([{"role": "user", "content": [thought, {"type": "text", "text": "asked"}]}])

    assert read["prompt"] == b"asked"
    assert (
        answered([{"message": {"role": "assistant", "content": [thought, {"type": "text", "text": "four"}]}}])[
            "completion_chars"
        ]
        == 4
    )


@pytest.mark.parametrize(
    ("choices", "length"),
    [
        ([{"message": {"role": "assistant", "content": "four"}}], 4),
        ([{"message": {"content": "four"}}], 4),
        ([{"message": {"role": "assistant", "content": None, "refusal": "no"}}], 2),
        ([{"message": {"role": "assistant", "content": "é"}}, {"message": {"role": "assistant", "content": "x"}}], 3),
        ([{"message": {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "{}"}}]}}], 0),
        ([], 0),
    ],
)
def test_the_length_of_an_answer(choices: Any, length: int) -> None:
    record = json.dumps(
        {"response": {"object": "chat.completion", "created": 1795400000, "choices": choices}}, ensure_ascii=False
    )

    assert event(CHAT, record.encode())["completion_chars"] == length


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ([{"message": {"role": "assistant", "content": "four"}}], "four"),
        ([{"message": {"content": "four"}}], "four"),
        ([{"message": {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"text": "b"}]}}], "a\nb"),
        (
            [{"message": {"role": "assistant", "content": "é"}}, {"message": {"role": "assistant", "content": "x"}}],
            "é\nx",
        ),
        ([{"text": "loose"}, {"message": {"role": "assistant", "content": "said"}}], "said\nloose"),
        ([{"message": {"role": "assistant", "content": [{"type": "thinking", "text": "secret"}]}}], None),
        ([{"message": {"role": "assistant", "content": None}}], None),
        ([], None),
    ],
)
def test_the_text_of_an_answer(choices: Any, text: str | None) -> None:
    assert answered(choices).get("completion") == (text.encode() if text else None)


def head(text: str) -> bytes:
    """The first bytes that are kept, without a character cut in two."""
    return text.encode()[:ANSWER_BYTES].decode("utf-8", "ignore").encode()


answers = st.lists(
    st.tuples(st.sampled_from(("a", "é", "水", "🙂", "\n", '"', "\\", "\u0007", "b c")), st.integers(1, 900)),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(answers, st.booleans(), st.sampled_from(("text", "message", "blocks")))
def test_the_head_of_an_answer_is_the_same_however_it_is_written(
    runs: list[tuple[str, int]], ascii_only: bool, shape: str
) -> None:
    text = "".join(letter * times for letter, times in runs)
    middle = len(text) // 2
    parts = [text[:middle], text[middle:]]
    content: Any = [{"type": "text", "text": part} for part in parts] if shape == "blocks" else text
    said = "\n".join(part for part in parts if part) if shape == "blocks" else text
    record: Any = {"ts_ms": 1795433819245, "completion": text}
    reader = reader_named("native")
    if shape != "text":
        choices = [{"message": {"role": "assistant", "content": content}}]
        record = {"response": {"object": "chat.completion", "created": 1795400000, "choices": choices}}
        reader = CHAT

    read = event(reader, json.dumps(record, ensure_ascii=ascii_only).encode())

    assert read.get("completion", b"") == head(said)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (rb"\ud83d\ude42", "🙂"),
        (rb"\ud83dx", "\ufffdx"),
        (rb"\ud83d\ud83d\ude42", "\ufffd🙂"),
        (rb"\ude42\ud83d", "\ufffd\ufffd"),
        (rb"\u0041\u0042", "AB"),
        (rb"\\u0041", "\\u0041"),
    ],
)
def test_escapes_of_an_answer_are_read_as_those_of_a_prompt(written: bytes, text: str) -> None:
    record = b'{"ts_ms": 1795433819245, "prompt": "' + written + b'", "completion": "' + written + b'"}'
    read = event(reader_named("native"), record)

    assert read["completion"] == read["prompt"] == text.encode()


def test_an_answer_longer_than_its_head_leaves_its_neighbours_whole() -> None:
    records = [
        {"ts_ms": 1795433819245, "completion": text}
        for text in ("short", "x" * 5000, "\n" * 5000, "水" * 5000, "🙂" * 5000, "last")
    ]
    batch = read_records(reader_named("native"), *records)

    assert batch.columns["completion"].to_pylist() == [head(record["completion"]) for record in records]
    assert batch.columns["completion_chars"].to_pylist()[1] == 5000


def test_a_native_record_says_the_length_of_its_answer_or_the_answer_does() -> None:
    native = reader_named("native")
    record = {"ts_ms": 1795433819245, "completion": "four"}

    assert event(native, record)["completion_chars"] == 4
    assert event(native, record | {"completion_chars": 9})["completion_chars"] == 9
    assert event(native, record | {"completion": [{"type": "text", "text": "four"}]})["completion"] == b"four"
    assert "completion" not in event(native, record | {"completion": 4})
    assert "completion" not in event(native, record | {"completion": ""})
    mapped = event(native, {"ts_ms": 1795433819245, "said": {"text": "x"}}, places={"completion": ("said", "text")})
    assert (mapped["completion"], mapped["completion_chars"]) == (b"x", 1)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
blocks = st.lists(st.builds(lambda t: {"type": "text", "text": t}, texts), max_size=4)
messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "tool"]), "content": texts | blocks}
    ),
    max_size=8,
)


def flat(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(b["text"] for b in content if b["text"])


@settings(max_examples=300, deadline=None)
@given(messages, st.integers(0, 2**32))
def test_against_a_plain_reading(talk: list[dict[str, Any]], seed: int) -> None:
    rng = random.Random(seed)
    users = [text for m in talk if m["role"] == "user" and (text := flat(m["content"]))]
    system = "\n".join(text for m in talk if m["role"] == "system" and (text := flat(m["content"])))
    mixed = [dict(rng.sample(list(m.items()), 2)) for m in talk]

    read = said(mixed)

    assert read.get("prompt") == (users[-1].encode() if users else None)
    assert read.get("system") == (system.encode() or None)
    assert (read["n_messages"], read["n_turns"]) == (len(talk), len(users))


def test_depth_and_number_of_pieces_are_bounded() -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = [{"content": deep}]
    many = [{"type": "text", "text": f"{n};"} for n in range(2000)]

    assert "prompt" not in said(deep)
    prompt = said([{"role": "user", "content": many}])["prompt"]
    assert prompt.startswith(b"0;\n1;\n")
    assert prompt.count(b";") == 64
