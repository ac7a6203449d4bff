"""``stillwatch appeals``: hear them, and serve the customer's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from stillwatch.ingest.keys import create_key, read_key
from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.words import clean
from stillwatch.store import past
from stillwatch.store.appeals import answered, by_id, open_appeals, text_of
from stillwatch.store.hearing import overturn, uphold
from stillwatch.store.sealed import AppealKeys
from stillwatch.store.tokens import issue
from stillwatch.verbs.decision_tables import one_decision, table, undone_lines
from stillwatch.verbs.stores import now_ms, open_store, state_of

if TYPE_CHECKING:
    import argparse

    from stillwatch.store.appeals import Appeal
    from stillwatch.store.database import Database


def appeals_verb(asked: argparse.Namespace) -> int:
    """Do one act; see ``stillwatch appeals --help``."""
    if asked.act == "serve":
        from stillwatch.verbs.appeals_serve import serve

        return serve(asked)
    database = open_store(asked)
    try:
        return ACTS[asked.act](asked, database)
    finally:
        database.close()


def appeal_keys(path: Path, *, make: bool = False) -> AppealKeys:
    """Read the key file of the appeals; ``make`` makes a missing one, mode 0600."""
    if make and not path.exists():
        create_key(path)
    latest = read_key(path)
    return AppealKeys(
        latest.derive("appeal/token"), lambda epoch: read_key(path, epoch).derive("appeal/text"), latest.epoch
    )


def customers_link(base: str, decision: str, token: str) -> str:
    """Write the customer's link to a statement of reasons."""
    return f"{base.rstrip('/')}/appeals/{decision}/{token}"


def _values(one: Appeal) -> dict[str, object]:
    return {
        "id": one.id,
        "decision": one.decision,
        "case": one.case,
        "at": moment(one.at_ms),
        "outcome": one.outcome or "open",
        "by": one.by,
        "why": one.why,
    }


def _list(asked: argparse.Namespace, database: Database) -> int:
    with database.reading() as connection:
        waiting = open_appeals(connection)
        found = waiting + (answered(connection) if asked.all else ())
    if asked.json:
        print(json.dumps({"open": len(waiting), "appeals": [_values(one) for one in found]}))
    elif not found:
        print("no appeals wait")
    else:
        rows = ([str(_values(one)[name]) for name in ("id", "decision", "at", "outcome", "by", "why")] for one in found)
        Console(highlight=False).print(table(("appeal", "decision", "since", "outcome", "by", "why"), rows))
    return 1 if waiting else 0


def _show(asked: argparse.Namespace, database: Database) -> int:
    keys = appeal_keys(Path(asked.key))
    with database.reading() as connection:
        one = by_id(connection, asked.appeal)
        if one is None:
            raise InputError(f"there is no appeal {asked.appeal[:80]}")
        text = text_of(connection, keys, one)
        found = past.by_id(connection, one.decision)
        assert found is not None
        sentence, verdict = past.sentence(connection, found.decision), past.verdict(connection, one.decision)
        linked = past.of_case(connection, one.case)
    if asked.json:
        account = pseudonym_text(found.decision.account)
        print(json.dumps(_values(one) | {"text": text, "account": account, "linked": len(linked) - 1}))
        return 0
    console = Console(highlight=False)
    console.print(Text(f"appeal {one.id} of {moment(one.at_ms)}, {one.outcome or 'open'}", "bold"))
    for line in text.splitlines() or ["(the text was removed)"]:
        console.print(Text("  " + clean(line, 5_000)))
    one_decision(console, found, state_of(found, now_ms()), sentence, verdict, linked, ())
    return 0


def _uphold(asked: argparse.Namespace, database: Database) -> int:
    one = uphold(database, asked.appeal, by=asked.by, why=asked.why, now_ms=now_ms())
    print(json.dumps({"appeal": one.id, "outcome": "upheld"}) if asked.json else f"{one.id}: the decision stands")
    return 0


def _overturn(asked: argparse.Namespace, database: Database) -> int:
    done = overturn(
        database, asked.appeal, by=asked.by, why=asked.why, now_ms=now_ms(), only_account=asked.only_account
    )
    if asked.json:
        lifted = [one.decision.id for one in done.lifted]
        print(json.dumps({"appeal": asked.appeal, "outcome": "overturned", "lifted": lifted}))
    else:
        undone_lines(Console(highlight=False), done)
    return 0


def _link(asked: argparse.Namespace, database: Database) -> int:
    keys = appeal_keys(Path(asked.key))
    with database.reading() as connection:
        missing = [id_ for id_ in asked.decision if past.by_id(connection, id_) is None]
    if missing:
        raise InputError(f"there is no decision {missing[0][:80]} on record")
    made = issue(database, keys.token, asked.decision)
    links = {id_: customers_link(asked.base, id_, token) for id_, token in made.items()}
    print(json.dumps(links) if asked.json else "\n".join(links.values()))
    return 0


ACTS: Final = {"list": _list, "show": _show, "uphold": _uphold, "overturn": _overturn, "link": _link}
