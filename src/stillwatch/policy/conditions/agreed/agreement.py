"""Whether an agreement covers the account: its kind, its window, its pace."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args

from stillwatch.model.dossier import AgreementKind
from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.conditions.base import plain
from stillwatch.policy.language.fields import Field, RecordOf, Word
from stillwatch.policy.language.kinds import OneOf, Span
from stillwatch.policy.reasoning.sets import Spans
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Agreement, Dossier
    from stillwatch.model.verdict import Answer
    from stillwatch.policy.reasoning.sets import Values

KINDS: Final[tuple[AgreementKind, ...]] = get_args(AgreementKind)
NAMES: Final[dict[AgreementKind, str]] = {
    "research": "declared research",
    "reseller": "a reseller's licence",
    "own_model": "distillation into a model of the provider's own offering",
    "evaluation": "evaluation partner",
    "red_team": "red team",
}
_DAY_MS: Final = 86_400_000
_LARGEST: Final = math.nextafter(math.inf, 0.0)


@cache
def agreement_variable(kind: AgreementKind) -> Variable:
    """Name the quantity: length of the shortest agreement that covers the account (days), infinite for none."""
    return Variable("agreement_d", kind, low=0.0, may_miss=False)


def length_d(agreement: Agreement) -> float:
    """Measure its window (days)."""
    return (agreement.until_ms - agreement.from_ms) / _DAY_MS


def _in_force(agreement: Agreement, dossier: Dossier) -> bool:
    return agreement.covers(dossier.at_ms) or (dossier.last_ms <= dossier.at_ms and agreement.covers(dossier.last_ms))


@dataclass(frozen=True, slots=True)
class Agreed:
    """Whether an agreement of one kind is in force and covers the pace of the account."""

    kind: AgreementKind
    """Kind of agreement."""
    longest_h: float = math.inf
    """Longest window it may have (h), for what must be looked at often."""

    def covering(self, dossier: Dossier) -> Agreement | None:
        """Find the first agreement that covers the account.

        One that has ended still covers an account that has asked for nothing since.
        """
        pace = dossier.events / dossier.days
        for one in dossier.agreements:
            fits = one.kind == self.kind and _in_force(one, dossier) and pace <= one.requests_per_day
            if fits and length_d(one) <= self.longest_h / 24.0:
                return one
        return None

    def truth(self, dossier: Dossier) -> bool | None:
        """Say whether it holds. No agreement on record is no agreement: the register is the provider's own."""
        return self.covering(dossier) is not None

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        found = self.covering(dossier)
        if found:
            return Met(str(self), f"{NAMES[self.kind]}, agreement {found.reference}, is in force")
        mine = [one for one in dossier.agreements if one.kind == self.kind]
        return NotMet(str(self), self._why(mine[0], dossier) if mine else f"no agreement on record: {NAMES[self.kind]}")

    def _why(self, one: Agreement, dossier: Dossier) -> str:
        named = f"agreement {one.reference} ({NAMES[self.kind]})"
        if dossier.at_ms < one.from_ms:
            return f"{named} has not begun"
        if not _in_force(one, dossier):
            return f"{named} has ended, and there were requests since"
        if length_d(one) > self.longest_h / 24.0:
            return f"{named} runs over {plain(length_d(one))} days; at most {plain(self.longest_h / 24)} are asked for"
        pace = dossier.events / dossier.days
        return f"{named} covers {plain(one.requests_per_day)} requests a day, seen were {plain(pace)}"

    def variable(self) -> Variable:
        """Name the quantity."""
        return agreement_variable(self.kind)

    def met_by(self) -> Values:
        """Give the lengths that meet it."""
        return Spans(((0.0, min(self.longest_h / 24.0, _LARGEST)),))

    def words(self) -> str:
        """Say it in plain words."""
        within = "" if math.isinf(self.longest_h) else f" of at most {plain(self.longest_h / 24)} days"
        return f"an agreement{within} is in force and covers the pace: {NAMES[self.kind]}"

    def __str__(self) -> str:
        """Write it as the terms do."""
        longest = "" if math.isinf(self.longest_h) else f", longest: {self.longest_h:.0f}h"
        return f"agreement: {{kind: {self.kind}{longest}}}"


def _build(read: dict[str, Any]) -> Agreed:
    return Agreed(read["kind"], read.get("longest", math.inf))


_KIND: Final = RecordOf(
    "agreement",
    (
        Field("kind", OneOf(KINDS), "Kind of agreement.", required=True),
        Field("longest", Span(), "Longest window that it may have.", default="any"),
    ),
)
WORD: Final = Word(
    "agreement",
    _KIND,
    "Whether an agreement of this kind was in force when the dossier was put together, or at the account's last "
    "request, and its requests a day cover those seen, on average from first to last.",
    "Never: what is not in the provider's register is not agreed.",
    _build,
    ("agreement: {kind: research}", "agreement: {kind: red_team, longest: 31d}"),
)
