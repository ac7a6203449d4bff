"""Instructions that stay the same over many requests, and the same instructions in other words.

An instruction is a row of ideas. Each idea has several phrasings that share few words, and each phrasing has words
that may be exchanged, so that rewording leaves the meaning and hardly a run of words.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.population.tails import ranked
from stillwatch.simulate.prompts.tasks import mixed
from stillwatch.simulate.prompts.words import joined

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Ints

POPULAR: Final = 60
"""Public templates in circulation."""
_VARIANTS: Final = 48
_CHOICE: Final = re.compile(r"\{([^{}]*)\}")
_LONGEST: Final = 6


def _chosen(rng: np.random.Generator, phrase: str) -> str:
    return _CHOICE.sub(lambda found: str(rng.choice(found.group(1).split("|"))), phrase)


@lru_cache(maxsize=1)
def _bank() -> dict[str, tuple[pa.Array, Ints, Ints]]:
    """Read every purpose once: name -> (rendered phrases, first of each idea, phrasings of each idea)."""
    text = files("stillwatch.simulate.prompts").joinpath("words/instructions.json").read_text(encoding="utf-8")
    rng = np.random.default_rng(48)
    bank = {}
    for purpose, ideas in json.loads(text).items():
        rendered = [_chosen(rng, phrase) for idea in ideas for phrase in idea for _ in range(_VARIANTS)]
        many = np.array([len(idea) for idea in ideas], dtype=np.int64)
        first = (np.cumsum(many) - many) * _VARIANTS
        bank[purpose] = pa.array(rendered, pa.large_string()), first, many
    return bank


def instruction(purpose: str, identity: Ints, reworded: Ints) -> pa.Array:
    """Write an instruction for each row.

    Parameters
    ----------
    purpose
        What it is for, such as ``teach``.
    identity
        Whose instruction it is: it fixes the ideas, their order and their usual words; shape (n,).
    reworded
        0 for the usual words; every other number words it anew, in another order; shape (n,).

    Returns
    -------
    pa.Array
        Texts; shape (n,).
    """
    phrases, first, many = _bank()[purpose]
    ideas = len(many)
    used = min(ideas, _LONGEST)
    # The first idea says who speaks, so it stays in front; the others are chosen and ordered by the identity.
    keys = np.stack([mixed(identity, 40 + at) for at in range(1, ideas)], axis=1) if ideas > 1 else None
    chosen = np.argsort(keys, axis=1)[:, : used - 1] + 1 if keys is not None else np.zeros((len(identity), 0), np.int64)
    if used > 2:
        turned = np.where(reworded > 0, mixed(reworded, 60) % (used - 1), 0)
        place = (np.arange(used - 1)[None, :] + turned[:, None]) % (used - 1)
        chosen = np.take_along_axis(chosen, place, axis=1)
    order = np.concatenate([np.zeros((len(identity), 1), np.int64), chosen], axis=1)
    parts: list[pa.Array | str] = []
    for at in range(used):
        idea = order[:, at]
        word = np.where(reworded > 0, mixed(reworded, 80 + at), mixed(identity * 64 + idea, 7))
        phrase = first[idea] + word % many[idea] * _VARIANTS + word // 64 % _VARIANTS
        parts += [phrases.take(pa.array(phrase)), " "]
    return joined(*parts[:-1])


def popular(rng: np.random.Generator, n: int) -> pa.Array:
    """Draw public templates that unrelated people copy from lists and framework defaults, a few of them very often.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        How many.

    Returns
    -------
    pa.Array
        Texts; shape (n,).
    """
    every = np.arange(1, POPULAR + 1, dtype=np.int64)
    usual = np.zeros_like(every)
    # Some of them ask for written-out reasoning, as many public templates do.
    taught, reasoned = instruction("teach", every, usual), instruction("reason", every, usual)
    texts = pc.if_else(pa.array(every % 8 == 0), reasoned, taught)
    return texts.take(pa.array(ranked(rng.random(n), POPULAR, 1.1)))


def ideas_of(purpose: str) -> pa.Array:
    """Write the first phrasing of every idea of a purpose, in order."""
    phrases, first, _ = _bank()[purpose]
    return phrases.take(pa.array(first))
