"""Whatever runs, undoes, approves, stops, repeats or turns the clock: what must never be is never."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from enforcement.judged import DAY, HOUR, LADDER, NOW, TERMS, facts, verdict
from stillwatch.acting import Acted, act
from stillwatch.enforcement.rules import Limits, Rules, Stagger
from stillwatch.enforcement.situation import Population, Traits
from stillwatch.model.decision import IN_GOOD_STANDING, Action, OnRecord
from stillwatch.store import past
from stillwatch.store.answering import approve, decline
from stillwatch.store.database import Database
from stillwatch.store.decisions import record
from stillwatch.store.ending import end
from stillwatch.store.standing import StandingTable
from stillwatch.store.switch import state, turn
from stillwatch.store.undo import Scope, undo
from stillwatch.store.verify import verify
from stillwatch.store.waiting import all_held

if TYPE_CHECKING:
    from stillwatch.model.verdict import Verdict

ACCOUNTS = range(8)
CAMPAIGN = range(4, 8)
LIMIT = 5
RULES = Rules(limits=Limits(accounts_a_run=4, accounts_a_day=LIMIT, share_of_active=1.0, share_of_plan=1.0))
POPULATION = Population(1_000)
KINDS = (("asked",), ("probing",), ("probing", "content"), ("campaign", "artefacts"), ("coordination",))


def judged(account: int, kinds: tuple[str, ...], clause: int, *, shadow: bool) -> Verdict:
    campaign = "C" if account in CAMPAIGN else ""
    return verdict(account, kinds, clause=TERMS.clauses[clause].id, shadow=shadow, campaign=campaign)  # type: ignore[arg-type]


VERDICT = st.builds(
    judged,
    st.sampled_from(ACCOUNTS),
    st.sampled_from(KINDS),
    st.integers(0, 1),
    shadow=st.integers(0, 3).map(lambda n: not n),
)


def strictest(records: list[OnRecord], account: int, now: int, *, released: bool) -> Action:
    """Say an account's standing by the plain rule."""
    return max(
        (
            one.decision.action
            for one in records
            if one.decision.account == account and one.in_force(now) and not (released and one.decision.by == "policy")
        ),
        default=IN_GOOD_STANDING.action,
    )


