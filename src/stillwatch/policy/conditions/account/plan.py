"""Which plan the account is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.language.fields import Field, RecordOf, Word
from stillwatch.policy.language.kinds import ListOf, Text
from stillwatch.policy.reasoning.sets import Names
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.verdict import Answer
    from stillwatch.policy.reasoning.sets import Values

VARIABLE: Final = Variable("plan")


@dataclass(frozen=True, slots=True)
class PlanIn:
    """Whether the account is on one of some plans."""

    names: tuple[str, ...]
    """Plans, as the account file writes them."""

    def truth(self, dossier: Dossier) -> bool | None:
        """Say whether it holds; None where the plan is unknown."""
        return dossier.plan in self.names if dossier.plan else None

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        if not dossier.plan:
            return NotMet(str(self), "the plan is not known", unknown=True)
        if dossier.plan in self.names:
            return Met(str(self), f"the plan is {dossier.plan}")
        return NotMet(str(self), f"the plan is {dossier.plan}; asked for: {' or '.join(self.names)}")

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE

    def met_by(self) -> Values:
        """Give the plans that meet it."""
        return Names(frozenset(self.names))

    def words(self) -> str:
        """Say it in plain words."""
        return f"the plan is {' or '.join(self.names)}"

    def __str__(self) -> str:
        """Write it as the terms do."""
        return f"plan: {{in: [{', '.join(self.names)}]}}"


def _build(read: dict[str, Any]) -> PlanIn:
    return PlanIn(read["in"])


# A name that YAML could take for something else is not needed and would not be written back as it was.
_NAME: Final = Text(64, r"[A-Za-z0-9][A-Za-z0-9._-]*", "a plan: letters, digits, dots, dashes and underscores")
_KIND: Final = RecordOf(
    "plan", (Field("in", ListOf(_NAME, 1, 50), "Plans that meet it, as the account file writes them.", required=True),)
)
WORD: Final = Word(
    "plan",
    _KIND,
    "Plan of the account. Never where its owner lives or which language is spoken.",
    "The account file has no plan.",
    _build,
    ("plan: {in: [free, trial]}",),
)
