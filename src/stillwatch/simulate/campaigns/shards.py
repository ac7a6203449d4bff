"""Which task of the common list each request asks: shards that do not overlap, topics of one's own, repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.simulate.prompts.tasks import subjects
from stillwatch.simulate.prompts.wording import ordinal

if TYPE_CHECKING:
    from stillwatch.simulate.campaigns.spec import Campaign
    from stillwatch.simulate.stage import Ints


@dataclass(frozen=True, slots=True)
class Shards:
    """The task of each request."""

    number: Ints
    """Number of the task; equal numbers are equal tasks; shape (n,)."""
    subject: Ints
    """Its subject; shape (n,)."""


def deal(rng: np.random.Generator, campaign: Campaign, account: Ints) -> Shards:
    """Deal one list of tasks to the requests of a campaign.

    Parameters
    ----------
    rng
        Source of randomness.
    campaign
        The campaign.
    account
        Account of each request, ascending; shape (n,).

    Returns
    -------
    Shards
        No task twice, but for the share of duplicates, which another request has had or will have.
    """
    n, many = len(account), subjects()
    if campaign.partition == "sequential":
        subject = np.arange(n, dtype=np.int64) * many // max(n, 1)
    else:
        subject = rng.integers(0, many, size=n)
    keeps = rng.random(campaign.accounts) < campaign.topic_personas
    own = rng.integers(0, many, size=campaign.accounts)
    subject = np.where(keeps[account], own[account], subject)
    # The list of a subject is as long as needed; its numbers go round the subjects.
    number = ordinal(subject) * many + subject
    if campaign.partition == "random":
        number = _shuffled(rng, number, subject)
    repeats = np.flatnonzero(rng.random(n) < campaign.duplicates)
    source = rng.integers(0, max(n, 1), size=len(repeats))
    number[repeats], subject[repeats] = number[source], subject[source]
    return Shards(number, subject)


def _shuffled(rng: np.random.Generator, number: Ints, subject: Ints) -> Ints:
    """Deal the numbers of each subject in a random order."""
    grouped = np.argsort(subject, kind="stable")
    mixed_up = np.lexsort((rng.random(len(number)), subject))
    dealt = np.empty_like(number)
    dealt[grouped] = number[mixed_up]
    return dealt
