"""What the account file says about how accounts came: card, mail, promo code, and whether they were closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.population import papers

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Ints, Window

MailShares: TypeAlias = tuple[float, float, float, float]
"""Share of accounts with free, corporate, education and throw-away mail."""
PEOPLE: Final[MailShares] = (0.86, 0.08, 0.04, 0.02)
"""Mail of people at leisure."""
FIRMS: Final[MailShares] = (0.16, 0.82, 0.015, 0.005)
"""Mail of firms and their developers."""
CAMPUS: Final[MailShares] = (0.0, 0.25, 0.75, 0.0)
"""Mail of research programmes."""
CLOSED_SHARE: Final = 0.006
"""Share of accounts that a provider closes within a week for reasons of its own: chargebacks, mistakes, wishes."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How accounts came, one row an account."""

    card_bin: pa.Array
    """Issuer id of the card."""
    email_domain: pa.Array
    """Domain of the mail address."""
    email_class: pa.Array
    """One of MAIL_CLASSES."""
    referral: pa.Array
    """Promo code, or null."""
    closed_ms: Ints
    """When the provider closed it (ms); -1 where it is open."""


def ordinary(rng: np.random.Generator, payer: Ints, firm: Ints, mail: MailShares, region: Ints) -> Identity:
    """Draw how ordinary customers came.

    Parameters
    ----------
    rng
        Source of randomness.
    payer
        Whose card pays; shape (n,).
    firm
        Whose mail domain it is where the mail is the firm's own; shape (n,).
    mail
        Share of accounts of each mail class.
    region
        Where each account lives (index into REGIONS); shape (n,).

    Returns
    -------
    Identity
        No account is closed yet; one payer has one card.
    """
    n = len(payer)
    _, first, of_payer = np.unique(payer, return_index=True, return_inverse=True)
    card = papers.issuers(rng, region[first])[of_payer]
    # A firm's accounts have the firm's kind of mail; a person's free mail is the person's choice alone.
    kind = rng.choice(4, size=int(firm.max(initial=-1)) + 1, p=mail)[firm].astype(np.int64)
    alone = np.arange(n, dtype=np.int64)
    own, shared = (papers.mail_domains(rng, kind, owner) for owner in (alone, firm))
    return Identity(
        papers.bins(card),
        pc.if_else(pa.array((kind == 1) | (kind == 2)), shared, own),
        pa.array(papers.MAIL_CLASSES).take(pa.array(kind)),
        papers.codes(rng, n),
        np.full(n, -1, dtype=np.int64),
    )


def some_closed(rng: np.random.Generator, identity: Identity, window: Window) -> Identity:
    """Close a few accounts at any time, as happens to honest customers too.

    Parameters
    ----------
    rng
        Source of randomness.
    identity
        How they came.
    window
        The time of the world.

    Returns
    -------
    Identity
        With those closed that were open and are drawn.
    """
    n = len(identity.closed_ms)
    drawn = rng.random(n) < CLOSED_SHARE * window.days / 7.0
    when = rng.integers(window.start_ms, window.end_ms, size=n) // 1000 * 1000
    return replace(identity, closed_ms=np.where(drawn & (identity.closed_ms < 0), when, identity.closed_ms))
