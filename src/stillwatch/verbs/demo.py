"""``stillwatch demo --alliance``: three providers, a custodian and a hub on this machine, and one campaign over all."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console

from stillwatch.config import DEFAULT
from stillwatch.evaluate.exchange.labs import Lab, look, write_labs
from stillwatch.model.errors import InputError
from stillwatch.reports.alliance import TITLE, Seen, alliance_parts, alliance_svg
from stillwatch.reports.files import write_atomically
from stillwatch.reports.layout import show
from stillwatch.reports.leaving import leaving
from stillwatch.reports.progress import WaitingLine
from stillwatch.sharing.oblivious.epochs import DAY_MS, Calendar
from stillwatch.sharing.policy import SharingPolicy
from stillwatch.store.member import inbox, shares
from stillwatch.store.member.journal import journal

try:
    from stillwatch.serve.member.evaluating import open_epoch
    from stillwatch.serve.member.receiving import receive_joint
    from stillwatch.serve.member.sharing import prepared, send
    from stillwatch.serve.rehearsal import Part, Rehearsal
except ImportError as error:
    raise InputError("the demonstration needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

LABS: Final = 3
_EVERYTHING: Final = SharingPolicy(automatic=True, share=1.0, accounts=1 << 30, automatic_groups=1 << 20)


def demo_verb(asked: argparse.Namespace) -> int:
    """Show it; see ``stillwatch demo --help``."""
    if not asked.alliance:
        raise InputError("say what to show: stillwatch demo --alliance")
    folder = Path(asked.out)
    if folder.exists() and not (folder / ".stillwatch-demo").exists() and any(folder.iterdir()):
        raise InputError(f"--out {folder}: it holds something that no demonstration wrote; name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / ".stillwatch-demo").touch()
    labs = _looked(folder, asked.seed)
    names = {f"Lab {chr(ord('A') + at)}": lab for at, lab in enumerate(labs)}
    calendar = Calendar(time.time_ns() // 1_000_000 - DAY_MS, 7 * DAY_MS, DAY_MS)
    alliance = Rehearsal(folder / "exchange", tuple(names), calendar)
    try:
        _exchanged(alliance, names)
        seen = [_seen(name, lab, alliance.parts[name]) for name, lab in names.items()]
    finally:
        alliance.close()
    write_atomically(folder / "alliance.svg", alliance_svg(seen).encode())
    told = [asdict(one) for one in seen]
    write_atomically(folder / "alliance.json", json.dumps(told, indent=1).encode() + b"\n")
    if asked.json:
        print(json.dumps({"seed": asked.seed, "labs": told, "written": [str(folder / "alliance.svg")]}))
        return 0
    print(TITLE.format(count=len(seen)) + "." if sum(one.together for one in seen) else "Nothing was found together.")
    show(alliance_parts(seen), Console())
    where = "docs/explanation/exchange-evaluation.md"
    print(f"All simulated, one world of one seed ({asked.seed}); how often it works is counted in {where}.")
    print(f"The picture: {folder / 'alliance.svg'}; logs of the providers: {folder}/lab-*")
    return 0


def _say(text: str) -> None:
    print(f"stillwatch: {text}", file=sys.stderr, flush=True)


def _looked(folder: Path, seed: int) -> list[Lab]:
    """Let every provider look into its own logs."""
    console = Console(stderr=True)
    with WaitingLine(console, "writing the logs of three providers"):
        folders = write_labs(folder, LABS, seed)
    _say("three providers with logs of their own; one campaign has a third of its accounts at each")
    workers = min(LABS, len(os.sched_getaffinity(0)))
    config = replace(DEFAULT, threads=1)
    context = multiprocessing.get_context("spawn")
    with (
        WaitingLine(console, "every provider scans its logs and looks for campaigns"),
        ProcessPoolExecutor(workers, mp_context=context) as pool,
    ):
        labs = list(pool.map(look, folders, [one.name for one in folders], [seed] * LABS, [config] * LABS))
    alone = sum(int(lab.alone.sum()) for lab in labs)
    _say(f"alone: {alone} accounts are reported in campaigns that extract; {sum(len(lab.candidates) for lab in labs)} "
         "groups are odd and nothing can be said of them")  # fmt: skip
    return labs


def _exchanged(alliance: Rehearsal, labs: Mapping[str, Lab]) -> None:
    """Let every provider share, a week pass, and every provider look again."""
    for name, lab in labs.items():
        part = alliance.parts[name]
        epoch = open_epoch(part.membership)
        groups, offers = prepared(lab.candidates, _EVERYTHING, part.membership.handles, epoch.number)
        if not groups:
            continue
        with part.file.writing() as connection:
            number = shares.add(connection, epoch.number, part.membership.now_ms, "", groups)
        send(part.file, part.membership, epoch, number)
        _say(f"{name}: {leaving(offers)['tags']} tags of {len(offers)} groups made with both key holders and sent")
    alliance.epoch_over(1)
    _say("a week has passed: tags are compared, those that nobody else has are deleted")
    for _ in range(2):
        for name, part in alliance.parts.items():
            got = receive_joint(part.file, part.membership)
            if got.offered:
                _say(f"{name}: {got.offered} of its groups matched; their evidence leaves now, that of no other")
        alliance.hub.tending.round()


def _seen(name: str, lab: Lab, part: Part) -> Seen:
    with part.file.reading() as connection:
        found = inbox.findings(connection)
        out = [line for line in journal(connection) if line.way == "out"]
        tags = connection.execute("SELECT count(DISTINCT tag) FROM own_tags").fetchone()[0]
        offers = connection.execute("SELECT count(*) FROM groups WHERE offered = 1").fetchone()[0]
    accused = [one.account for one in found if one.told["extracting"]]
    together = np.isin(lab.account, np.concatenate([np.zeros(0, np.int64), *accused]))
    stand = [one.account[one.stands] for one in found if one.told["extracting"]]
    standing = np.isin(lab.account, np.concatenate([np.zeros(0, np.int64), *stand]))
    return Seen(
        name=name,
        accounts=lab.account.shape[0],
        events=lab.events,
        campaign=int(lab.campaign.sum()),
        alone=int((lab.alone & lab.campaign).sum()),
        together=int((together & lab.campaign).sum()),
        standing=int((standing & lab.campaign).sum()),
        wrong_alone=int((lab.alone & ~lab.campaign).sum()),
        wrong_together=int((together & ~lab.campaign).sum()),
        tags=tags,
        offers=offers,
        left_bytes=sum(line.size for line in out),
    )
