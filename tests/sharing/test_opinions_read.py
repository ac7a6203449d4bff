"""STIX opinions and subjects, as anybody may send them."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.opinion import Stance, Tally
from stillwatch.sharing.opinions import is_subject, read_opinion
from stillwatch.sharing.stix.build import Source, opinion
from stillwatch.sharing.stix.extension import EXTENSION_ID, OpinionPart

ABOUT = f"indicator--{uuid.UUID(int=7, version=4)}"
WORDS = ["opinion", "object_refs", "extensions", EXTENSION_ID, "stance", "agree", "seed", ABOUT]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner),
    max_leaves=12,
)


@pytest.mark.parametrize("stance", ["negative", "seed", "positive"])
def test_what_is_built_is_read(stance: str) -> None:
    part = OpinionPart(extension_type="property-extension", stance=stance)  # type: ignore[arg-type]  # one of three
    built = opinion(ABOUT, part, "why", Source("identity--" + str(uuid.UUID(int=1, version=4)), "green"), uuid.uuid4())
    assert read_opinion(built) == (Stance(stance), (ABOUT,))


def test_subjects_are_distinct_and_in_form() -> None:
    content = {"opinion": "agree", "object_refs": [ABOUT, ABOUT, "mail@example.org", "joint:1:x"]}
    assert read_opinion(json.dumps(content).encode()) == (Stance.POSITIVE, (ABOUT, "joint:1:x"))


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_read_or_says_nothing(content: bytes) -> None:
    stance, about = read_opinion(content)
    assert stance is None or stance in Stance
    assert all(is_subject(one) for one in about)


@given(st.text(max_size=80))
def test_no_other_text_is_a_subject(text: str) -> None:
    assert not is_subject(text) or text.partition(":")[0] == "joint" or "--" in text


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (ABOUT, True),
        (ABOUT + "\n", False),
        (ABOUT.upper(), False),
        ("joint:7:quiet-heron", True),
        ("joint:07:x", False),
        ("joint:1:", False),
        ("joint:1:" + "x" * 65, False),
        ("joint:1:../x", False),
        ("joint:\u0661:x", False),
    ],
)
def test_forms_of_subjects(text: str, is_one: bool) -> None:
    assert is_subject(text) is is_one


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_disputed_is_both_held_and_nothing_else(negative: int, seed: int, positive: int) -> None:
    state = Tally(negative, seed, positive).state
    assert (state == "DISPUTED") == (negative > 0 and positive > 0)
    assert (state == "NONE") == (not negative and not seed and not positive)
    assert state != "SEED" or not (negative or positive)
