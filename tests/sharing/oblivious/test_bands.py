from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.bands import LEAST_SHINGLES, alike, bands_of, chance
from stillwatch.sharing.oblivious.kinds import BANDS, BANDS_ALIKE, BY_NAME

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "mnrst"]


def text(seed, n=200):
    drawn = random.Random(seed)
    return [drawn.choice(WORDS) for _ in range(n)]


def test_bands_are_values_of_their_kind():
    found = bands_of(" ".join(text(1)))
    assert len(found) == BANDS == len(set(found))
    assert all(BY_NAME["tmpl:v1"].canonical(one) == one for one in found)


def test_templates_with_other_numbers_and_capitals_are_the_same():
    words = text(2)
    one = " ".join([*words[:100], "item 17", *words[100:]])
    other = "\n".join([*words[:100], "Item 4711", *words[100:]]).upper()
    assert alike(bands_of(one), bands_of(other)) == BANDS


def test_a_word_changed_here_and_there_still_matches_and_other_templates_do_not():
    words = text(3)
    bent = list(words)
    for at in (20, 110):
        bent[at] = "zzz"
    assert alike(bands_of(" ".join(words)), bands_of(" ".join(bent))) >= BANDS_ALIKE
    others = [bands_of(" ".join(text(seed))) for seed in range(10, 60)]
    assert max(alike(bands_of(" ".join(words)), one) for one in others) < BANDS_ALIKE


@pytest.mark.parametrize("share", [0.5, 0.7, 0.8, 0.9])
def test_matches_come_about_as_often_as_stated(share):
    trials, found, exact = 60, 0, 0.0
    for seed in range(trials):
        whole = text(seed, 400)
        cut = round(400 * (1 - share) / 2 / (1 + share) * 2)
        one, other = whole[: 400 - cut], whole[cut:]
        exact += chance((400 - 2 * cut - 4) / (400 - 4))
        found += alike(bands_of(" ".join(one)), bands_of(" ".join(other))) >= BANDS_ALIKE
    assert abs(found - exact) <= 4 * max(trials * 0.25, 1) ** 0.5


def test_what_is_too_short_is_refused():
    with pytest.raises(InputError, match="different runs"):
        bands_of("")
    with pytest.raises(InputError):
        bands_of("buy now " * 500)
    assert bands_of(" ".join(text(4, LEAST_SHINGLES + 4)))


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_has_bands_or_is_refused(any_text):
    try:
        found = bands_of(any_text)
    except InputError:
        return
    assert found == bands_of(any_text)


def test_no_band_has_changed():
    """Bands are compared across members and versions: change them and nothing matches any more."""
    found = "\n".join(bands_of(" ".join(text(5))))
    assert (
        hashlib.sha256(found.encode()).hexdigest() == "3a1ba67cf169f4978de692b6082db551dc4bc27dcbaeb9104af32c4c22b36e3e"
    )
