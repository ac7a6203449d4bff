"""Client stacks: SDK, version and TLS library, and how they name themselves and say hello.

User agents follow the shapes of public SDKs, with invented version numbers. A JA4 text has the right form and invented
digits. It belongs to a build of a TLS library, so SDKs on one library share it; a few hellos are nobody else's, such
as those of networks that break TLS open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.ids import hexadecimal
from stillwatch.simulate.population.tails import ranked

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Ints

BUILDS: Final = {"openssl": 70, "node": 48, "agent": 14, "browser": 30, "go": 18, "rust": 12, "java": 20, "dotnet": 9}
"""TLS library -> its builds in use."""
OWN_HELLO: Final = 0.015
"""Share of clients whose hello nobody else has."""
_OLDEST: Final = {
    "openssl": "t13d1812h1_85036bcba153_b26ce05bbdd6",
    "node": "t13d5911h1_a33745022dd6_1f22a2ca17c4",
    "agent": "t13d1714h1_5b57614c22b0_93c746dc12af",
    "browser": "t13d1516h2_8daaf6152771_02713d6af862",
    "go": "t13d1311h2_f57a46bbacb6_ef7df7f74e48",
}


@dataclass(frozen=True, slots=True)
class Program:
    """One client program in all its versions."""

    family: str
    """Word by which customers choose it."""
    shape: str
    """How it names itself, with a place for a version."""
    library: str
    """TLS library."""
    weight: float
    """How often it is met in its family."""
    versions: int
    """Versions in use."""


PROGRAMS: Final = (
    Program("openai", "OpenAI/Python {}", "openssl", 5.0, 40),
    Program("openai", "AsyncOpenAI/Python {}", "openssl", 4.0, 40),
    Program("openai", "OpenAI/JS {}", "node", 4.0, 30),
    Program("openai", "OpenAI/Go {}", "go", 0.6, 12),
    Program("openai", "OpenAI/Java {}", "java", 0.6, 14),
    Program("openai", "OpenAI/.NET {}", "dotnet", 0.5, 8),
    Program("anthropic", "Anthropic/Python {}", "openssl", 4.0, 30),
    Program("anthropic", "AsyncAnthropic/Python {}", "openssl", 3.0, 30),
    Program("anthropic", "Anthropic/JS {}", "node", 4.0, 24),
    Program("plain", "python-requests/{}", "openssl", 4.0, 14),
    Program("plain", "python-httpx/{}", "openssl", 3.0, 12),
    Program("plain", "node-fetch/{}", "node", 2.0, 8),
    Program("plain", "Go-http-client/{}", "go", 1.5, 2),
    Program("plain", "okhttp/{}", "java", 1.0, 16),
    Program("plain", "reqwest/{}", "rust", 0.6, 8),
    Program("plain", "GuzzleHttp/{}", "openssl", 0.8, 6),
    Program("plain", "curl/{}", "openssl", 0.8, 20),
    Program("framework", "langchain/{}", "openssl", 4.0, 30),
    Program("framework", "llama-index/{}", "openssl", 2.0, 24),
    Program("framework", "ai-sdk/{}", "node", 3.0, 30),
    Program("framework", "litellm/{}", "openssl", 3.0, 40),
    Program("agent", "heron-code/{} (external, cli)", "agent", 5.0, 24),
    Program("agent", "opencode/{}", "node", 3.0, 20),
    Program("agent", "aider/{}", "openssl", 1.5, 14),
    Program("agent", "cline/{}", "node", 1.5, 20),
    Program("browser", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/{}", "browser", 5.0, 8),
    Program("browser", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Chrome/{}", "browser", 3.0, 8),
    Program("browser", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Safari/{}", "browser", 2.0, 5),
    Program("browser", "Mozilla/5.0 (X11; Linux x86_64) Firefox/{}", "browser", 1.0, 6),
    Program("browser", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/{}", "browser", 1.5, 6),
    Program("gateway", "litellm/{}", "openssl", 3.0, 30),
    Program("gateway", "one-gate/{}", "go", 2.0, 12),
    Program("gateway", "Portway-Proxy/{}", "rust", 1.0, 8),
)
"""Every client program of the crowds and campaigns."""


@dataclass(frozen=True, slots=True)
class Clients:
    """How some clients look to the provider."""

    agents: pa.Array
    """User agents; shape (n,)."""
    hellos: pa.Array
    """JA4 texts; shape (n,)."""

    def take(self, index: Ints) -> Clients:
        """Choose some of them, also more than once."""
        at = pa.array(index)
        return Clients(self.agents.take(at), self.hellos.take(at))


@lru_cache(maxsize=1)
def _hellos() -> tuple[pa.Array, dict[str, int]]:
    rng = np.random.default_rng(4)
    texts: list[str] = []
    first: dict[str, int] = {}
    for library, builds in BUILDS.items():
        first[library] = len(texts)
        texts += invented(rng, builds).to_pylist()
        if library in _OLDEST:
            texts[first[library]] = _OLDEST[library]
    return pa.array(texts), first


@lru_cache(maxsize=1)
def _names() -> tuple[pa.Array, Ints]:
    rng = np.random.default_rng(33)
    texts: list[str] = []
    first = []
    for program in PROGRAMS:
        first.append(len(texts))
        major = int(rng.integers(1, 6))
        minors = rng.permutation(90)[: program.versions]
        patches = rng.integers(0, 9, size=program.versions)
        numbers = [f"{major}.{minor}.{patch}" for minor, patch in zip(minors.tolist(), patches.tolist(), strict=True)]
        texts += [program.shape.format(number) for number in numbers]
    return pa.array(texts), np.array(first, dtype=np.int64)


def invented(rng: np.random.Generator, n: int) -> pa.Array:
    """Make up JA4 texts that nobody else has.

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
    ciphers, extensions = (pa.array(rng.integers(10, 20, size=n)).cast(pa.string()) for _ in range(2))
    version = pa.array(["h1", "h2"]).take(pa.array(rng.integers(0, 2, size=n)))
    head = pc.binary_join_element_wise(pa.scalar("t13d"), ciphers, extensions, version, "")
    return pc.binary_join_element_wise(head, hexadecimal(rng, n, 12), hexadecimal(rng, n, 12), "_")


