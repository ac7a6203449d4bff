"""Our cascade of two key holders beside openmined-psi: the same random sets, the same intersection, processor time.

    python bench/exchange_psi.py --psi PYTHON [--size 10000]

PYTHON is the path of a Python that has openmined-psi 2.0.6 (``python -m venv psi && psi/bin/pip install openmined-psi``):
it is no dependency of ours. Theirs is between two parties and reveals the intersection (raw set-up message: exact);
ours is of two members and two key holders, and compares tags.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import secrets
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from stillwatch.sharing.oblivious.cascade import HUB, HolderKeys, Question, answered, batches, begin
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.oblivious.with_voprf import Voprf

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND = BY_NAME["email:v1"]
THEIRS = """
import json, sys, time
import private_set_intersection.python as psi
one, other = json.load(sys.stdin)
began = time.process_time()
client, server = psi.client.CreateWithNewKey(True), psi.server.CreateWithNewKey(True)
setup = server.CreateSetupMessage(1e-9, len(one), other, psi.DataStructure.RAW)
answer = server.ProcessRequest(client.CreateRequest(one))
found = client.GetIntersection(setup, answer)
print(json.dumps([time.process_time() - began, sorted(one[at] for at in found)]))
"""


class Ours:
    """Two members and two key holders in one program, and what each spends (s of processor)."""

    def __init__(self) -> None:
        self.suite, self.seeds = Voprf(), {"custodian": secrets.token_bytes(32), HUB: secrets.token_bytes(32)}
        self.keys = HolderKeys(1, *(self.suite.public_key(seed) for seed in self.seeds.values()))
        self.holders_s = 0.0

    def tags(self, values: Sequence[str]) -> dict[bytes, str]:
        """Give tag -> value of one member's set."""
        made: dict[bytes, str] = {}
        inputs = [KIND.input(value) for value in values]
        named = dict(zip(inputs, values, strict=True))
        for batch in batches(inputs):
            asked = begin(self.suite, KIND.name, batch, self.keys, secrets.token_bytes)
            while isinstance(asked, Question):
                began = time.process_time()
                evaluation = self.suite.evaluate(self.seeds[asked.to], asked.body)
                self.holders_s += time.process_time() - began
                asked = answered(self.suite, asked, evaluation)
            made |= {tag: named[value] for tag, value in zip(asked.own, batch, strict=True)}
        return made


def main() -> int:
    """Compare, and print; 1 where the intersections differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--psi", required=True, help="a Python that has openmined-psi")
    parser.add_argument("--size", type=int, default=10_000, help="values of each side")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)  # noqa: S311 - sets for a comparison
    drawn = [f"u{number:x}@example.org" for number in rng.sample(range(1 << 48), 2 * asked.size)]
    both = rng.randrange(asked.size // 10, asked.size // 2)
    one, other = drawn[: asked.size], drawn[asked.size - both : 2 * asked.size - both]
    rng.shuffle(other)
    ours, began = Ours(), time.process_time()
    tags, others = ours.tags(one), ours.tags(other)
    found = sorted(tags[tag] for tag in tags.keys() & others.keys())
    members_s = time.process_time() - began - ours.holders_s
    done = subprocess.run(
        [asked.psi, "-c", THEIRS], input=json.dumps([one, other]), capture_output=True, text=True, check=True
    )
    theirs_s, theirs = json.loads(done.stdout)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"{platform.python_version()}, {os.cpu_count()} cores, load {load}; {asked.size:,} values a side, {both:,} in both"
    )
    print(f"ours:   {len(found):,} found; {members_s / 2:.2f} s a member, {ours.holders_s / 2:.2f} s a key holder")
    print(f"theirs: {len(theirs):,} found; {theirs_s:.2f} s both parties together")
    same = found == theirs == sorted(set(one) & set(other))
    print("the intersections are equal" if same else "THE INTERSECTIONS DIFFER")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
