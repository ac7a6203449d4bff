"""Published packages as peers, where they are installed. None is a dependency; each runs with its own defaults.

honeypotllm (PyPI, 0.1.3; needs greenlet beside it) watches one key: its rate, pauses, volume and how alike
consecutive prompts are. unmimic (PyPI, 0.1.0) judges one prompt: its account watch is an empty file, and its input
guard loads a sentence model from a hub. Here the guard's own classifier, memory, attack texts and limits run on the
embedder of the other peers, so its rates are not those of the guard as published.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.evaluate.peers.base import Judgement
from stillwatch.evaluate.peers.embed import fit_embedder
from stillwatch.model.finding import NotEnoughEvidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stillwatch.evaluate.peers.base import Embedder, Fitted

WATERMARK_AT: Final = 0.75
"""Suspicion from which honeypotllm marks answers, its default (0 to 1)."""
ORDINARY: Final = 2_000
"""Ordinary texts unmimic's guard learns from beside its own."""
MODULES: Final = {"honeypotllm": "honeypotllm.scoring", "unmimic": "unmimic.guards.input.extraction"}
"""Package -> the module used of it."""


def installed() -> dict[str, str]:
    """Say which packages can be used: name -> "" or why not."""
    found = {}
    for package, module in MODULES.items():
        try:
            import_module(module)
            found[package] = ""
        except ImportError as error:
            found[package] = f"{package} cannot be imported: {error}"
    return found


@contextmanager
def _swapped(module: Any, name: str, value: object) -> Iterator[None]:  # noqa: ANN401  a package's module
    """Put something else in a module's place for a name, and the old thing back."""
    old = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, old)


@dataclass(frozen=True, slots=True)
class CannotRun:
    """A package that is not there."""

    name: str
    """The peer."""
    reason: str
    """Why it cannot be asked."""

    def judge(self, texts: Sequence[str], times_s: Sequence[float] | None = None) -> NotEnoughEvidence:
        """Say why there is no answer."""
        del texts, times_s
        return NotEnoughEvidence(self.name, self.reason)


@dataclass(frozen=True, slots=True)
class Replayed:
    """honeypotllm's scorer, made to live at the times of an account."""

    module: Any
    """``honeypotllm.scoring``."""
    limits: Any
    """Its weights and limits, the defaults."""

    def judge(self, texts: Sequence[str], times_s: Sequence[float] | None = None) -> Judgement | NotEnoughEvidence:
        """Feed every prompt at its time; the value is the highest suspicion on the way (0 to 1).

        A key first seen gets the real clock as its last time, which would decay it by decades: its state is
        laid out beforehand at the account's first time.
        """
        if times_s is None or len(times_s) != len(texts):
            return NotEnoughEvidence("honeypotllm", "it needs the time of every prompt")
        if not texts:
            return NotEnoughEvidence("honeypotllm", "no prompts")
        now = [float(times_s[0])]
        scorer = self.module.SuspicionScorer(self.limits, suspicion_threshold=WATERMARK_AT)
        scorer._states["account"] = self.module.ScoringState(key_hash="account", last_seen=now[0])  # noqa: SLF001
        highest = 0.0
        with _swapped(self.module, "time", SimpleNamespace(time=lambda: now[0])):
            for text, at in zip(texts, times_s, strict=True):
                now[0] = float(at)
                highest = max(highest, float(scorer.score_request("account", prompt=text).score_after))
        return Judgement(highest >= WATERMARK_AT, highest)


@dataclass(frozen=True, slots=True)
class Honeypotllm:
    """Suspicion of one key from rate, pauses, volume and consecutive prompts alike.

    Low for a key with human pauses and varied prompts, near 1 for anything fast or templated that lives long:
    suspicion adds up with each request and falls by 0.05 an hour.
    """

    name: str = "honeypotllm"
    """Short name."""
    title: str = "suspicion of one key: rate, pauses, volume, consecutive prompts alike"
    """What it measures."""
    reference: str = "PyPI honeypotllm 0.1.3"
    """Where it is described."""

    def fit(self, benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None = None) -> Fitted:
        """Take its defaults; ordinary texts are not looked at.

        Notes
        -----
        About 15 µs a prompt. Blind spot: everything across keys, and a slow account with varied prompts.
        """
        del benign, rng, embedder
        reason = installed()[self.name]
        if reason:
            return CannotRun(self.name, reason)
        scoring = import_module(MODULES[self.name])
        return Replayed(scoring, import_module("honeypotllm.config").ScoringConfig())


@dataclass(frozen=True, slots=True)
class Guarded:
    """unmimic's input guard, asked about every prompt."""

    guard: Any
    """Its ``ExtractionGuard``."""
    chunks: Any
    """Its way to cut a text into sentences."""
    embedder: Embedder
    """Stands in for its own."""

    def judge(self, texts: Sequence[str], times_s: Sequence[float] | None = None) -> Judgement | NotEnoughEvidence:
        """Flag an account with any prompt that the guard blocks; the value is the share it blocks or flags."""
        del times_s
        if not texts:
            return NotEnoughEvidence("unmimic", "no prompts")
        actions = [self._action(text) for text in texts]
        return Judgement("block" in actions, float(np.mean([action != "allow" for action in actions])))

    def _action(self, text: str) -> str:
        pieces = self.chunks(text)
        return str(self.guard.decide(self.embedder(pieces)).action) if pieces else "allow"


@dataclass(frozen=True, slots=True)
class Unmimic:
    """Share of prompts that ask for hidden reasoning, by unmimic's guard on another embedder."""

    name: str = "unmimic"
    """Short name."""
    title: str = "prompts near known requests for hidden reasoning (embedder replaced)"
    """What it measures."""
    reference: str = "PyPI unmimic 0.1.0"
    """Where it is described."""

    def fit(self, benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None = None) -> Fitted:
        """Teach the guard its own attack texts against its own near misses and some ordinary texts.

        Raises
        ------
        InputError
            scikit-learn is missing, or the texts do not differ.

        Notes
        -----
        Blind spot: any request that does not speak of reasoning. Its limits (0.5 and 0.70) were chosen on its
        own sentence model; its check of answers needs the hidden reasoning, which no request log holds.
        """
        reason = installed()[self.name]
        if reason:
            return CannotRun(self.name, reason)
        embed = embedder or fit_embedder(benign, rng)
        module, corpus = import_module(MODULES[self.name]), import_module("unmimic.corpus")
        bundled = import_module("unmimic.resources").bundled
        ordinary = [benign[at] for at in rng.permutation(len(benign))[:ORDINARY]]
        with ExitStack() as swaps:
            swaps.enter_context(_swapped(module, "embed_cached", lambda texts, _: embed(texts)))
            guard = module.ExtractionGuard(
                families=corpus.load_families(bundled("attacks/public")),
                benign=[*corpus.load_prompts(bundled("benign/hard_negatives.yaml")), *ordinary],
                cache_dir=Path(tempfile.gettempdir()),
            )
        return Guarded(guard, module.chunks, embed)


HONEYPOTLLM: Final = Honeypotllm()
UNMIMIC: Final = Unmimic()
