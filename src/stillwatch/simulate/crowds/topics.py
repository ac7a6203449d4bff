"""What the accounts of a group ask about: a mix of subjects of the group, and each account's own around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.prompts.tasks import subjects

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Floats, Ints

_OF_GROUP: Final = 8.0
_OF_ACCOUNT: Final = 10.0


def _dirichlet(rng: np.random.Generator, weights: Floats) -> Floats:
    """Draw one mix a row, also for weights so small that a gamma draw would be 0."""
    logs = np.log(rng.standard_gamma(weights + 1.0)) + np.log(rng.random(weights.shape)) / weights
    mixes = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(mixes / mixes.sum(axis=1, keepdims=True), dtype=np.float64)


def mixes(rng: np.random.Generator, group: Ints, alike: float) -> Floats:
    """Draw the mix of subjects of each account.

    Parameters
    ----------
    rng
        Source of randomness.
    group
        Group of each account; shape (accounts,).
    alike
        Concentration around the group's mix, > 0; low makes accounts differ, high makes them the same.

    Returns
    -------
    Floats
        Shares of the subjects; shape (accounts, subjects), each row sums to 1.
    """
    many = subjects()
    groups = int(group.max(initial=-1)) + 1
    base = _dirichlet(rng, np.full((groups, many), _OF_GROUP / many))
    return _dirichlet(rng, np.maximum(base[group] * _OF_ACCOUNT * alike, 1e-4))


def subject_of(rng: np.random.Generator, mix: Floats, account: Ints) -> Ints:
    """Draw a subject for each session.

    Parameters
    ----------
    rng
        Source of randomness.
    mix
        Shares of the subjects of each account; shape (accounts, subjects).
    account
        Whose session; shape (sessions,).

    Returns
    -------
    Ints
        Subjects; shape (sessions,).
    """
    edges = np.cumsum(mix, axis=1)
    # One sorted search over all rows: each account's edges are lifted by its number.
    lifted = (edges + np.arange(len(edges))[:, None]).ravel()
    found = np.searchsorted(lifted, account + rng.random(len(account)), side="right")
    return np.asarray(np.clip(found - account * mix.shape[1], 0, mix.shape[1] - 1), dtype=np.int64)
