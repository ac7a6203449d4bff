"""Every default in one frozen place, with its unit and why it is what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one run. Change one with ``dataclasses.replace``."""

    prior_bits: float = -10.0
    """log2 odds that an account extracts, before any evidence: about 1 in 1,000. Stated, not measured."""
    threshold_bits: float = 3.0
    """Total at which an account is reported: odds of 8 to 1. Stated, not measured."""
    chunk_bytes: int = 16 << 20
    """Bytes of text read into one batch (bytes); bounds memory, not record length."""
    max_record_bytes: int = 64 << 20
    """Longest single record accepted (bytes)."""
    max_depth: int = 100
    """Deepest JSON nesting accepted (levels)."""
    text_limit_bytes: int = 2048
    """How much of the head, and of the tail, of a prompt is cut into words (bytes)."""
    buckets: int = 16
    """Account buckets: the unit of memory growth, of checkpoints and of sharding."""
    threads: int = 0
    """Worker threads; 0 means one a processor."""
    dedupe_window: int = 4 << 20
    """Events within which a repeated event id is found (events), shared out evenly over the buckets."""
    artefact_pairs: int = 2_000_000
    """(artefact, account) pairs kept exactly; past it the same random share is kept of every account (pairs)."""
    print_pairs: int = 2_000_000
    """(print, account) pairs of answers and prompts kept exactly, past it a random share (pairs); 40 bytes each."""
    rejects_kept: int = 1000
    """Rejected records listed with their reason (records); all are counted."""
    shown: int = 20
    """Accounts shown in the terminal and drawn in the report (accounts)."""
    permitted_share: float = 0.005
    """Share of honest accounts with the very shape of a harvest (0 to 1); ``calibrate`` measures it on your traffic."""
    min_events: int = 10
    """Fewest events from which a shape of behaviour is read (events); below it detectors answer NotEnoughEvidence."""


DEFAULT: Final = Config()
"""The configuration of a run that says nothing."""
