"""Client software: how it names itself and how its TLS hello looks.

User agents follow the shapes in the recorded exchanges of public SDKs. JA4 texts have the right form and
invented digits: one per TLS library, since SDKs on one library share a fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

_HTTPX: Final = "t13d1812h1_85036bcba153_b26ce05bbdd6"
_NODE: Final = "t13d5911h1_a33745022dd6_1f22a2ca17c4"
_AGENT: Final = "t13d1714h1_5b57614c22b0_93c746dc12af"
_REQUESTS: Final = "t13d1811h1_85036bcba153_375ca2c5e164"
_BROWSER: Final = "t13d1516h2_8daaf6152771_02713d6af862"
_GO: Final = "t13d1311h2_f57a46bbacb6_ef7df7f74e48"


@dataclass(frozen=True, slots=True)
class Software:
    """One client program in one version."""

    family: str
    """Word by which personas choose it."""
    user_agent: str
    """How it names itself."""
    ja4: str
    """TLS client fingerprint."""


SOFTWARE: Final = (
    Software("openai", "OpenAI/Python 3.54.0", _HTTPX),
    Software("openai", "OpenAI/Python 3.51.2", _HTTPX),
    Software("openai", "AsyncOpenAI/Python 3.54.0", _HTTPX),
    Software("openai", "AsyncOpenAI/Python 3.49.0", _HTTPX),
    Software("anthropic", "Anthropic/Python 2.12.0", _HTTPX),
    Software("anthropic", "AsyncAnthropic/Python 2.12.0", _HTTPX),
    Software("anthropic", "AsyncAnthropic/Python 2.9.1", _HTTPX),
    Software("node", "OpenAI/JS 8.3.0", _NODE),
    Software("node", "Anthropic/JS 1.20.0", _NODE),
    Software("agent", "heron-code/2.1.14 (external, cli)", _AGENT),
    Software("agent", "heron-code/2.1.9 (external, cli)", _AGENT),
    Software("agent", "opencode/1.4.2", _AGENT),
    Software("plain", "python-requests/2.32.5", _REQUESTS),
    Software("plain", "python-httpx/0.28.1", _HTTPX),
    Software("plain", "curl/8.7.1", _GO),
    Software("browser", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0", _BROWSER),
    Software("browser", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Firefox/145.0", _BROWSER),
    Software("browser", "Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0", _BROWSER),
    Software("gateway", "litellm/1.109.1", _HTTPX),
)
"""Every client program of the simulated worlds."""

USER_AGENTS: Final = pa.array([s.user_agent for s in SOFTWARE])
"""User agents in the order of SOFTWARE."""
JA4S: Final = pa.array([s.ja4 for s in SOFTWARE])
"""TLS fingerprints in the order of SOFTWARE."""


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
