"""Oblivious matching, measured: rates of both suites, what 100,000 identifiers cost each party, the close of an epoch.

Run: ``PYTHONPATH=src python bench/exchange_tags.py [--n 100000] [--skip-sodium]``. CPU seconds are of one core.
"""

from __future__ import annotations

import argparse
import resource
import secrets
import tempfile
import time
from pathlib import Path

from stillwatch.sharing.oblivious.cascade import CUSTODIAN, HUB, HolderKeys, Question, answered, batches, begin, direct
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.oblivious.submission import grouped, handle, packed, unpacked
from stillwatch.sharing.oblivious.suite import MOST_BATCH
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.store.exchange.matching import Rule, close
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import submit

SEEDS = {CUSTODIAN: secrets.token_bytes(32), HUB: secrets.token_bytes(32)}
EMAIL = BY_NAME["email:v1"]


class Spent:
    """CPU seconds by party."""

    def __init__(self) -> None:
        self.of: dict[str, float] = {}

    def __call__(self, party: str, function, *args):  # noqa: ANN001, ANN002, ANN204
        """Call a function and add its time to a party's."""
        began = time.process_time()
        found = function(*args)
        self.of[party] = self.of.get(party, 0.0) + time.process_time() - began
        return found


def rates(suite, n: int) -> None:  # noqa: ANN001
    """Print operations a second and core."""
    seed, inputs, spent = SEEDS[HUB], [EMAIL.input(f"user{k}@example.org") for k in range(n)], Spent()
    public = suite.public_key(seed)
    for part in batches(inputs):
        kept, blinded = spent("blind", suite.blind, part)
        evaluation = spent("evaluate, with proof", suite.evaluate, seed, blinded)
        spent("verify and finalize", suite.finalize, kept, evaluation, public)
    for name, seconds in spent.of.items():
        print(f"  {suite.name:10} {name:22} {n / seconds:10,.0f} /s")


def joined(n: int) -> None:
    """Print what n identifiers of one member cost through both key holders."""
    suite, spent, wire = Voprf(), Spent(), {"up": 0, "down": 0, "proofs": 0, "submission": 0}
    keys = HolderKeys(1, suite.public_key(SEEDS[CUSTODIAN]), suite.public_key(SEEDS[HUB]))
    values = [f"user{k}@example.org" for k in range(n)]
    inputs = spent("member", lambda: [EMAIL.input(one) for one in values])
    own: list[bytes] = []
    wall = time.perf_counter()
    for k, part in enumerate(batches(inputs)):
        asked = spent("member", begin, suite, EMAIL.name, part, keys, secrets.token_bytes)
        while isinstance(asked, Question):
            wire["up"] += len(asked.body)
            evaluation = spent(asked.to, suite.evaluate, SEEDS[asked.to], asked.body)
            wire["down"] += len(evaluation) - 64
            wire["proofs"] += 64
            asked = spent("member", answered, suite, asked, evaluation)
        own.extend(asked.own)
        sealed = [[handle(b"k" * 32, 1, f"group {(MOST_BATCH * k + i) // 40}")] for i in range(len(part))]
        wire["submission"] += len(spent("member", lambda t=asked, s=sealed: packed(grouped(t, s, secrets.token_bytes))))
    assert own[17] == direct(suite, inputs[17], SEEDS[CUSTODIAN], SEEDS[HUB])
    print(f"join of {n:,} identifiers through two key holders ({time.perf_counter() - wall:.1f} s one after the other)")
    for party in ("member", CUSTODIAN, HUB):
        print(f"  {party:10} {spent.of[party]:8.2f} s CPU")
    total = sum(wire.values())
    print(f"  bytes an identifier: {total / n:.2f}  " + "  ".join(f"{k} {v / n:.2f}" for k, v in wire.items()))


def intersected(n: int) -> None:
    """Compare tags with a plain intersection of random sets."""
    suite = Voprf()
    keys = HolderKeys(1, suite.public_key(SEEDS[CUSTODIAN]), suite.public_key(SEEDS[HUB]))
    universe = [EMAIL.input(f"{secrets.token_hex(4)}@example.org") for _ in range(2 * n)]
    sets = [{one for one in universe if secrets.randbelow(2)} for _ in range(2)]
    tags = []
    for one in sets:
        made: dict[bytes, bytes] = {}
        for part in batches(sorted(one)):
            asked = begin(suite, EMAIL.name, part, keys, secrets.token_bytes)
            while isinstance(asked, Question):
                asked = answered(suite, asked, suite.evaluate(SEEDS[asked.to], asked.body))
            made.update(zip(asked.own, part, strict=True))
        tags.append(made)
    found = {tags[0][tag] for tag in tags[0].keys() & tags[1].keys()}
    print(
        f"intersection of {len(sets[0]):,} and {len(sets[1]):,}: {len(found):,} by tags, {len(sets[0] & sets[1]):,} plain"
    )
    assert found == sets[0] & sets[1]


def matched(n: int, *, asks: bool = False) -> None:
    """Print what n tags of five members cost the hub, and those of one that only asks."""
    with tempfile.TemporaryDirectory() as folder:
        base, members, shared = TagBase(Path(folder) / "tags.db"), 5, [secrets.token_bytes(16) for _ in range(n // 50)]
        began = time.perf_counter()
        for member in range(members):
            tags = shared[member::2] + [secrets.token_bytes(16) for _ in range(n // members - len(shared[member::2]))]
            for part in batches(tags):
                groups = {secrets.token_bytes(16): part[at : at + 40] for at in range(0, len(part), 40)}
                submit(base, f"lab-{member}", 1, EMAIL.name, unpacked(packed(groups)), 1)
        took = time.perf_counter() - began
        print(f"{n:,} tags submitted in batches of {MOST_BATCH:,}: {n / took:,.0f} /s")
        if asks:
            questions = [*shared, *(secrets.token_bytes(16) for _ in range(n // 10))]
            for part in batches(questions):
                handles = {secrets.token_bytes(16): [tag] for tag in part}
                submit(base, "small-firm", 1, EMAIL.name, unpacked(packed(handles)), 1, asks=True)
            print(f"  and {len(questions):,} that only ask")
        began = time.perf_counter()
        found = close(base, 1, Rule(), 2)
        print(f"  closed in {time.perf_counter() - began:.2f} s, {found.matched:,} tags matched")
        base.close()


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000, help="identifiers (%(default)s)")
    parser.add_argument("--tags", type=int, default=1_000_000, help="tags of the hub (%(default)s)")
    parser.add_argument("--skip-sodium", action="store_true", help="leave the second suite out")
    asked = parser.parse_args()
    print("operations a second and core")
    rates(Voprf(), 16_384)
    if not asked.skip_sodium:
        from stillwatch.sharing.oblivious.with_sodium import Sodium  # noqa: PLC0415 - not installed everywhere

        rates(Sodium(), 4_096)
    intersected(2_000)
    for asks in (False, True):
        matched(min(asked.tags, 5 * 190_000), asks=asks)
    joined(asked.n)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
