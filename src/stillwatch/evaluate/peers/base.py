"""What a peer is: fitted on ordinary texts, then asked about one account after another.

Also what four of them share: a number computed over a window of embeddings, and a threshold taken from windows
of ordinary texts. A peer sees texts and times alone, as its authors meant it to; nothing here feeds a detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from stillwatch.model.errors import InputError
from stillwatch.model.finding import NotEnoughEvidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

NOMINAL: Final = 0.05
"""Share of ordinary windows a threshold is meant to flag."""
WINDOW: Final = 400
"""Texts a peer looks at unless told otherwise."""
FEWEST: Final = round(1 / NOMINAL) - 1
"""Fewest windows without a text in common from which a threshold can keep ``NOMINAL``."""
OVERLAPPING: Final = 200
"""Windows drawn where that many do not fit side by side."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A peer's answer for one account."""

    flag: bool
    """Whether the peer would raise the account, by its own threshold."""
    value: float
    """How suspicious it finds it: higher is more, in the peer's own unit."""


class Embedder(Protocol):
    """Turns texts into rows of length one."""

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """Embed texts; shape (texts, d)."""


class Fitted(Protocol):
    """A peer that knows what is ordinary."""

    def judge(self, texts: Sequence[str], times_s: Sequence[float] | None = None) -> Judgement | NotEnoughEvidence:
        """Judge an account by its prompts, oldest first, and the times of them (s)."""


class Peer(Protocol):
    """Somebody else's detector."""

    @property
    def name(self) -> str:
        """Short name."""

    @property
    def title(self) -> str:
        """What it measures, in a few words."""

    @property
    def reference(self) -> str:
        """Where it is described."""

    def fit(self, benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None = None) -> Fitted:
        """Learn from ordinary texts, embedded by the shared embedder or by one given, fitted on other texts."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit, and what it was taken from."""

    value: float
    """Windows above it are flagged."""
    windows: int
    """Windows (or pairs of them) it was taken from."""
    disjoint: bool
    """Whether no two of them share a text; only then does ``NOMINAL`` hold for new ordinary windows."""


@dataclass(frozen=True, slots=True)
class Windowed:
    """A fitted peer that computes one number over a window of embeddings."""

    name: str
    """The peer."""
    window: int
    """Texts it looks at."""
    embedder: Embedder
    """How texts become rows."""
    statistic: Callable[[Matrix], float]
    """Rows of one window -> value."""
    threshold: Threshold
    """Above it an account is flagged."""

    def judge(self, texts: Sequence[str], times_s: Sequence[float] | None = None) -> Judgement | NotEnoughEvidence:
        """Judge an account by ``window`` of its texts, evenly spread over all of them.

        One window an account keeps the nominal rate a rate of accounts; times are not looked at.
        """
        del times_s
        if len(texts) < self.window:
            return NotEnoughEvidence(self.name, f"{len(texts)} texts, it looks at {self.window}")
        chosen = [texts[at * len(texts) // self.window] for at in range(self.window)]
        value = self.statistic(self.embedder(chosen))
        return Judgement(value > self.threshold.value, value)


def need(module: str) -> Any:  # noqa: ANN401  a module of an optional extra
    """Import a module of the extra ``evaluate``.

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(f"{module} is missing: pip install 'stillwatch[evaluate]'") from error


def halves(benign: Sequence[str], rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Deal texts into two halves: one to learn from, one to take the threshold from."""
    dealt = rng.permutation(len(benign))
    middle = len(benign) // 2
    return [benign[at] for at in dealt[:middle]], [benign[at] for at in dealt[middle:]]


def enough(texts: Sequence[str], least: int, purpose: str) -> None:
    """Refuse too few ordinary texts.

    Raises
    ------
    InputError
        Fewer than ``least``.
    """
    if len(texts) < least:
        raise InputError(f"{len(texts)} ordinary texts for {purpose}: give at least {least}, or a smaller window")


def take_threshold(
    rows: Matrix, window: int, statistic: Callable[[Matrix], float], rng: np.random.Generator
) -> Threshold:
    """Take the limit that ordinary windows pass no more often than ``NOMINAL``.

    Parameters
    ----------
    rows
        Embeddings of ordinary texts nothing was learnt from; shape (n, d), n >= window.
    window
        Rows in a window.
    statistic
        Rows of one window -> value.
    rng
        Deals rows into windows.

    Notes
    -----
    With ``FEWEST`` windows or more side by side, the limit is the value of rank ``ceil((windows + 1) (1 -
    NOMINAL))``: a new window from the same source lies above it with probability at most ``NOMINAL``. With fewer,
    it is the 95th percentile over overlapping draws. Blind spot: these share texts, so they differ less than
    new windows do and the true rate lies above ``NOMINAL``.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, chapter 2: the rank.
    """
    dealt, fit = rng.permutation(len(rows)), len(rows) // window
    disjoint = fit >= FEWEST
    if disjoint:
        chosen = list(dealt[: fit * window].reshape(fit, window))
    else:
        chosen = [rng.permutation(len(rows))[:window] for _ in range(OVERLAPPING)]
    values = np.sort([statistic(rows[at]) for at in chosen])
    rank = int(np.ceil(round((len(values) + 1) * (1 - NOMINAL), 9)))
    return Threshold(float(values[rank - 1]), len(values), disjoint)
