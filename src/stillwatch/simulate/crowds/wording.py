"""What the accounts of crowds say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.population.papers import invented_names
from stillwatch.simulate.prompts import grammar, mixture
from stillwatch.simulate.prompts.instructions import ideas_of, instruction, popular
from stillwatch.simulate.prompts.people import threads_kept
from stillwatch.simulate.prompts.tasks import english, tasks
from stillwatch.simulate.prompts.wording import Wording, ordinal, silent, typed
from stillwatch.simulate.prompts.words import TECHNICAL, TOPICS, joined, numbers

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.crowds.ties import Text
    from stillwatch.simulate.stage import Bools, Calls, Ints, Stage

ALONE: Final = frozenset({"product", "client", "research"})
"""What is said in requests that stand alone."""
_CODE: Final = 6
_CODERS: Final = 0.6
_COPIES: Final = 0.12
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
    drawn = stage.rng.integers(2_000, 50_000, size=int(owner.max(initial=-1)) + 1)
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


def _message(stage: Stage, subject: Ints, language: Ints) -> pa.Array:
    """Word what visitors write to a shop: half a remark on an order, half a question."""
    rng, n = stage.rng, len(subject)
    question = grammar.personal_question(rng, language, subject % TOPICS)
    return pc.if_else(pa.array(rng.random(n) < 0.5), grammar.remark(rng, language), question)


def _tutorial(calls: Calls) -> tuple[pa.Array, Bools]:
    """Write the steps of the tutorial that everybody posts on each account's first calls."""
    steps = ideas_of("tutorial")
    place = ordinal(calls.account)
    return steps.take(pa.array(place % len(steps))), place < len(steps)


def _dealt(stage: Stage, group: Ints) -> Ints:
    """Deal the list of each group to its calls, every task once, in a random order."""
    base = stage.rng.integers(0, 1 << 30, size=int(group.max(initial=-1)) + 1)
    shuffled = stage.rng.permutation(len(group))
    number = np.empty(len(group), dtype=np.int64)
    number[shuffled] = ordinal(group[shuffled])
    return (base[group] << 24) + number


def _placed(stage: Stage, body: Wording, template: pa.Array, owner: Ints, opens: Bools) -> Wording:
    """Put each owner's template into its system texts, or for half of the owners in front of the opening prompts."""
    inside = (stage.rng.random(int(owner.max(initial=-1)) + 1) < 0.5)[owner]
    nothing = pa.scalar(None, pa.large_string())
    front = pa.array(inside & opens & template.is_valid().to_numpy(zero_copy_only=False))
    prompt = pc.if_else(front, joined(pc.fill_null(template, ""), "\n\n", body.prompt), body.prompt)
    return replace(body, prompt=prompt, system=pc.if_else(pa.array(inside), nothing, template))


def _body(
    stage: Stage, cast: Cast, calls: Calls, text: Text, subject: Ints, language: Ints
) -> tuple[Calls, Wording, Bools]:
    """Word what stands under the fixed text: real conversations or requests where the stage has them."""
    n, rng = len(calls), stage.rng
    every = np.ones(n, dtype=np.bool_)
    organic = stage.prompts.shelf("B") if stage.prompts else None
    listed = stage.prompts.shelf("A") if stage.prompts else None
    if text == "research" and listed is not None:
        rows = rng.permutation(len(listed.prompt))[np.arange(n) % len(listed.prompt)]
        return calls, Wording(listed.prompt.take(pa.array(rows)), silent(n), simulated=False), every
    if text in ALONE and text != "research" and organic is not None:
        # Requests that stand alone are openings, for nothing else can be understood by itself.
        unit = organic.deal(rng, n, np.zeros(len(organic.start), dtype=np.bool_))
        return calls, Wording(organic.prompt.take(pa.array(organic.start[unit])), silent(n), simulated=False), every
    if text in {"harness", "team"} and organic is not None:
        return threads_kept(stage, calls, organic, calls.session, organic.about("coding"))
    if text == "research":
        return (
            calls,
            Wording(tasks(_dealt(stage, cast.group[calls.account]), subject, language), silent(n), simulated=True),
            every,
        )
    if text == "product":
        number = rng.integers(0, 1 << 40, size=n)
        return calls, Wording(tasks(number, subject, language), silent(n), simulated=True), every
    if text == "client":
        return calls, Wording(_message(stage, subject, language), silent(n), simulated=True), every
    if text == "harness":
        return calls, Wording(_code(stage, calls, subject, language), silent(n), simulated=True), every
    if text == "team":
        coder = pa.array((rng.random(len(cast.account_id)) < _CODERS)[calls.account])
        talk = mixture.talk(stage, calls, language, subject).prompt
        whole = pc.if_else(coder, _code(stage, calls, subject, language), talk)
        return calls, Wording(whole, silent(n), simulated=True), every
    return mixture.sessions(stage, calls, language, subject)


def said(stage: Stage, cast: Cast, calls: Calls, text: Text, subject: Ints, language: Ints) -> tuple[Calls, Wording]:
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
        Subject of each call; real prompts have their own; shape (n,).
    language
        Language of each call; shape (n,).

    Returns
    -------
    tuple of Calls and Wording
        The calls that are made, and what they say.
    """
    calls, body, _ = _body(stage, cast, calls, text, subject, language)
    group = cast.group[calls.account]
    if text in {"talk", "team"}:
        return calls, body
    if text == "people":
        accounts = len(cast.account_id)
        copied = popular(stage.rng, accounts)
        uses = pa.array(stage.rng.random(accounts) < _COPIES)
        template = pc.if_else(uses, copied, pa.scalar(None, pa.large_string())).take(pa.array(calls.account))
        return calls, _placed(stage, body, template, calls.account, calls.turn == 0)
    if text == "tutorial":
        step, early = _tutorial(calls)
        return calls, replace(body, prompt=pc.if_else(pa.array(early), step, body.prompt))
    if text == "harness":
        nobody = np.zeros(1, dtype=np.int64)
        return calls, replace(body, system=instruction("harness", nobody, nobody).take(pa.array(np.zeros_like(group))))
    if text == "research":
        return calls, replace(body, prompt=joined(_fixed(stage, "research", group), "\n\n", body.prompt))
    purpose = _fixed(stage, text, group)
    if text == "product":
        purpose = _named(purpose, "NAME", _names(stage, group))
    if text == "client":
        purpose = _named(purpose, "CLIENT", _names(stage, calls.account))
    return calls, _placed(stage, body, purpose, group, np.ones(len(calls), dtype=np.bool_))
