"""Texts of people: whole conversations, never a bundle of strangers' prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.prompts import grammar
from stillwatch.simulate.prompts.wording import Wording, ordinal, silent, spoken, typed
from stillwatch.simulate.prompts.words import TECHNICAL, TOPICS, phrases
from stillwatch.simulate.stage import beginnings

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.prompts.library import Shelf
    from stillwatch.simulate.stage import Bools, Calls, Ints, Stage


_LONG_CHAT: Final = 8
_LONG_WORK: Final = 20


def threads(stage: Stage, calls: Calls, shelf: Shelf, holder: Ints, preferred: Bools) -> tuple[Calls, Wording]:
    """Lay one real thread on each holder; calls past its end are not made.

    Parameters
    ----------
    shelf
        Real threads.
    holder
        Who holds the thread of each call; shape (n,).
    preferred
        Threads that are given first; shape (units,).

    Returns
    -------
    tuple of Calls and Wording
        The calls that are made, and what they say.
    """
    made, said, _ = threads_kept(stage, calls, shelf, holder, preferred)
    return made, said


def threads_kept(
    stage: Stage, calls: Calls, shelf: Shelf, holder: Ints, preferred: Bools
) -> tuple[Calls, Wording, Bools]:
    """Lay threads as ``threads`` does, and say which of the calls are made; shape (n,)."""
    unit = shelf.deal(stage.rng, int(holder.max(initial=-1)) + 1, preferred)
    first, turn = typed(calls)
    at = ordinal(holder[first])[turn]
    keep = at < shelf.count[unit][holder]
    rows = pa.array((shelf.start[unit][holder] + at)[keep])
    said = Wording(shelf.prompt.take(rows), shelf.system.take(rows), simulated=False)
    return calls.where(keep), said, keep


def favourites(stage: Stage, account: Ints, low: int, high: int) -> Ints:
    """Choose a topic for each session: three favourites of the account, now and then another.

    Parameters
    ----------
    stage
        Randomness and accounts.
    account
        Whose session; shape (sessions,).
    low
        First topic that may be chosen.
    high
        First topic that may not.

    Returns
    -------
    Ints
        Topic of each session; shape (sessions,).
    """
    rng = stage.rng
    own = rng.integers(low, high, size=(max(stage.accounts, 1), 3))
    other = rng.integers(low, high, size=len(account))
    favourite = own[account, rng.integers(0, 3, size=len(account))]
    return np.where(rng.random(len(account)) < 0.8, favourite, other).astype(np.int64)


def chats(stage: Stage, cast: Cast, calls: Calls) -> tuple[Calls, Wording]:
    """Word the conversations of people who chat.

    Returns
    -------
    tuple of Calls and Wording
        The calls that are made, and what they say.
    """
    shelf = stage.prompts.shelf("B") if stage.prompts else None
    if shelf is not None:
        return threads(stage, calls, shelf, calls.account, shelf.count >= _LONG_CHAT)
    begin = beginnings(calls)
    owner = calls.account[begin]
    language = spoken(stage.rng, cast, owner)[calls.session]
    topic = favourites(stage, owner, TECHNICAL // 2, TOPICS)[calls.session]
    return calls, conversation(stage, calls, language, topic)


def customers(stage: Stage, cast: Cast, calls: Calls) -> tuple[Calls, Wording]:
    """Word the conversations of a reseller's customers: a stranger a session, any topic.

    Returns
    -------
    tuple of Calls and Wording
        The calls that are made, and what they say.
    """
    shelf = stage.prompts.shelf("B") if stage.prompts else None
    if shelf is not None:
        return threads(stage, calls, shelf, calls.session, np.zeros(len(shelf.count), dtype=np.bool_))
    owner = calls.account[beginnings(calls)]
    language = spoken(stage.rng, cast, owner)[calls.session]
    topic = stage.rng.integers(0, TOPICS, size=len(owner))[calls.session]
    return calls, conversation(stage, calls, language, topic)


def conversation(stage: Stage, calls: Calls, language: Ints, topic: Ints) -> Wording:
    """Word conversations: a question, then turns that come back to it.

    Parameters
    ----------
    language
        Language of each call; shape (n,).
    topic
        Topic of each call; shape (n,).

    Returns
    -------
    Wording
        One turn a call.
    """
    opening = grammar.personal_question(stage.rng, language, topic)
    later = grammar.follow_up(stage.rng, language, topic)
    return Wording(pc.if_else(pa.array(calls.turn == 0), opening, later), silent(len(calls)), simulated=True)


def coding(stage: Stage, cast: Cast, calls: Calls) -> tuple[Calls, Wording]:
    """Word the sessions of developers with a coding agent.

    Returns
    -------
    tuple of Calls and Wording
        The calls that are made, and what they say; the calls of one tool loop repeat the typed turn.
    """
    shelf = stage.prompts.shelf("B") if stage.prompts else None
    if shelf is not None:
        return threads(stage, calls, shelf, calls.account, shelf.about("coding") | (shelf.count >= _LONG_WORK))
    begin = beginnings(calls)
    owner = calls.account[begin]
    spoken_in = spoken(stage.rng, cast, owner)
    first, turn = typed(calls)
    language = spoken_in[calls.session[first]]
    topic = favourites(stage, owner, 0, TECHNICAL)[calls.session[first]]
    opening = grammar.code_task(stage.rng, language, topic)
    later = grammar.steering(stage.rng, language)
    more = (calls.turn[first] == 0) | (stage.rng.random(len(first)) < 0.3)
    prompt = pc.if_else(pa.array(more), opening, later).take(pa.array(turn))
    system = phrases("agent", np.zeros_like(calls.account), np.zeros_like(calls.account))
    return calls, Wording(prompt, system, simulated=True)
