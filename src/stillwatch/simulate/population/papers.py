"""What a customer signs up with: card, mail domain, promo code.

Few banks issue most cards, few free mail providers serve most people, most firms have a domain of their own.
Mail domains end in ``.example``, so none belongs to anybody.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.population.tails import ranked

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Bools, Floats, Ints

MAIL_CLASSES: Final = ("freemail", "corporate", "education", "disposable")
"""Classes of mail domains, as the account file names them."""
ISSUERS: Final = 900
"""Card issuers; the first ones issue most cards."""
VIRTUAL_ISSUERS: Final = 24
"""The last issuers: prepaid and virtual cards, which ordinary customers hold too."""
FREEMAIL: Final = 60
"""Free mail providers."""
COLLEGES: Final = 400
"""Schools and universities with a mail domain."""
DISPOSABLE: Final = 350
"""Domains of throw-away mail."""
CODES: Final = 80
"""Promo codes in circulation."""
USES_CODE: Final = 0.07
"""Share of ordinary customers who come with a promo code."""

_LOCAL: Final = 60
_WORLD_WIDE: Final = 100
_HEAD: Final = ("al", "bor", "cen", "dar", "el", "fin", "gra", "hol", "is", "jun", "kel", "lor", "mar", "nor", "or")
_TAIL: Final = (
    "ba",
    "corr",
    "den",
    "dine",
    "fax",
    "gate",
    "ko",
    "lane",
    "mond",
    "nex",
    "pia",
    "ra",
    "sta",
    "tum",
    "vi",
)


@lru_cache(maxsize=1)
def _bins() -> pa.Array:
    rng = np.random.default_rng(900)
    digits = rng.choice(np.arange(400_000, 560_000), size=ISSUERS, replace=False)
    longer = rng.random(ISSUERS) < 0.3
    short = pa.array(digits).cast(pa.string())
    more = pa.array(rng.integers(10, 100, size=ISSUERS)).cast(pa.string())
    return pc.if_else(pa.array(longer), pc.binary_join_element_wise(short, more, ""), short)


def bins(index: Ints) -> pa.Array:
    """Write the issuer id of cards (6 or 8 digits); shape (n,)."""
    return _bins().take(pa.array(index))


def issuers(rng: np.random.Generator, region: Ints) -> Ints:
    """Draw the issuers of ordinary cards: of world-wide ones, of the region's own banks, now and then of virtual ones.

    Parameters
    ----------
    rng
        Source of randomness.
    region
        Where the payer banks (index into REGIONS); shape (n,).

    Returns
    -------
    Ints
        Issuers, below ISSUERS; shape (n,).
    """
    n, ordinary = len(region), ISSUERS - VIRTUAL_ISSUERS
    common = ranked(rng.random(n), ordinary, 1.05, shift=2.0)
    local = (_WORLD_WIDE + region * _LOCAL + ranked(rng.random(n), _LOCAL, 1.1, shift=1.0)) % ordinary
    virtual = ISSUERS - 1 - ranked(rng.random(n), VIRTUAL_ISSUERS, 1.0)
    return np.select([rng.random(n) < 0.03, rng.random(n) < 0.5], [virtual, local], common).astype(np.int64)


def virtual_issuers(rng: np.random.Generator, n: int) -> Ints:
    """Draw issuers of prepaid and virtual cards; shape (n,)."""
    return ISSUERS - 1 - ranked(rng.random(n), VIRTUAL_ISSUERS, 1.0)


def invented_names(number: Ints) -> pa.Array:
    """Make up a word for each number, the same for the same number.

    Parameters
    ----------
    number
        Numbers >= 0; shape (n,).

    Returns
    -------
    pa.Array
        Words; shape (n,).
    """
    heads, tails = pa.array(_HEAD), pa.array(_TAIL)
    parts = [heads.take(pa.array(number % 15)), tails.take(pa.array(number // 15 % 15))]
    rest = number // 225
    more = pa.array(rest > 0)
    third = heads.take(pa.array(rest % 15))
    fourth = tails.take(pa.array(rest // 15 % 15))
    far = pa.array(rest // 225).cast(pa.string())
    nothing = pa.scalar("")
    parts += [pc.if_else(more, third, nothing), pc.if_else(more, fourth, nothing)]
    return pc.binary_join_element_wise(*parts, pc.if_else(pa.array(rest >= 225), far, nothing), "")


def mail_domains(rng: np.random.Generator, kind: Ints, owner: Ints) -> pa.Array:
    """Draw a mail domain of each class asked for; one owner has one domain a class.

    Parameters
    ----------
    rng
        Source of randomness.
    kind
        Index into MAIL_CLASSES; shape (n,).
    owner
        Whose domain it is, such as the organisation; shape (n,).

    Returns
    -------
    pa.Array
        Domains; shape (n,).
    """
    owners = int(owner.max(initial=-1)) + 1
    u: Floats = rng.random(owners)[owner]
    firm = rng.integers(0, 15**4 * 4, size=owners)[owner]
    # A few large firms have many accounts.
    large: Bools = (rng.random(owners) < 0.08)[owner]
    number = np.select(
        [kind == 0, (kind == 1) & large, kind == 1, kind == 2],
        [ranked(u, FREEMAIL, 1.6), ranked(u, 300, 0.9), 300 + firm, ranked(u, COLLEGES, 0.6)],
        ranked(u, DISPOSABLE, 0.8),
    )
    ending = pa.array([".mail.example", ".example", ".edu.example", ".inbox.example"]).take(pa.array(kind))
    # The classes count from different places, so that their words differ too.
    return pc.binary_join_element_wise(invented_names(number + 1_000 * (kind != 1)), ending, "")


def codes(rng: np.random.Generator, n: int) -> pa.Array:
    """Draw the promo codes of ordinary customers, mostly none.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        Customers.

    Returns
    -------
    pa.Array
        Codes or nulls; shape (n,).
    """
    number = ranked(rng.random(n), CODES, 1.0)
    words = pc.utf8_upper(invented_names(number + 5_000))
    return pc.if_else(pa.array(rng.random(n) < USES_CODE), words, pa.scalar(None, pa.string()))
