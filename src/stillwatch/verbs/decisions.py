"""``stillwatch decisions``: what was decided, what waits, undoing, the kill switch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.model.pseudonym import pseudonym_text, pseudonym_value
from stillwatch.reports.words import clean
from stillwatch.store import past
from stillwatch.store.answering import approve, decline
from stillwatch.store.appeals import of_decision
from stillwatch.store.calibration import calibration_set
from stillwatch.store.ending import end
from stillwatch.store.switch import stopped, turn
from stillwatch.store.undo import Scope, undo
from stillwatch.store.waiting import all_held
from stillwatch.verbs.decision_tables import decision_table, one_decision, undone_lines, waiting_table
from stillwatch.verbs.stores import now_ms, open_store, shown, state_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from stillwatch.store.database import Database


def decisions_verb(asked: argparse.Namespace) -> int:
    """Do one act; see ``stillwatch decisions --help``."""
    database = open_store(asked)
    try:
        return ACTS[asked.act](asked, database)
    finally:
        database.close()


def _print(asked: argparse.Namespace, values: object, say: Callable[[Console], None]) -> None:
    if asked.json:
        print(json.dumps(values, allow_nan=False))
    else:
        say(Console(highlight=False))


def _list(asked: argparse.Namespace, database: Database) -> int:
    at_ms = now_ms()
    with database.reading() as connection:
        if asked.account:
            found = past.of_account(connection, pseudonym_value(asked.account))[::-1]
        elif asked.campaign:
            found = past.of_campaign(connection, asked.campaign)[::-1]
        else:
            found = past.latest(connection, -1 if asked.in_force else max(asked.most, 0))
    found = tuple(one for one in found if one.in_force(at_ms) or not asked.in_force)[: max(asked.most, 0)]
    why = stopped(database)
    values = {"decisions": [shown(one, at_ms) for one in found], "stopped": why}

    def say(console: Console) -> None:
        if why:
            console.print(Text(clean(why), "bold"))
        console.print(decision_table(found, lambda one: state_of(one, at_ms)))

    _print(asked, values, say)
    return 0


def _show(asked: argparse.Namespace, database: Database) -> int:
    at_ms = now_ms()
    with database.reading() as connection:
        one = past.by_id(connection, asked.decision)
        if one is None:
            raise InputError(f"there is no decision {asked.decision[:80]} on record")
        sentence = past.sentence(connection, one.decision)
        verdict = past.verdict(connection, asked.decision)
        linked = past.of_case(connection, one.case)
        contests = of_decision(connection, asked.decision)
    values = shown(one, at_ms) | {
        "sentence": sentence,
        "evidence_bits": [[item.evidence_class, item.bits] for item in verdict.evidence] if verdict else [],
        "linked": [other.decision.id for other in linked if other.decision.id != one.decision.id],
        "appeals": [{"id": a.id, "at_ms": a.at_ms, "outcome": a.outcome, "by": a.by, "why": a.why} for a in contests],
    }
    _print(
        asked,
        values,
        lambda console: one_decision(console, one, state_of(one, at_ms), sentence, verdict, linked, contests),
    )
    return 0


def _undo(asked: argparse.Namespace, database: Database) -> int:
    account = pseudonym_value(asked.account) if asked.account else None
    scope = Scope(asked.decision, asked.campaign, account, asked.only_account)
    done = undo(database, scope, by=asked.by, why=asked.why, now_ms=now_ms())
    values = {
        "lifted": [one.decision.id for one in done.lifted],
        "accounts": sorted({pseudonym_text(one.decision.account) for one in done.lifted}),
        "cases_overturned": list(done.cases),
        "declined": list(done.declined),
    }
    _print(asked, values, lambda console: undone_lines(console, done))
    return 0


def _waiting(asked: argparse.Namespace, database: Database) -> int:
    with database.reading() as connection:
        found = all_held(connection)
    values = {
        "waiting": [
            {
                "id": one.waiting.decision.id,
                "account": pseudonym_text(one.waiting.decision.account),
                "action": one.waiting.decision.action.name,
                "clause": one.waiting.decision.clause,
                "campaign": one.waiting.decision.campaign,
                "reason": one.waiting.reason,
                "since": moment(one.at_ms),
            }
            for one in found
        ]
    }
    _print(asked, values, lambda console: console.print(waiting_table(found)))
    return 1 if found else 0


def _answer(asked: argparse.Namespace, database: Database) -> int:
    ids: list[str] = asked.decision
    (approve if asked.act == "approve" else decline)(database, ids, by=asked.by, why=asked.why, now_ms=now_ms())
    said = "approved" if asked.act == "approve" else "declined"
    _print(asked, {said: ids}, lambda console: console.print(Text(f"{len(ids)} {said}")))
    return 0


def _end(asked: argparse.Namespace, database: Database) -> int:
    ids: list[str] = asked.decision
    end(database, ids, by=asked.by, why=asked.why, now_ms=now_ms())
    _print(asked, {"ended": ids}, lambda console: console.print(Text(f"{len(ids)} ended")))
    return 0


def _switch(asked: argparse.Namespace, database: Database) -> int:
    to = "on" if asked.act == "resume" else "released" if asked.release else "stopped"
    turn(database, to, by=asked.by, why=asked.why, now_ms=now_ms())  # type: ignore[arg-type]
    why = stopped(database)
    _print(
        asked,
        {"state": to, "stopped": why},
        lambda console: console.print(Text(clean(why) or "the machine decides again")),
    )
    return 0


def _calibration(asked: argparse.Namespace, database: Database) -> int:
    del asked  # always JSON lines
    with database.reading() as connection:
        for one in calibration_set(connection):
            print(
                json.dumps(
                    {
                        "account": pseudonym_text(one.account),
                        "decision": one.decision,
                        "clause": one.clause,
                        "bits": one.bits,
                        "outcome": one.outcome,
                        "at_ms": one.at_ms,
                    }
                )
            )
    return 0


ACTS: Final = {
    "list": _list,
    "show": _show,
    "undo": _undo,
    "waiting": _waiting,
    "approve": _answer,
    "decline": _answer,
    "end": _end,
    "stop": _switch,
    "resume": _switch,
    "calibration": _calibration,
}
