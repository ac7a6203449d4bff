"""Recording decisions: each with its ledger entry, its case and its verdict, in one transaction, and only once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillwatch.model.decision import POLICY, Waiting
from stillwatch.store.callbacks import tell_taken
from stillwatch.store.cases import open_case
from stillwatch.store.ledger import append
from stillwatch.store.switch import stopped
from stillwatch.store.waiting import put_waiting, waits
from stillwatch.store.written import COLUMNS, fingerprint, plain, row, verdict_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from stillwatch.model.decision import Decision
    from stillwatch.model.terms import Terms
    from stillwatch.model.verdict import Verdict
    from stillwatch.store.canonical import Plain
    from stillwatch.store.database import Database

_INSERT = f"INSERT INTO decisions (seq, case_id, {', '.join(COLUMNS)}) VALUES (?, ?{', ?' * len(COLUMNS)})"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a call to :func:`record` did."""

    new: tuple[str, ...]
    """Ids written now."""
    known: tuple[str, ...]
    """Ids that were on record already; nothing was added."""
    waiting: tuple[str, ...]
    """Ids that wait for a person: as given, automatic ones that met the kill switch, and those that waited before."""


def record(
    database: Database,
    decisions: Iterable[Decision],
    now_ms: int,
    *,
    verdicts: Mapping[str, Verdict] | None = None,
    waiting: Iterable[Waiting] = (),
    terms: Terms | None = None,
    run: Mapping[str, Plain] | None = None,
) -> Recorded:
    """Record decisions.

    Parameters
    ----------
    database
        The store.
    decisions
        In any number; one id is recorded once, whatever is called again after a crash.
    now_ms
        What the clock says (ms since 1970).
    verdicts
        Verdict of each decision, by the decision's id; it is what the statement of reasons is made of.
    waiting
        Decisions that wait for a person.
    terms
        Terms that the verdicts were judged by; the sentence of a clause is kept as it read when it was decided under.
    run
        What the ledger shall keep about the run as a whole, such as limits and the seed of the delays; written
        only where something is new.

    Returns
    -------
    Recorded
        What was new, known and waiting.

    Raises
    ------
    StoreError
        Nothing at all was written.

    Notes
    -----
    One fsync a call, some 130 microseconds a decision. No guard is asked here but the kill switch: whoever decides
    automatically calls ``stillwatch.acting.act``, which asks all of them inside the same transaction. Of an id
    that is on record the first form counts, whatever the second says.
    """
    reasons = dict(verdicts or {})
    new: list[str] = []
    known: list[str] = []
    with database.writing() as connection:
        halted = stopped(database)
        held = list(waiting)
        for decision in decisions:
            if _on_record(connection, decision.id):
                known.append(decision.id)
            elif _is_automatic(decision) and (halted or waits(connection, decision.id)):
                held.append(Waiting(decision, halted))
            else:
                _keep_sentence(connection, decision, terms, now_ms)
                _write(connection, decision, reasons.get(decision.id), now_ms)
                new.append(decision.id)
        for one in held:
            _keep_sentence(connection, one.decision, terms, now_ms)
        wait = [put_waiting(connection, one, reasons.get(one.decision.id), now_ms) for one in held]
        if run is not None and (new or any(news for _, news in wait)):
            append(connection, "run", f"{len(new)} decisions", run, now_ms)
    return Recorded(tuple(new), tuple(known), tuple(id_ for id_, _ in wait))


def _keep_sentence(connection: sqlite3.Connection, decision: Decision, terms: Terms | None, now_ms: int) -> None:
    if terms is None or decision.terms != terms.name:
        return
    name = (decision.terms, decision.clause)
    if connection.execute("SELECT 1 FROM clauses WHERE terms = ? AND id = ?", name).fetchone() is not None:
        return
    for clause in terms.clauses:
        if clause.id == decision.clause:
            append(connection, "clause", clause.id, {"terms": terms.name, "sentence": clause.sentence}, now_ms)
            connection.execute("INSERT INTO clauses VALUES (?, ?, ?)", (*name, clause.sentence))


def _is_automatic(decision: Decision) -> bool:
    return decision.by == POLICY and not decision.shadow


def _on_record(connection: sqlite3.Connection, id_: str) -> bool:
    return connection.execute("SELECT 1 FROM decisions WHERE id = ?", (id_,)).fetchone() is not None


def _write(connection: sqlite3.Connection, decision: Decision, verdict: Verdict | None, now_ms: int) -> None:
    case = open_case(connection, decision.account, decision.campaign, now_ms)
    text = verdict_text(verdict) if verdict else ""
    body: dict[str, Plain] = {"case": case, "decision": plain(decision), "verdict": fingerprint(text) if text else ""}
    seq, _ = append(connection, "decision", decision.id, body, now_ms)
    connection.execute(_INSERT, (seq, case, *row(decision)))
    if text:
        connection.execute("INSERT INTO verdicts VALUES (?, ?)", (decision.id, text))
    tell_taken(connection, decision, now_ms)