def hellos(rng: np.random.Generator, library: list[str], owner: Ints) -> pa.Array:
    """Draw the hello of programs; those of one owner on one library have the same.

    Parameters
    ----------
    rng
        Source of randomness.
    library
        TLS library of each program; shape (n,).
    owner
        Whose program it is; shape (n,).

    Returns
    -------
    pa.Array
        JA4 texts; shape (n,).
    """
    texts, first = _hellos()
    owners = int(owner.max(initial=-1)) + 1
    names = list(BUILDS)
    number = np.array([names.index(one) for one in library], dtype=np.int64)
    u = rng.random((owners, len(names)))[owner, number]
    alone = (rng.random(owners) < OWN_HELLO)[owner]
    index = np.zeros(len(owner), dtype=np.int64)
    for at, name in enumerate(names):
        mine = number == at
        index[mine] = first[name] + ranked(u[mine], BUILDS[name], 1.4)
    own = invented(rng, owners).take(pa.array(owner))
    return pc.if_else(pa.array(alone), own, texts.take(pa.array(index)))


def clients(rng: np.random.Generator, families: tuple[str, ...], owner: Ints) -> Clients:
    """Draw one program for each row.

    Parameters
    ----------
    rng
        Source of randomness.
    families
        Families that may be drawn.
    owner
        Whose program it is; shape (n,).

    Returns
    -------
    Clients
        How they look; shape (n,).
    """
    chosen = [at for at, program in enumerate(PROGRAMS) if program.family in families]
    weights = np.array([PROGRAMS[at].weight for at in chosen])
    n = len(owner)
    which = rng.choice(np.array(chosen, dtype=np.int64), size=n, p=weights / weights.sum())
    u = rng.random(n)
    texts, first = _names()
    name = np.zeros(n, dtype=np.int64)
    for at in chosen:
        mine = which == at
        name[mine] = first[at] + ranked(u[mine], PROGRAMS[at].versions, 1.0)
    library = [PROGRAMS[at].library for at in which.tolist()]
    return Clients(texts.take(pa.array(name)), hellos(rng, library, owner))
