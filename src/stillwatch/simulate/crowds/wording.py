"""What the accounts of crowds say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.population.papers import invented_names
from stillwatch.simulate.prompts import grammar, mixture
from stillwatch.simulate.prompts.instructions import ideas_of, instruction
from stillwatch.simulate.prompts.tasks import english, tasks
from stillwatch.simulate.prompts.wording import Wording, ordinal, silent, typed
from stillwatch.simulate.prompts.words import TECHNICAL, joined, numbers

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.crowds.ties import Text
    from stillwatch.simulate.stage import Bools, Calls, Ints, Stage

_CODE: Final = 6
_MARK: Final = pa.scalar("\x1f", pa.large_string())


def _named(text: pa.Array, word: str, name: pa.Array) -> pa.Array:
    """Put names in the place of a word, each row its own; texts and names repeat, so they are few."""
    pairs = pc.binary_join_element_wise(text, name.cast(pa.large_string()), _MARK).dictionary_encode()
    written = [whole.split("\x1f") for whole in pairs.dictionary.to_pylist()]
    ready = pa.array([body.replace(word, called) for body, called in written], pa.large_string())
    return ready.take(pairs.indices)


def _fixed(stage: Stage, purpose: str, owner: Ints) -> pa.Array:
    """Write the fixed instruction of each owner on its calls."""
    owners = int(owner.max(initial=-1)) + 1
    identity = stage.rng.integers(1, 1 << 30, size=owners)
    return instruction(purpose, identity, np.zeros(owners, dtype=np.int64)).take(pa.array(owner))


def _names(stage: Stage, owner: Ints) -> pa.Array:
    drawn = stage.rng.integers(2_000, 150_000, size=int(owner.max(initial=-1)) + 1)
    return pc.utf8_title(invented_names(drawn)).take(pa.array(owner))


def _code(stage: Stage, calls: Calls, subject: Ints, language: Ints) -> pa.Array:
    """Word tickets of unrelated repositories, and turns that steer."""
    rng = stage.rng
    first, turn = typed(calls)
    n = len(first)
    ticket = joined(
        grammar.code_task(rng, language[first], rng.integers(0, TECHNICAL, size=n)),
        " #",
        numbers(rng.integers(10, 9_999, size=n)),
        ": ",
        english(rng.integers(0, 1 << 40, size=n), subject[first] % _CODE),
    )
    steer = pa.array((calls.turn[first] > 0) & (rng.random(n) < 0.6))
    return pc.if_else(steer, grammar.steering(rng, language[first]), ticket).take(pa.array(turn))


def _request(stage: Stage, subject: Ints, language: Ints) -> pa.Array:
    return tasks(stage.rng.integers(0, 1 << 40, size=len(subject)), subject, language)


def _message(stage: Stage, subject: Ints, language: Ints) -> pa.Array:
    """Word what visitors write to a shop: half a remark on an order, half a question."""
    rng, n = stage.rng, len(subject)
    question = grammar.personal_question(rng, language, subject % 36)
    return pc.if_else(pa.array(rng.random(n) < 0.5), grammar.remark(rng, language), question)


def _tutorial(calls: Calls) -> tuple[pa.Array, Bools]:
    """Write the steps of the tutorial that everybody posts on each account's first calls."""
    steps = ideas_of("tutorial")
    place = ordinal(calls.account)
    return steps.take(pa.array(place % len(steps))), place < len(steps)


def said(
    stage: Stage, cast: Cast, calls: Calls, text: Text, subject: Ints, language: Ints
) -> tuple[Calls, Wording, Bools]:
    """Word the calls of a crowd.

    Parameters
    ----------
    stage
        Randomness and, where given, real prompts.
    cast
        The accounts.
    calls
        Arrivals.
    text
        What kind of thing they say.
    subject
        Subject of each call; shape (n,).
    language
        Language of each call; shape (n,).

    Returns
    -------
    tuple of Calls, Wording and Bools
        The calls that are made, what they say, and which of the given calls they are.
    """
    n = len(calls)
    every = np.ones(n, dtype=np.bool_)
    group = cast.group[calls.account]
    if text == "talk":
        return mixture.sessions(stage, calls, language, subject)
    if text == "product":
        system = _named(_fixed(stage, "product", group), "NAME", _names(stage, group))
        return calls, Wording(_request(stage, subject, language), system, simulated=True), every
    if text == "client":
        system = _named(_fixed(stage, "client", group), "CLIENT", _names(stage, calls.account))
        return calls, Wording(_message(stage, subject, language), system, simulated=True), every
    if text == "research":
        task = tasks(_dealt(stage, group), subject, language)
        return calls, Wording(joined(_fixed(stage, "research", group), "\n\n", task), silent(n), simulated=True), every
    if text == "harness":
        system = instruction("harness", np.zeros(1, np.int64), np.zeros(1, np.int64)).take(pa.array(np.zeros(n, int)))
        return calls, Wording(_code(stage, calls, subject, language), system, simulated=True), every
    if text == "team":
        coder = pa.array((stage.rng.random(len(cast.account_id)) < 0.6)[calls.account])
        talk = mixture.talk(stage, calls, language, subject).prompt
        whole = pc.if_else(coder, _code(stage, calls, subject, language), talk)
        return calls, Wording(whole, silent(n), simulated=True), every
    talk = mixture.talk(stage, calls, language, subject).prompt
    if text == "tutorial":
        step, early = _tutorial(calls)
        return calls, Wording(pc.if_else(pa.array(early), step, talk), silent(n), simulated=True), every
    return calls, Wording(talk, _fixed(stage, "starter", group), simulated=True), every


def _dealt(stage: Stage, group: Ints) -> Ints:
    """Deal the list of each group to its calls, every task once, in a random order."""
    base = stage.rng.integers(0, 1 << 30, size=int(group.max(initial=-1)) + 1)
    shuffled = stage.rng.permutation(len(group))
    number = np.empty(len(group), dtype=np.int64)
    number[shuffled] = ordinal(group[shuffled])
    return (base[group] << 24) + number
