"""Opinions at the hub: how many a second are written, and how long a page takes where there are many.

    python bench/exchange_opinions.py [--subjects 100000] [--members 10]

Everything runs in one process on the hub's file, without HTTP: every opinion with its look at rights and its record of the
transparency log, 100 in a transaction, fsync included. Pages of 100 are read from all over the feed, by a member that may
see every second subject.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import tempfile
import time
import uuid
from pathlib import Path

from stillwatch.model.exchange import Entry
from stillwatch.model.membership import Member, Purpose, Role, State, Tlp
from stillwatch.model.opinion import Stance
from stillwatch.serve.hub.log import record
from stillwatch.store.exchange import opinions
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import add_collection, set_group
from stillwatch.store.exchange.members import invite, member_named
from stillwatch.store.exchange.objects import submit
from stillwatch.store.exchange.subjects import nobody, places_of

BATCH = 100
START = 1_800_000_000_000_000


def filled(folder: Path, subjects: int, members: int) -> tuple[HubFile, list[Member], list[str]]:
    """Make a hub with so many objects; the last member may see every second one."""
    file = HubFile(folder / "hub.db")
    with file.writing() as connection:
        for number in range(members):
            ceiling = Tlp.GREEN if number == members - 1 else Tlp.RED
            made = Member(0, str(uuid.uuid4()), f"m{number}", State.INVITED, Role.READER | Role.CONTRIBUTOR, ceiling)
            invite(connection, made, secrets.token_bytes(32), START)
        connection.execute("UPDATE members SET state = 'active'")
        people = [member_named(connection, f"m{number}") for number in range(members)]
        group = set_group(connection, str(uuid.uuid4()), "g", [one.number for one in people], START)
        add_collection(connection, str(uuid.uuid4()), "c", "", group)
        ids = [f"campaign--{uuid.uuid4()}" for _ in range(subjects)]
        revoked = False
        entries = [
            Entry(one, "campaign", 1, revoked, Tlp.RED if n % 2 else Tlp.GREEN, Purpose.DETECT, b"x" * 1_000, bytes(32))
            for n, one in enumerate(ids)
        ]
        submit(connection, 1, 1, people[0].number, entries, START)
    return file, people, ids


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=100_000)
    parser.add_argument("--members", type=int, default=10)
    asked = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        file, people, ids = filled(Path(folder), asked.subjects, asked.members)
        opinions.MOST_OPINIONS = asked.subjects
        begun, voice = time.perf_counter(), people[1]
        for start in range(0, len(ids), BATCH):
            with file.writing() as connection:
                for one in ids[start : start + BATCH]:
                    places = places_of(connection, voice, one, nobody)
                    opinions.hold(connection, voice.number, one, Stance.NEGATIVE, places, START)
                    told = {"member": voice.id, "subject": one, "stance": "negative", "at_us": START}
                    record(connection, [("submission", told)], START, secrets.token_bytes)
        took = time.perf_counter() - begun
        print(f"{len(ids):,} opinions written: {len(ids) / took:,.0f} /s")
        times = []
        for at in range(200):
            since = START + at * len(ids) // 250
            begun = time.perf_counter()
            with file.reading() as connection:
                page, _ = opinions.changed(connection, people[-1], since, nobody)
            times.append((time.perf_counter() - begun) * 1e3)
            assert len(page) == opinions.PAGE
        times.sort()
        print(f"page of {opinions.PAGE}: p50 {times[100]:.1f} ms, p95 {times[190]:.1f} ms")
        file.close()


if __name__ == "__main__":
    main()
