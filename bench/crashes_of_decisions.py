"""Kill -9 at random points of deciding, appealing, answering, undoing, and see what is lost, torn or done twice.

    python bench/crashes_of_decisions.py [--kills 200] [--seed 1] [--json] [--in-pieces] [--first]

A child runs acts, appeals, answers, undoings and approvals on a store as fast as it can and says over a pipe what came
back to it as done. The parent kills it after a random time, opens the store and compares: whatever was said to be done
must be there, whole, once, and the ledger must verify. The next child goes on at the step that was not said to be
done, so that every step that a kill fell into is tried again. Every 20 kills a new store begins, killed first while it
is being made. ``--in-pieces`` takes the transactions away: the table must then show torn stores, or it shows nothing.
``--first`` ends at the first trouble in a store that had been made.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from stillwatch.acting import act
from stillwatch.enforcement.rules import Limits, Rules, Stagger
from stillwatch.enforcement.situation import Facts, Population
from stillwatch.model.decision import IN_GOOD_STANDING, Action
from stillwatch.model.errors import InputError, StoreTorn
from stillwatch.model.terms import Clause, Terms
from stillwatch.model.verdict import EvidenceItem, Verdict
from stillwatch.store import past
from stillwatch.store.answering import approve, decline
from stillwatch.store.appeals import lodge, open_appeals
from stillwatch.store.database import Database
from stillwatch.store.hearing import overturn, uphold
from stillwatch.store.ledger import Head, entries
from stillwatch.store.sealed import AppealKeys
from stillwatch.store.standing import StandingTable
from stillwatch.store.undo import Scope, undo
from stillwatch.store.verify import readable
from stillwatch.store.waiting import all_held

NOW = 1_790_000_000_000
HOUR = 3_600_000
KEYS = AppealKeys(token=b"t" * 32, text=lambda epoch: bytes([epoch % 250 + 1]) * 32, epoch=1)
RULES = Rules(limits=Limits(10_000, 10_000, 1.0, 1.0, 10_000, 1e9, 0.0, 10_000), stagger=Stagger(6.0, 3))
LADDER = (Action.NOTIFY, Action.THROTTLE, Action.RESTRICT, Action.HOLD, Action.SUSPEND)
CLAUSE = Clause(
    "no-model-copying", "You may not.", (), ((), 0), (), LADDER, "We saw {facts}, until {until}. {appeal}",
    "https://lab.example/{decision}", 48.0, 0, NOW * 2, "live", (),
)  # fmt: skip
TERMS = Terms("lab", 1, (CLAUSE,))
A_STORE = 20


@dataclass
class Said:
    """What children were told was done."""

    step: int = 0
    decisions: set[str] = field(default_factory=set)
    lifted: set[str] = field(default_factory=set)
    appeals: set[str] = field(default_factory=set)
    outcomes: dict[str, str] = field(default_factory=dict)
    head: Head | None = None


def judged(account: int) -> Verdict:
    """Make a verdict; every third account belongs to one of four campaigns."""
    evidence = (EvidenceItem("artefacts", 12.0, "12 artefacts."), EvidenceItem("probing", 5.0, "Probes."))
    campaign = f"C{account % 4}" if account % 3 == 0 else ""
    return Verdict(
        account, CLAUSE.id, TERMS.name, "broken", shadow=False, answers=(), exemptions=(), evidence=evidence,
        permitted=LADDER, campaign=campaign, at_ms=NOW,
    )  # fmt: skip


def step(database: Database, number: int, draw: random.Random) -> dict[str, object]:
    """Do one step; gives what came back. What cannot be done (nothing to contest) is no step."""
    now, kind = NOW + number * HOUR // 2, number % 6
    with database.reading() as connection:
        waiting = [one.waiting.decision.id for one in all_held(connection)]
        running = [one.decision for one in past.latest(connection, 40) if one.lifted_ms < 0]
        contested = open_appeals(connection)
    if kind < 2:
        accounts = draw.sample(range(60), 8)
        known = {account: Facts(last_ms=now, fresh_bits=9.0) for account in accounts}
        given = [judged(account) for account in accounts]
        done = act(
            database, given, TERMS, facts=known, population=Population(10_000), rules=RULES, now_ms=now
        )  # fmt: skip
        return {"decisions": done.recorded.new}
    if kind == 2 and running:
        return {"appeals": [lodge(database, KEYS, draw.choice(running).id, "It was ours.", now).id]}
    if kind == 3 and contested:
        one = draw.choice(contested)
        if draw.random() < 0.5:
            uphold(database, one.id, by="ada", why="it stands", now_ms=now)
            return {"outcomes": {one.id: "upheld"}}
        lifted = overturn(database, one.id, by="ada", why="wrong", now_ms=now).lifted
        return {"outcomes": {one.id: "overturned"}, "lifted": [each.decision.id for each in lifted]}
    if kind == 4 and waiting:
        if draw.random() < 0.5:
            return {"decisions": [each.id for each in approve(database, waiting, by="ben", why="yes", now_ms=now)]}
        decline(database, waiting[:1], by="ben", why="no", now_ms=now)
    if kind == 5 and running:
        one = draw.choice(running)
        scope = Scope(campaign=one.campaign) if one.campaign else Scope(account=one.account)
        return {
            "lifted": [each.decision.id for each in undo(database, scope, by="ada", why="wrong", now_ms=now).lifted]
        }
    return {}


def child(path: Path, first: int, seed: int, pipe: int, *, pieces: bool) -> None:
    """Do steps until killed."""
    if pieces:

        @contextlib.contextmanager
        def writing(self: Database):  # type: ignore[no-untyped-def]  # noqa: ANN202
            yield self._connection

        Database.writing = writing  # type: ignore[method-assign]
    database = Database(path)
    number = first
    while True:
        with contextlib.suppress(InputError):
            done = step(database, number, random.Random(f"{seed} {number}"))  # noqa: S311
            os.write(pipe, json.dumps(done | {"step": number}).encode() + b"\n")
        number += 1


def hear(said: Said, text: bytes) -> None:
    """Take note of what the child was told; a line that is cut short was never said."""
    for line in text.split(b"\n")[:-1]:
        done = json.loads(line)
        said.step = done["step"] + 1
        said.decisions |= set(done.get("decisions", ()))
        said.lifted |= set(done.get("lifted", ()))
        said.appeals |= set(done.get("appeals", ()))
        said.outcomes |= done.get("outcomes", {})


def compare(path: Path, said: Said) -> Counter[str]:
    """Look at a store that a child was killed over."""
    found: Counter[str] = Counter()
    try:
        database = Database(path)
    except StoreTorn:
        found["torn"] += 1
        found["decisions lost"] += len(said.decisions)
        for one in path.parent.glob(f"{path.name}*"):
            one.unlink()
        return found
    heads = [said.head] if said.head else []
    verified = readable(database, heads)
    found["torn"] += bool(verified.troubles)
    said.head = verified.head
    with database.reading() as connection:
        records = past.latest(connection)
        rows = {name: connection.execute(query).fetchall() for name, query in QUERIES.items()}
        torn_runs = _torn_runs(list(entries(connection)))
    by_id = {one.decision.id: one for one in records}
    answers = dict(rows["appeals"])
    found["decisions lost"] += len(said.decisions - by_id.keys())
    found["undoings lost"] += sum(id_ not in by_id or by_id[id_].lifted_ms < 0 for id_ in said.lifted)
    found["appeals lost"] += len(said.appeals - answers.keys())
    found["answers lost"] += sum(answers.get(id_) != outcome for id_, outcome in said.outcomes.items())
    found["torn"] += torn_runs + len(rows["half"])
    at = NOW + said.step * HOUR // 2
    now_running = Counter(
        (one.decision.account, one.decision.action)
        for one in records
        if one.lifted_ms < 0 and not one.decision.shadow and one.decision.until_ms > at
    )
    found["done twice"] += sum(number > 1 for number in now_running.values())
    found["told twice"] += len(rows["told"])
    found["never told"] += len(rows["untold"])
    table = StandingTable(path)
    for account in range(60):
        strictest = max(
            (one.decision.action for one in records if one.decision.account == account and one.in_force(at)),
            default=IN_GOOD_STANDING.action,
        )
        found["standing wrong"] += table.get(account, at).action != strictest
    table.close()
    database.close()
    return found


QUERIES = {
    "appeals": "SELECT id, outcome FROM appeals",
    # A case that was overturned, of which some decision taken before that still stands.
    "half": "SELECT d.id FROM outcomes o JOIN decisions d ON d.case_id = o.case_id LEFT JOIN lifts l ON l.decision = d.id"
    " WHERE o.outcome = 'overturned' AND l.decision IS NULL",
    "told": "SELECT kind, coalesce(body ->> 'appeal', decision) AS what FROM callbacks"
    " GROUP BY kind, what HAVING count(*) > 1",
    "untold": "SELECT id FROM appeals WHERE outcome <> '' AND id NOT IN (SELECT coalesce(body ->> 'appeal', '')"
    " FROM callbacks) UNION ALL SELECT id FROM decisions WHERE shadow = 0 AND action > 0 AND id NOT IN"
    " (SELECT decision FROM callbacks WHERE kind = 'decision.taken')",
}


def _torn_runs(ledger: list) -> int:  # type: ignore[type-arg]
    """Count runs of which only a part is there: each ends with an entry that says how many decisions it took."""
    torn, pending, answered = 0, 0, set()
    for entry in ledger:
        if entry.kind == "answer":
            answered.add(entry.subject)
        elif entry.kind == "decision" and entry.subject not in answered:
            pending += 1
        elif entry.kind == "run":
            torn += int(entry.subject.split()[0]) != pending
            pending = 0
    return torn + bool(pending)


def killed(path: Path, said: Said, seed: int, wait_s: float, *, pieces: bool) -> None:
    """Start a child, kill it, take note of what it was told."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(ours)
        try:
            child(path, said.step, seed, theirs, pieces=pieces)
        except BaseException as error:  # noqa: BLE001 - the child must never run the parent's code
            os.write(2, f"child: {error!r}\n".encode())
        os._exit(3)
    os.close(theirs)
    time.sleep(wait_s)
    os.kill(pid, signal.SIGKILL)
    text = b""
    while part := os.read(ours, 1 << 20):
        text += part
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("the child ended by itself")
    hear(said, text)


