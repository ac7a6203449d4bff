"""Which layers had nothing to go by: what was neither in the logs nor in the account file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYER_READS: Final[Mapping[str, tuple[str, ...]]] = {
    "product": ("system", "prompt", "user_agent", "ja4", "referral"),
    "place": ("client_net", "client_ip"),
    "money": ("payment_fingerprint", "card_bin", "email_domain", "email_class", "signup"),
    "rhythm": ("ts_ms",),
    "shards": ("prompt",),
    "quotas": ("ts_ms",),
    "life-cycle": ("closed",),
    "artefacts": ("artefacts_carried", "artefacts_born"),
}
"""Layer -> event fields and account file columns it can read; one of them is enough to begin with."""


def untested(known: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give the layers that nothing could be tested on, each with what would change that.

    Parameters
    ----------
    known
        Event fields and account file columns that hold something.

    Returns
    -------
    tuple
        Layer and the fields it reads, in the order of the layers.

    Examples
    --------
    >>> [layer for layer, _ in untested(frozenset({"ts_ms", "prompt", "client_net", "closed"}))]
    ['money', 'artefacts']
    """
    return tuple((layer, reads) for layer, reads in LAYER_READS.items() if not known & frozenset(reads))


def untested_words(known: frozenset[str]) -> str:
    """Say which layers had nothing to go by; empty where all had."""
    told = [f"{layer} (no {', '.join(reads)})" for layer, reads in untested(known)]
    return f"Could not be tested at all: {'; '.join(told)}." if told else ""
