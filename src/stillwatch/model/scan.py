"""The result of one scan: what was read, what could run, what was found.

Reports render it; they compute nothing on their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillwatch.model.campaign import Campaigns
    from stillwatch.model.event import Provenance, Reject
    from stillwatch.model.finding import Assurance, Examined, Ranking
    from stillwatch.model.profile import Profile


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of some accounts; row i of each part is the same account."""

    profile: Profile
    """Their features."""
    examined: tuple[Examined, ...]
    """Every detector's answers."""
    ranking: Ranking
    """Their totals."""
    assurance: Assurance
    """How far the totals can be believed."""


@dataclass(frozen=True, slots=True)
class SourceCount:
    """What became of one input. ``read == accepted + rejected`` always holds."""

    path: str
    """Path as given, or ``-`` for standard input."""
    provenance: Provenance
    """Reader, and how accounts and times are known."""
    read: int
    """Records seen."""
    accepted: int
    """Records that became events."""
    rejected: int
    """Records that did not, each with a reason."""
    duplicates: int
    """Accepted events whose id had been counted already; counted once."""
    unattributed: int
    """Accepted events without an account: counted here, judged nowhere."""
    incomplete: str
    """Empty, or why the source ended early (a truncated archive, an interrupt)."""
    blanked: tuple[tuple[str, int], ...] = ()
    """Fields whose values made no sense and were left out, or (``ts_ms``) were missing: (field, how many)."""


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether one detector can run on what was read."""

    detector: str
    """Name of the detector."""
    able: bool
    """False where no account had the fields it needs."""
    accounts: int
    """Accounts it gave a weight for."""
    reason: str
    """Why it could not run, or for how many accounts it could not and why."""
    needs: tuple[str, ...]
    """Event fields it reads."""
    absent: tuple[str, ...]
    """Those of them that no source gives."""
    title: str
    """What the detector looks for, in a few words."""
    group: str
    """Dependence group of the detector."""
    blind_spot: str
    """What it cannot see."""
    would_change: str
    """What the account or its provider could show that would change the answer."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything a report shows."""

    sources: tuple[SourceCount, ...]
    """One an input, in the order read."""
    rejects: tuple[Reject, ...]
    """The first rejected records, at most ``Config.rejects_kept``."""
    capabilities: tuple[Capability, ...]
    """One a detector."""
    profile: Profile
    """Features of every account."""
    examined: tuple[Examined, ...]
    """Every detector's answers; row i speaks of row i of the profile."""
    ranking: Ranking
    """Combined evidence."""
    assurance: Assurance
    """How far it can be believed."""
    exemplars: dict[int, tuple[str, ...]]
    """Account -> prompts kept on request (``--keep-exemplars``), of accounts reported and of the surest members of
    campaigns reported; empty by default."""
    cold_kernels: bool
    """True where this run had to compile its kernels first."""
    elapsed_s: float
    """Wall time of reading, folding and examining."""
    campaigns: Campaigns | None = None
    """Campaigns found among the accounts; None where none were looked for."""
    known: frozenset[str] = frozenset()
    """Event fields and account file columns that hold something."""
