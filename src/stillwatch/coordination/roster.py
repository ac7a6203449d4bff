"""What coordination knows of the accounts: one row each, in columns, ready to be joined and counted.

A *field* is one thing that accounts may share: a card, a TLS fingerprint, an hour of sign-up. Values are coded
densely; -1 is unknown and counts for nothing. Strata (plan, SDK family, size) say how common a value is among
accounts of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import ARTEFACTS, MONEY, PLACE, PRODUCT, Groups
from stillwatch.coordination.layers.together import Moments, moments
from stillwatch.coordination.outline import NO_CODE, NO_NETWORK
from stillwatch.coordination.rates import Rates, rates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.coordination.outline import Outline
    from stillwatch.model.registered import Registered

_HOUR_MS: Final = 3_600_000
SIZES: Final = (10, 100, 1000)
"""Bounds of the size classes (events)."""
MOST_STRATA: Final = 4_096
"""Most strata; the rarest are one. An SDK family is what a client calls itself, so anybody can make up new ones."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that accounts may share."""

    name: str
    """Name, as in the evidence."""
    layer: int
    """Layer it speaks for, one bit."""
    words: str
    """How a sentence says it: "share one ..."."""


FIELDS: Final = (
    Field("template", PRODUCT, "rare template"),
    Field("user_agent", PRODUCT, "client program"),
    Field("ja4", PRODUCT, "TLS fingerprint"),
    Field("referral", PRODUCT, "referral"),
    Field("network", PLACE, "network"),
    Field("payment", MONEY, "means of payment"),
    Field("card_bin", MONEY, "card issuer"),
    Field("email_domain", MONEY, "sign-up domain"),
    Field("email_class", MONEY, "kind of sign-up address"),
    Field("signup_hour", MONEY, "hour of sign-up"),
    Field("signup_day", MONEY, "day of sign-up"),
    Field("artefact", ARTEFACTS, "reasoning artefact"),
)
"""Every field that is counted."""
AT: Final[Mapping[str, int]] = {field.name: at for at, field in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True)
class Coded:
    """The values of one field: those of account i are ``value[start[i]:start[i + 1]]``."""

    start: NDArray[np.int64]
    """(n + 1,) where each account's values begin."""
    value: NDArray[np.int32]
    """Dense codes, distinct within an account."""
    token: NDArray[np.uint64]
    """(values,) what each code stands for, as a keyed hash or a number."""

    def known(self, rows: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """Say which of all or of some accounts have a value."""
        if rows is None:
            return np.diff(self.start) > 0
        return np.asarray(self.start[rows + 1] > self.start[rows])


@dataclass(frozen=True, slots=True)
class Roster:
    """Every account that coordination looks at, one row each."""

    outline: Outline
    """Their sketches, in the same order."""
    registered: Registered
    """Their sign-up and payment."""
    stratum: NDArray[np.int32]
    """(n,) number of the account's stratum, from 0."""
    fields: tuple[Coded, ...]
    """Values of FIELDS, in that order."""
    rates: tuple[Rates, ...]
    """How common they are, in that order."""
    moments: Moments
    """When everybody is at work."""

    def __len__(self) -> int:
        """Count the accounts."""
        return int(self.stratum.shape[0])


def _single(values: NDArray[np.uint64], known: NDArray[np.bool_]) -> Coded:
    token, code = np.unique(values[known], return_inverse=True)
    start = np.concatenate([[0], np.cumsum(known)]).astype(np.int64)
    return Coded(start, code.astype(np.int32), token)


def _several(values: NDArray[np.uint64], empty: np.uint64) -> Coded:
    """Code rows of values, shape (n, k), each distinct within its row."""
    there = values != empty
    token, code = np.unique(values[there], return_inverse=True)
    start = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    return Coded(start, code.astype(np.int32), token)


def _drawn(codes: NDArray[np.uint32]) -> Coded:
    return _single(codes.astype(np.uint64), codes != NO_CODE)


def _keyed(values: NDArray[np.int64]) -> Coded:
    return _single(values.view(np.uint64), values != 0)


def _moments(ms: NDArray[np.int64], width_ms: int) -> Coded:
    return _single((ms // width_ms).astype(np.uint64), ms >= 0)


def strata_numbers(outline: Outline, registered: Registered) -> NDArray[np.int64]:
    """Give each account the number of its kind: plan, SDK family, size. Never country, language or its network."""
    size = np.searchsorted(np.array(SIZES), outline.events, side="right")
    # The SDK family is a 32-bit hash; plan and size take the bits above it.
    return np.asarray(outline.library.astype(np.int64) | registered.plan << 34 | size << 32)


def strata(numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    """Give each kind of account a number from 0; past MOST_STRATA the rarest kinds are one."""
    _, found, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    if sizes.shape[0] > MOST_STRATA:
        rank = np.empty(sizes.shape[0], np.int64)
        rank[np.argsort(-sizes, kind="stable")] = np.arange(sizes.shape[0])
        found = np.minimum(rank, MOST_STRATA - 1)[found]
    return np.asarray(found, np.int32)


def memberships_of(groups: Groups, n: int) -> Coded:
    """Code the groups that each of n accounts is in."""
    order = np.argsort(groups.members, kind="stable")
    value = np.repeat(np.arange(len(groups), dtype=np.int32), groups.sizes)[order]
    start = np.searchsorted(groups.members[order], np.arange(n + 1)).astype(np.int64)
    return Coded(start, value, groups.token)


def coded(outline: Outline, registered: Registered) -> dict[str, Coded]:
    """Code the values of every field but those that are groups themselves."""
    return {
        "user_agent": _drawn(outline.user_agent),
        "ja4": _drawn(outline.ja4),
        "network": _several(outline.nets, NO_NETWORK),
        "payment": _keyed(registered.payment),
        "card_bin": _keyed(registered.card_bin),
        "email_domain": _keyed(registered.email_domain),
        "email_class": _keyed(registered.email_class),
        "referral": _keyed(registered.referral),
        "signup_hour": _moments(registered.signup_ms, _HOUR_MS),
        "signup_day": _moments(registered.signup_ms, 24 * _HOUR_MS),
    }


def enroll(outline: Outline, registered: Registered, templates: Groups, artefacts: Groups) -> Roster:
    """Make the roster of some accounts.

    Parameters
    ----------
    outline
        Their sketches.
    registered
        Their sign-up and payment, in the same order.
    templates, artefacts
        Groups that share a rare template, and groups joined by reasoning artefacts.

    Returns
    -------
    Roster
        Fields coded, strata numbered.

    Notes
    -----
    O(n log n) a field.
    """
    n = outline.key.shape[0]
    made = coded(outline, registered) | {
        "template": memberships_of(templates, n),
        "artefact": memberships_of(artefacts, n),
    }
    stratum = strata(strata_numbers(outline, registered))
    fields = tuple(made[field.name] for field in FIELDS)
    counted = tuple(rates(field, stratum) for field in fields)
    return Roster(outline, registered, stratum, fields, counted, moments(outline))
