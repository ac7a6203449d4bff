"""Texts of unrelated people whose requests share an account: somebody else a session, each with topics of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.simulate.prompts import grammar
from stillwatch.simulate.prompts.people import threads_kept
from stillwatch.simulate.prompts.tasks import mixed, subjects, tasks
from stillwatch.simulate.prompts.wording import Wording, silent
from stillwatch.simulate.prompts.words import TOPICS, joined, numbers, phrases, size

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Bools, Calls, Ints, Stage

_TURNS: Final = 4


def talk(stage: Stage, calls: Calls, language: Ints, subject: Ints) -> Wording:
    """Word sessions of people: a request, then turns that come back to it.

    Parameters
    ----------
    stage
        Randomness.
    calls
        Arrivals.
    language
        Language of each call; shape (n,).
    subject
        Subject of each call, below subjects(); shape (n,).

    Returns
    -------
    Wording
        One turn a call.
    """
    rng, n = stage.rng, len(calls)
    opens = calls.turn == 0
    number = rng.integers(0, 1 << 40, size=n)
    asked = tasks(number[opens], subject[opens], language[opens])
    said = phrases("aside", language[opens], rng.integers(0, size("aside"), size=int(opens.sum())))
    later = ~opens
    topic = subject[later] % TOPICS
    back = joined(
        grammar.follow_up(rng, language[later], topic),
        " ",
        grammar.around(
            "demand", language[later], mixed(number[later], 3) % size("demand"), numbers(2 + number[later] % 400)
        ),
    )
    place = np.empty(n, dtype=np.int64)
    place[np.concatenate([np.flatnonzero(opens), np.flatnonzero(later)])] = np.arange(n)
    whole = pa.chunked_array([joined(asked, said), back], pa.large_string()).combine_chunks()
    return Wording(whole.take(pa.array(place)), silent(n), simulated=True)


def sessions(stage: Stage, calls: Calls, language: Ints, subject: Ints) -> tuple[Calls, Wording, Bools]:
    """Word sessions of people, with real conversations where the stage has them.

    Parameters
    ----------
    stage
        Randomness and, where given, real prompts.
    calls
        Arrivals.
    language
        Language of each call; shape (n,).
    subject
        Subject of each call, below subjects(); shape (n,).

    Returns
    -------
    tuple of Calls, Wording and Bools
        The calls that are made, what they say, and which of the given calls they are; a real conversation may end
        before the session does.
    """
    shelf = stage.prompts.shelf("B") if stage.prompts else None
    if shelf is not None:
        return threads_kept(stage, calls, shelf, calls.session, shelf.count >= _TURNS)
    return calls, talk(stage, calls, language, subject), np.ones(len(calls), dtype=np.bool_)


def any_subject(stage: Stage, n: int) -> Ints:
    """Draw subjects, all alike; shape (n,)."""
    return stage.rng.integers(0, subjects(), size=n)