def main() -> int:
    """Run all; 1 where anything was lost, torn or done twice."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--in-pieces", action="store_true")
    asked.add_argument("--first", action="store_true")
    given = asked.parse_args()
    draw, total, steps, said = random.Random(given.seed), Counter(), 0, Said()  # noqa: S311
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder) / "none.db"
        for number in range(given.kills):
            if number % A_STORE == 0 or not path.exists():
                steps += said.step
                said, path = Said(), Path(folder) / f"{number}.db"
            wait_s = draw.uniform(0.0, 0.02) if number % A_STORE == 0 else draw.uniform(0.005, 0.3)
            killed(path, said, given.seed, wait_s, pieces=given.in_pieces)
            found = compare(path, said)
            total += found
            if given.first and any(found.values()) and path.exists():
                break
    names = (
        "decisions lost",
        "undoings lost",
        "appeals lost",
        "answers lost",
        "torn",
        "done twice",
        "told twice",
        "never told",
    )
    shown = {"kills": number + 1, "steps": steps + said.step} | {
        name: total[name] for name in (*names, "standing wrong")
    }
    print(json.dumps(shown) if given.json else "\n".join(f"{value:>8,}  {name}" for name, value in shown.items()))
    return int(any(total.values()))


if __name__ == "__main__":
    sys.exit(main())
