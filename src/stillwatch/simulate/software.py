"""Client software of the personas: how it names itself, and on which TLS library it stands.

User agents follow the shapes in the recorded exchanges of public SDKs. SDKs on one library share their fingerprints,
which ``population.stacks`` draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Software:
    """One client program in one version."""

    family: str
    """Word by which personas choose it."""
    user_agent: str
    """How it names itself."""
    library: str
    """TLS library, which has the fingerprint."""


SOFTWARE: Final = (
    Software("openai", "OpenAI/Python 3.54.0", "openssl"),
    Software("openai", "OpenAI/Python 3.51.2", "openssl"),
    Software("openai", "AsyncOpenAI/Python 3.54.0", "openssl"),
    Software("openai", "AsyncOpenAI/Python 3.49.0", "openssl"),
    Software("anthropic", "Anthropic/Python 2.12.0", "openssl"),
    Software("anthropic", "AsyncAnthropic/Python 2.12.0", "openssl"),
    Software("anthropic", "AsyncAnthropic/Python 2.9.1", "openssl"),
    Software("node", "OpenAI/JS 8.3.0", "node"),
    Software("node", "Anthropic/JS 1.20.0", "node"),
    Software("agent", "heron-code/2.1.14 (external, cli)", "agent"),
    Software("agent", "heron-code/2.1.9 (external, cli)", "agent"),
    Software("agent", "opencode/1.4.2", "agent"),
    Software("plain", "python-requests/2.32.5", "openssl"),
    Software("plain", "python-httpx/0.28.1", "openssl"),
    Software("plain", "curl/8.7.1", "go"),
    Software("browser", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0", "browser"),
    Software("browser", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Firefox/145.0", "browser"),
    Software("browser", "Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0", "browser"),
    Software("gateway", "litellm/1.109.1", "openssl"),
)
"""Every client program of the simulated worlds."""

USER_AGENTS: Final = pa.array([s.user_agent for s in SOFTWARE])
"""User agents in the order of SOFTWARE."""
LIBRARIES: Final = tuple(s.library for s in SOFTWARE)
"""TLS libraries in the order of SOFTWARE."""


def versions(families: tuple[str, ...]) -> list[int]:
    """Find the programs of some families.

    Parameters
    ----------
    families
        Families, such as ``("openai", "node")``.

    Returns
    -------
    list of int
        Indices into SOFTWARE.
    """
    return [i for i, s in enumerate(SOFTWARE) if s.family in families]
