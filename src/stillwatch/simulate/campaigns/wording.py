"""What a campaign asks: its instruction or fixed string around the tasks of its list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.campaigns.shards import deal
from stillwatch.simulate.cast import LANGUAGE_SHARES, LANGUAGES
from stillwatch.simulate.prompts import grammar, longer, mixture
from stillwatch.simulate.prompts.instructions import instruction
from stillwatch.simulate.prompts.taking import sweep
from stillwatch.simulate.prompts.tasks import english, tasks
from stillwatch.simulate.prompts.wording import Wording, in_blocks, silent, typed
from stillwatch.simulate.prompts.words import TECHNICAL, TOPICS, joined, numbers
from stillwatch.simulate.stage import beginnings

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.simulate.campaigns.spec import Campaign
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.stage import Bools, Calls, Ints, Stage

Writer: TypeAlias = "Callable[[slice], pa.Array]"
"""Writes the texts of a stretch of requests."""
PURPOSES: Final = {"template": "teach", "reasoning": "reason", "grading": "grade", "agentic": "engineer"}
"""Technique -> purpose of its instruction."""
WINNERS: Final = 3
"""Tricks of a sweep that are scaled up."""
_SCIENCES: Final = (6, 21)
_CODE: Final = 6


def _instructions(stage: Stage, campaign: Campaign, account: Ints) -> Writer:
    """Write one of the campaign's instructions on each request, reworded where its account rewords."""
    rng, n = stage.rng, len(account)
    every = rng.integers(1, 1 << 30, size=campaign.instructions)
    identity = every[rng.integers(0, campaign.instructions, size=n)]
    rewords = (rng.random(campaign.accounts) < campaign.paraphrase)[account]
    number = np.where(rewords, rng.integers(1, 1 << 40, size=n), 0)
    return lambda rows: instruction(PURPOSES[campaign.technique], identity[rows], number[rows])


def _listed(stage: Stage, campaign: Campaign, account: Ints) -> tuple[Writer, bool]:
    """Write the task of each request, from real lists where there are some."""
    shards = deal(stage.rng, campaign, account)
    shelf = stage.prompts.shelf("A") if stage.prompts else None
    if shelf is not None:
        # One list out of all sources; a number names its row, and one past the end begins again.
        at = _rows(stage, shards.number, len(shelf.prompt))
        return lambda rows: shelf.prompt.take(pa.array(at[rows])), False
    subject = shards.subject
    if campaign.technique == "reasoning":
        low, high = _SCIENCES
        subject = low + subject % (high - low)
    # The list is the operator's: a task has a language, whichever account happens to send it.
    many = int(shards.number.max(initial=-1)) + 1
    language = stage.rng.choice(len(LANGUAGES), size=many, p=LANGUAGE_SHARES).astype(np.int64)[shards.number]
    return lambda rows: tasks(shards.number[rows], subject[rows], language[rows]), True


def _rows(stage: Stage, number: Ints, rows: int) -> Ints:
    """Give every task a row, no row twice before all were given."""
    _, at = np.unique(number, return_inverse=True)
    return stage.rng.permutation(rows)[at % rows]


def _coded(stage: Stage, campaign: Campaign, calls: Calls) -> Wording:
    rng = stage.rng
    first, turn = typed(calls)
    account = calls.account[first]
    shelf = stage.prompts.shelf("A") if stage.prompts else None
    system = in_blocks(len(calls), _instructions(stage, campaign, calls.account))
    if shelf is not None:
        text, simulated = _listed(stage, campaign, account)
        return Wording(in_blocks(len(first), text).take(pa.array(turn)), system, simulated)
    shards = deal(rng, campaign, account)
    language = np.zeros(len(first), dtype=np.int64)
    asked = grammar.code_task(rng, language, rng.integers(0, TECHNICAL, size=len(first)))
    ticket = joined(asked, " Ticket ", numbers(shards.number), ": ", english(shards.number, shards.subject % _CODE))
    steer = pa.array((calls.turn[first] > 0) & (rng.random(len(first)) < 0.5))
    text = pc.if_else(steer, grammar.steering(rng, language), ticket)
    return Wording(text.take(pa.array(turn)), system, simulated=True)


def _graded(stage: Stage, campaign: Campaign, calls: Calls) -> Wording:
    rng, n = stage.rng, len(calls)
    task, simulated = _listed(stage, campaign, calls.account)
    rubric = _instructions(stage, campaign, calls.account)
    topic = rng.integers(0, TOPICS, size=n)
    answered = rng.integers(0, 1 << 40, size=(2, n))

    def case(rows: slice) -> pa.Array:
        language = np.zeros_like(topic[rows])
        answers = [longer.claims(answered[which][rows], topic[rows]) for which in (0, 1)]
        compared = grammar.around("compared", language, language, task(rows), *answers)
        return compared if campaign.in_system else joined(rubric(rows), compared)

    system = in_blocks(n, rubric) if campaign.in_system else silent(n)
    return Wording(in_blocks(n, case), system, simulated)


def strangers(stage: Stage, campaign: Campaign, calls: Calls) -> tuple[Calls, Wording]:
    """Word stored or relayed sessions: somebody else a session, in any language.

    Parameters
    ----------
    stage
        Randomness and, where given, real conversations.
    campaign
        The campaign; some of its accounts may keep to a topic.
    calls
        Arrivals.

    Returns
    -------
    tuple of Calls and Wording
        The calls that are made, and what they say.
    """
    rng, account = stage.rng, calls.account[beginnings(calls)]
    language = rng.choice(len(LANGUAGES), size=len(account), p=LANGUAGE_SHARES).astype(np.int64)
    keeps = rng.random(campaign.accounts) < campaign.topic_personas
    own = mixture.any_subject(stage, campaign.accounts)
    subject = np.where(keeps[account], own[account], mixture.any_subject(stage, len(account)))
    made, said, _ = mixture.sessions(stage, calls, language[calls.session], subject[calls.session])
    return made, said


def asked(stage: Stage, campaign: Campaign, cast: Cast, calls: Calls, late: Bools) -> Wording:
    """Word the requests of a campaign that takes its tasks from a list.

    Parameters
    ----------
    stage
        Randomness and, where given, real prompts.
    campaign
        The campaign.
    cast
        Its accounts.
    calls
        Arrivals.
    late
        Which calls come after a sweep has found what works; shape (n,).

    Returns
    -------
    Wording
        One request a call.
    """
    if campaign.technique == "sweep":
        return sweep(stage, cast, calls, late, WINNERS)
    if campaign.technique == "agentic":
        return _coded(stage, campaign, calls)
    if campaign.technique == "grading":
        return _graded(stage, campaign, calls)
    task, simulated = _listed(stage, campaign, calls.account)
    fixed = _instructions(stage, campaign, calls.account)
    if campaign.in_system:
        return Wording(in_blocks(len(calls), task), in_blocks(len(calls), fixed), simulated)
    first, second = (task, fixed) if campaign.technique == "reasoning" else (fixed, task)
    whole = in_blocks(len(calls), lambda rows: joined(first(rows), "\n\n", second(rows)))
    return Wording(whole, silent(len(calls)), simulated)