class Acting(RuleBasedStateMachine):
    @initialize(window=st.sampled_from((0.0, 12.0)))
    def opened(self, window: float) -> None:
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)  # noqa: S108
        self.file = Path(self.folder.name) / "s.db"
        self.database = Database(self.file)
        self.table = StandingTable(self.file)
        self.now = NOW
        self.rules = replace(RULES, stagger=Stagger(window, seed=1))

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.table.close()
            self.database.close()
            self.folder.cleanup()

    def records(self) -> list[OnRecord]:
        with self.database.reading() as connection:
            return list(past.latest(connection))

    def standings(self, records: list[OnRecord]) -> dict[int, Action]:
        with self.database.reading() as connection:
            released = state(connection) == "released"
        return {account: strictest(records, account, self.now, released=released) for account in ACCOUNTS}

    def run(self, verdicts: list[Verdict]) -> Acted:
        known = {account: facts(traits=Traits(), last_ms=self.now) for account in ACCOUNTS}
        return act(
            self.database, verdicts, TERMS, facts=known, population=POPULATION, rules=self.rules, now_ms=self.now
        )

    @rule(verdicts=st.lists(VERDICT, min_size=1, max_size=6))
    def runs(self, verdicts: list[Verdict]) -> None:
        done = self.run(verdicts)
        again = record(
            self.database,
            done.decided.taken,
            self.now,
            verdicts=done.decided.verdicts,
            waiting=done.decided.waiting,
            run={},
        )

        assert again.new == ()
        repeated = self.run(verdicts)
        assert repeated.recorded.new == (), "a run repeated at once decides nothing more"

    @rule(verdicts=st.lists(VERDICT, min_size=4, max_size=6), hours=st.sampled_from((1, 25, 49)))
    def runs_later(self, verdicts: list[Verdict], hours: int) -> None:
        self.now += hours * HOUR
        self.runs(verdicts)

    @rule(hours=st.sampled_from((1, 13, 25, 49, 24 * 95)))
    def passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule()
    def clock_goes_back(self) -> None:
        self.now -= HOUR

    @rule(account=st.sampled_from(ACCOUNTS), narrow=st.booleans(), pick=st.integers(0, 50))
    def undoes(self, account: int, narrow: bool, pick: int) -> None:
        records = [one for one in self.records() if one.decision.account == account]
        if not records:
            return
        chosen = records[pick % len(records)]
        scope = Scope(decision=chosen.decision.id, only_account=narrow)
        linked = {
            one.decision.id
            for one in self.records()
            if (one.decision.account == account if narrow else one.case == chosen.case)
        }
        without = [one for one in self.records() if one.decision.id not in linked]

        undo(self.database, scope, by="ada", why="wrong", now_ms=self.now)

        assert self.standings(self.records()) == self.standings(without)

    @rule(pick=st.integers(0, 50))
    def ends_early(self, pick: int) -> None:
        running = [one for one in self.records() if one.lifted_ms < 0 and not one.decision.shadow]
        running = [one for one in running if self.now < one.decision.until_ms and one.ended_ms < 0]
        if running:
            end(self.database, [running[pick % len(running)].decision.id], by="ada", why="verified", now_ms=self.now)

    @rule(yes=st.booleans())
    def answers(self, yes: bool) -> None:
        with self.database.reading() as connection:
            held = all_held(connection)
        if held:
            (approve if yes else decline)(
                self.database, [held[0].waiting.decision.id], by="ben", why="looked", now_ms=self.now
            )

    @rule(to=st.sampled_from(("on", "on", "stopped", "released")))
    def switches(self, to: str) -> None:
        turn(self.database, to, by="ada", why="x", now_ms=self.now)  # type: ignore[arg-type]

    @invariant()
    def no_machine_suspends_and_everything_ends(self) -> None:
        if not hasattr(self, "database"):
            return
        for one in self.records():
            assert one.decision.until_ms > one.decision.from_ms
            assert one.decision.action in LADDER
            assert not (one.decision.action == Action.SUSPEND and one.decision.by == "policy")
            assert not (one.decision.action >= Action.HOLD and one.decision.by == "policy" and not one.decision.shadow)

    @invariant()
    def the_table_says_what_the_plain_rule_says(self) -> None:
        if not hasattr(self, "database"):
            return
        self.table.refresh(self.now)
        assert {account: self.table.get(account, self.now).action for account in ACCOUNTS} == self.standings(
            self.records()
        )

    @invariant()
    def no_day_sees_more_than_its_limit(self) -> None:
        if not hasattr(self, "database"):
            return
        touched = [one.decision for one in self.records() if one.decision.by == "policy" and not one.decision.shadow]
        for last in touched:
            day = {one.account for one in touched if last.at_ms - DAY < one.at_ms <= last.at_ms and one.action}
            assert len(day) <= LIMIT

    @invariant()
    def the_ledger_verifies(self) -> None:
        if hasattr(self, "database"):
            assert verify(self.database).troubles == ()


Acting.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=18,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.reuse, Phase.generate),  # shrinking a run of a store takes minutes
)
TestActing = Acting.TestCase


def test_runs_side_by_side_keep_the_limit_together(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    Database(file).close()
    start = threading.Barrier(6)
    troubles: list[Exception] = []

    def one(number: int) -> None:
        try:
            database = Database(file)
            start.wait()
            for turn_ in range(3):
                account = 100 * number + turn_
                act(
                    database,
                    [verdict(account)],
                    TERMS,
                    facts={},
                    population=POPULATION,
                    rules=RULES,
                    now_ms=NOW + turn_,
                )
            database.close()
        except Exception as error:  # noqa: BLE001 - told below
            troubles.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert troubles == []
    database = Database(file)
    with database.reading() as connection:
        taken, held = past.latest(connection), all_held(connection)
    assert (len(taken), len(held)) == (LIMIT, 18 - LIMIT)
    assert verify(database).troubles == ()
    database.close()


def test_a_run_under_the_kill_switch_takes_nothing_and_says_why(tmp_path: Path) -> None:
    database = Database(tmp_path / "s.db")
    turn(database, "stopped", by="ada", why="odd numbers", now_ms=NOW)

    done = act(
        database, [verdict(1)], TERMS, facts={}, population=POPULATION, rules=RULES, now_ms=NOW
    )  # fmt: skip

    assert [trip.guard for trip in done.decided.trips] == ["switch"]
    assert done.recorded.new == ()
    with database.reading() as connection:
        (held,) = all_held(connection)
    assert "odd numbers" in held.waiting.reason
    database.close()
