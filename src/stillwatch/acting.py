"""From verdicts to what is in force: read, decide and record in one transaction, so that no limit can be overrun.

Two runs at once, or a run and a person, queue at the store; each sees what the other did.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from stillwatch.enforcement.decide import Decided, decide
from stillwatch.enforcement.guards import DAY_MS
from stillwatch.enforcement.situation import Facts, Population, Situation
from stillwatch.store import past
from stillwatch.store.decisions import Recorded, record
from stillwatch.store.switch import stopped
from stillwatch.store.waiting import all_held

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from stillwatch.enforcement.rules import Rules
    from stillwatch.model.terms import Terms
    from stillwatch.model.verdict import Verdict
    from stillwatch.store.canonical import Plain
    from stillwatch.store.database import Database


@dataclass(frozen=True, slots=True)
class Acted:
    """What a run came to."""

    decided: Decided
    """Decisions, those that wait, and why."""
    recorded: Recorded
    """What of it is new on record."""


def act(
    database: Database,
    verdicts: Iterable[Verdict],
    terms: Terms,
    *,
    facts: Mapping[int, Facts],
    population: Population,
    rules: Rules,
    now_ms: int,
    together: Mapping[str, float] | None = None,
) -> Acted:
    """Decide about verdicts and record what came of it.

    Parameters
    ----------
    database
        The store.
    verdicts, terms
        As :func:`stillwatch.enforcement.decide.decide` takes them.
    facts
        Account -> what the provider knows; agreements are to be read anew.
    population
        Active accounts, in all and by cohort.
    rules
        Ladder, limits, delays.
    now_ms
        What the clock says (ms since 1970).
    together
        Campaign -> evidence since the last step in what its members did, as far as somebody measured (bits).

    Returns
    -------
    Acted
        Safe to call again after a crash with the same verdicts: nothing is decided twice.

    Raises
    ------
    StoreError
        Nothing was decided.
    """
    broken = [verdict for verdict in verdicts if verdict.outcome == "broken"]
    with database.writing() as connection:
        situation = replace(
            _situation(connection, broken, facts, population, now_ms),
            together=together or {},
            stopped=stopped(database),
        )
        decided = decide(broken, terms, situation, rules, now_ms)
        recorded = record(
            database,
            decided.taken,
            now_ms,
            verdicts=decided.verdicts,
            waiting=decided.waiting,
            terms=terms,
            run=_told(decided, terms, population, rules),
        )
    return Acted(decided, recorded)


def _situation(
    connection: sqlite3.Connection,
    broken: list[Verdict],
    facts: Mapping[int, Facts],
    population: Population,
    now_ms: int,
) -> Situation:
    accounts = {verdict.account for verdict in broken}
    for campaign in sorted({verdict.campaign for verdict in broken} - {""}):
        accounts |= {one.decision.account for one in past.of_campaign(connection, campaign)}
    return Situation(
        facts=facts,
        past=past.histories(connection, sorted(accounts)),
        lately=past.acted_on(connection, now_ms - DAY_MS),
        held=frozenset(one.waiting.decision.account for one in all_held(connection)),
        population=population,
    )


def _told(decided: Decided, terms: Terms, population: Population, rules: Rules) -> dict[str, Plain]:
    """Tell the ledger about a run: what it was bound by, which delays were drawn, what tripped."""
    return {
        "terms": terms.name,
        "active": population.active,
        "limits": {name: str(value) for name, value in asdict(rules.limits).items()},
        "stagger": {"window_h": str(rules.stagger.window_h), "seed": rules.stagger.seed},
        "trips": [trip.sentence for trip in decided.trips],
        "delays_ms": {one.id: one.from_ms - one.at_ms for one in decided.taken if one.from_ms > one.at_ms},
        "steps": dict(decided.steps),
    }
