"""What the customer told the provider before: a contract, research, an own model, resale with attribution.

Read from the provider's own account file, never from prompts, and only where it names a written
kind of declaration. Whatever else stands there weighs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.likelihood import BITS
from stillwatch.detectors.weights.words import counted, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "declared"
MIN_END_USERS: Final = 5.0
"""More end users than this told apart are attribution (end users)."""
_END_USER_ERROR: Final = 1.6449 * 0.26
_APART: Final = re.compile(r"[\W_]+")
_DENIED: Final = frozenset(("no", "not", "without", "never"))


@dataclass(frozen=True, slots=True)
class Declaration:
    """One kind of declaration and how common it is."""

    name: str
    """What it is called in an evidence sentence."""
    whole: tuple[str, ...]
    """Entries that mean it as they stand, small and with single spaces."""
    part: tuple[str, ...]
    """Phrases that mean it wherever they stand in an entry."""
    extraction: float
    """Share of extracting accounts that declare it, 0 to 1."""
    honest: float
    """Share of honest accounts that declare it, 0 to 1."""

    @property
    def bits(self) -> float:
        """Give the log2 ratio of the two shares."""
        return float(np.log(self.extraction / self.honest) * BITS)


DECLARATIONS: Final[tuple[Declaration, ...]] = (
    Declaration(
        "distillation under contract or licence",
        ("contract", "contracted", "licence", "license", "licensed"),
        (
            *("contracted distillation", "licensed distillation", "distillation under contract"),
            *("distillation under licence", "distillation under license"),
        ),
        0.00025,
        0.002,
    ),
    Declaration(
        "research",
        ("research", "researcher"),
        ("academic research", "scientific research", "university research"),
        0.005,
        0.02,
    ),
    Declaration(
        "an own model",
        ("own model",),
        ("own model distillation", "our own model", "our own open model", "own open model", "own model training"),
        0.0025,
        0.01,
    ),
    Declaration("an evaluation partner", (), ("evaluation partner",), 0.0005, 0.002),
    Declaration("an authorised red team", ("red team",), ("authorised red team", "authorized red team"), 0.0001, 0.001),
)
"""Kinds of declaration. A provider that writes otherwise maps its entries to these."""
RESELLER_ATTRIBUTED: Final = Declaration("resale with end users told apart", (), (), 0.0005, 0.004)
"""A reseller under contract whose end users can be told apart."""
RESELLER: Final = Declaration("resale without end users told apart", (), (), 0.0028, 0.004)
"""A reseller under contract who hides who its end users are."""


@lru_cache(maxsize=4096)
def declaration(entry: str) -> Declaration | None:
    """Find the kind an entry of the account file declares.

    Parameters
    ----------
    entry
        The entry, as the provider wrote it.

    Returns
    -------
    Declaration or None
        None where it is empty, names no written kind, or denies something.

    Examples
    --------
    >>> declaration("Own-model distillation").name
    'an own model'
    >>> declaration("education") is None
    True
    """
    words = _APART.sub(" ", entry.casefold()).split()
    text = " ".join(words)
    if _DENIED & set(words):
        return None
    for one in DECLARATIONS:
        if text in one.whole or any(f" {phrase} " in f" {text} " for phrase in one.part):
            return one
    return None


def _resale(reseller: bool, end_users: float) -> Declaration | None:
    if not reseller:
        return None
    return RESELLER_ATTRIBUTED if end_users > MIN_END_USERS else RESELLER


def _weigh(profile: Profile, able: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Give the stronger of purpose and resale; both say the same thing about one customer."""
    rows = np.nonzero(able)[0]
    found = [declaration(profile.facts.declared_purpose[row]) for row in rows.tolist()]
    purpose = np.array([0.0 if one is None else one.bits for one in found], np.float64)
    reseller, end_users = profile.facts.reseller[rows] == 1, profile.column("end_users")[rows]
    columns = []
    for factor in (1.0, 1 + _END_USER_ERROR, 1 - _END_USER_ERROR):
        attributed = end_users * factor > MIN_END_USERS
        resale = np.where(reseller, np.where(attributed, RESELLER_ATTRIBUTED.bits, RESELLER.bits), 0.0)
        columns.append(np.minimum(purpose, resale))
    return columns


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        events, end_users = (float(profile.column(name)[row]) for name in ("events", "end_users"))
        made = declaration(profile.facts.declared_purpose[row])
        resale = _resale(bool(profile.facts.reseller[row] == 1), end_users)
        parts = []
        if made is not None:
            parts.append(f"the customer declared {made.name}")
        elif resale is None:
            parts.append(f"the customer declared a purpose that is none of the {len(DECLARATIONS)} kinds weighed")
        if resale is not None:
            parts.append(f"the customer declared {resale.name} ({counted(end_users, 'end user')} seen)")
        return f"{'; '.join(parts)}; {whole(events)} requests"

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh what was declared beforehand; one answer an account."""
    silent = np.array([not purpose for purpose in profile.facts.declared_purpose], np.bool_)
    least = config.min_events
    gate = Gate(
        (
            (
                silent & (profile.facts.reseller != 1),
                "the account file declares neither a purpose nor resale, or there is no account file",
            ),
            (missing(profile, *DETECTOR.requires), "the number of requests is unknown"),
            (fewer(profile.column("events"), least), f"fewer than {least} requests, too few for a purpose to matter"),
        )
    )
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, _weigh(profile, gate.reason == 0), _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="a purpose declared to the provider beforehand",
    group="purpose",
    needs=("account_id", "end_user_id"),
    reads=("events", "end_users"),
    requires=("events",),
    weight_model=(
        "The share of extracting over that of honest accounts for each kind of declaration: DECLARATIONS lists them. "
        "Distillation under contract or licence 1 in 4,000 against 1 in 500: -3 bits. Research 0.5 % against 2 %, an "
        "own model 0.25 % against 1 %, an evaluation partner 1 in 2,000 against 1 in 500: -2. An authorised red team 1 "
        "in 10,000 against 1 in 1,000: -3.3; the provider itself grants that. A reseller under contract with more than "
        "5 end users told apart 1 in 2,000 against 1 in 250: -3; without them 0.28 % against 0.4 %: -0.5. The "
        "strongest counts. Any other entry: 0. Low and high: the number of end users over its 90 % error. All rates "
        "are judgements, none is calibrated."
    ),
    blind_spot=(
        "Declaring is cheap: it costs a form, and copiers have declared education, start-ups and security research, "
        "none of which weighs anything here. A contract costs an identity the provider knows; that entry must be the "
        "provider's own and not the customer's words. Invented end users cost one header a request. Whether the use "
        "stays within what was declared is not looked at."
    ),
    benign_twins=(
        "This speaks for an account. What must not be excused: entries that only name a field of study or a trade, a "
        "reseller whose end users cannot be told apart, and entries that deny something."
    ),
    would_change=(
        "A contract that ended or does not cover this use; the declaration found to be the customer's own words and "
        "not the provider's record."
    ),
    references=(
        "Advisory AA26-251A (2026): access through education, security-research and start-up programmes",
        "H.R. 8283: authorised distillation and distillation of one's own model are legitimate",
    ),
    examine=examine,
)
