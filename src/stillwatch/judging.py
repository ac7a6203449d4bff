"""From dossiers to what is in force: judge by written terms, decide, record. A watch and the fairness report use it.

Who there is (for the guards against acting on too many, or on one kind of account) is counted whenever everybody is
looked at; until that was done once nothing is automatic.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.acting import act
from stillwatch.enforcement.ladder import DAY_MS, HOUR_MS
from stillwatch.enforcement.situation import NOT_MEASURED, Facts, Fresh, Population, Traits
from stillwatch.policy.bar import clauses_could_speak
from stillwatch.policy.judge import judge_all
from stillwatch.store.past import last_begun
from stillwatch.store.waiting import how_many_wait

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stillwatch.dossiers import Known
    from stillwatch.enforcement.rules import Rules
    from stillwatch.model.dossier import Agreement, Dossier
    from stillwatch.model.scan import Looked
    from stillwatch.model.terms import Terms
    from stillwatch.store.database import Database

ACTIVE_MS: Final = 30 * DAY_MS
"""An account with a request this long ago is active (ms)."""
SIZES: Final = (10.0, 100.0, 1000.0, 10_000.0)
"""Bounds of the classes of size (requests a day)."""
SIZE_NAMES: Final = ("under 10 a day", "10-100 a day", "100-1000 a day", "1000-10000 a day", "over 10000 a day")


class TermsJudge:
    """Judges by terms, decides by rules, records in a store.

    Parameters
    ----------
    terms
        The terms.
    database
        The store.
    rules
        Ladder, limits, delays.
    """

    def __init__(self, terms: Terms, database: Database, rules: Rules) -> None:
        self.terms = terms
        """What is judged by; others may be set between two turns."""
        self._database, self._rules = database, rules
        self._population = Population()

    def admits(self, looked: Looked, reported: NDArray[np.bool_], now_ms: int) -> NDArray[np.bool_]:
        """Say of which accounts a clause could speak."""
        return clauses_could_speak(self.terms, now_ms).admits(
            looked.ranking.total_bits,
            looked.assurance.probability,
            looked.assurance.q_value,
            looked.profile.column("events").astype(np.int64),
            reported,
        )

    def judge(self, seen: Sequence[Dossier], now_ms: int, fresh: Fresh = NOT_MEASURED) -> int:
        """Judge, decide, record; gives how many decisions are new."""
        verdicts = [one for each in judge_all(seen, self.terms, now_ms) for one in each]
        facts = {
            one.account: replace(self._facts(one), fresh_bits=fresh.accounts.get(one.account, math.nan)) for one in seen
        }
        acted = act(
            self._database,
            verdicts,
            self.terms,
            facts=facts,
            population=self._population,
            rules=self._rules,
            now_ms=now_ms,
            together=fresh.campaigns,
        )
        return len(acted.recorded.new)

    def followed(self, now_ms: int) -> Mapping[int, int]:
        """Say of every account under a step since when what it does counts as after it (ms since 1970)."""
        ladder = self._rules.ladder
        grace_ms = int(ladder.grace_h * HOUR_MS)
        with self._database.reading() as connection:
            begun = last_begun(connection, now_ms - int(ladder.forgotten_days * DAY_MS))
        return {account: from_ms + grace_ms for account, from_ms in begun.items()}

    def waiting(self) -> int:
        """Say how many decisions wait for a person."""
        return how_many_wait(self._database)

    def _facts(self, one: Dossier) -> Facts:
        return Facts(
            Traits(one.plan, size_name(one.events / one.days), _agreement(one.agreements, one.at_ms)),
            one.agreements,
            one.last_ms,
        )

    def counted(self, looked: Looked, known: Known, now_ms: int) -> None:
        """Take note of who there is; ``looked`` is everybody."""
        profile = looked.profile
        active = profile.column("last_ms") >= now_ms - ACTIVE_MS
        days = np.maximum((profile.column("last_ms") - profile.column("first_ms")) / DAY_MS, 1.0)
        sizes = np.searchsorted(SIZES, profile.column("events") / days, side="right")
        cohorts: dict[tuple[str, str], int] = {}
        for row in np.flatnonzero(active).tolist():
            account = int(profile.account[row])
            agreed = known.agreements.get(account, ())
            for trait, group in (
                ("plan", profile.facts.plan[row]),
                ("size", SIZE_NAMES[int(sizes[row])]),
                ("agreement", _agreement(agreed, now_ms)),
            ):
                if group:
                    cohorts[trait, group] = cohorts.get((trait, group), 0) + 1
        self._population = Population(int(active.sum()), cohorts)


def size_name(per_day: float) -> str:
    """Name the class of size of an account with so many requests a day."""
    return SIZE_NAMES[int(np.searchsorted(SIZES, per_day, side="right"))]


def _agreement(agreed: Sequence[Agreement], at_ms: int) -> str:
    return next((one.kind for one in agreed if one.covers(at_ms)), "none")
