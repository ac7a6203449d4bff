"""``stillwatch watch``: events as they happen, accounts as they change."""

from __future__ import annotations

import json
import shlex
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from stillwatch.dossiers import joint_belonging
from stillwatch.ingest.accounts import EMPTY, read_accounts
from stillwatch.ingest.addresses import trusted_networks
from stillwatch.ingest.agreements import read_agreements
from stillwatch.ingest.door import Door
from stillwatch.ingest.read import Reading
from stillwatch.model.errors import InputError, KeyFileError, StillwatchError
from stillwatch.store.dossier_days import DossierDays
from stillwatch.store.member.file import MemberFile
from stillwatch.store.member.inbox import findings
from stillwatch.verbs.judging import sound_terms, terms_judge
from stillwatch.verbs.reading import (
    CLEAN,
    corpus_filter,
    field_places,
    keep_memory,
    pseudonym_key,
    read_config,
    read_reference,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from stillwatch.model.dossier import Belonging
    from stillwatch.serve.watch.measures import Measures
    from stillwatch.serve.watch.watch import Judge

_LOCAL = ("127.0.0.1", "::1", "localhost")


def listen_at(text: str) -> tuple[str, int]:
    """Read HOST:PORT.

    Raises
    ------
    InputError
        It is no such thing.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InputError(f"--listen {text}: write HOST:PORT, such as 127.0.0.1:4318")
    return host.strip("[]"), int(port)


def secrets_of(name: str | None) -> dict[str, bytes]:
    """Read the senders' secrets, one NAME:SECRET a line.

    Raises
    ------
    KeyFileError
        Others may read the file, or a line is none of these.
    """
    if not name:
        return {}
    path = Path(name)
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyFileError(f"{name}: others may read the senders' secrets; chmod 600 {name}")
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip() and line[0] != "#"]
    except OSError as error:
        raise InputError(f"--secrets {name}: {error.strerror}") from error
    found = {}
    for at, line in enumerate(lines, 1):
        sender, _, secret = line.partition(":")
        if not sender or len(secret) < 16:
            raise KeyFileError(f"{name}: line {at} is no NAME:SECRET with a secret of 16 characters or more")
        found[sender] = secret.encode()
    return found


def joint_of(name: str | None, *, on_one_word: bool = False) -> Callable[[int], Mapping[int, Belonging]]:
    """Give what reads the joint campaigns of a member's file whenever somebody is judged; nothing without one.

    Raises
    ------
    InputError
        There is no such file.
    """
    if not name:
        return lambda _: {}
    path = Path(name)
    if not path.exists():
        raise InputError(f"--exchange {path}: there is no member's file; `stillwatch join` makes one")
    file = MemberFile(path, create=False)

    def joint(now_ms: int) -> Mapping[int, Belonging]:
        with file.reading() as connection:
            return joint_belonging(findings(connection), now_ms, on_one_word=on_one_word)

    return joint


def watch_verb(asked: argparse.Namespace) -> int:
    """Watch until told to stop; see ``stillwatch watch --help``."""
    try:
        from stillwatch.serve.watch import service
        from stillwatch.serve.watch.files import Files
        from stillwatch.serve.watch.intake import Open
        from stillwatch.serve.watch.measures import Measures
        from stillwatch.serve.watch.recording import Recording
        from stillwatch.serve.watch.watch import Observer, Watch, Watched
        from stillwatch.verbs.broker import fetching_of
    except ImportError as error:
        raise InputError(f"watch needs the extra serve: pip install 'stillwatch[serve]' ({error.name})") from error
    if asked.once and asked.broker:
        raise InputError("--once reads files and ends; a broker (--from) has no end")
    listen, secrets = listen_at(asked.listen), secrets_of(asked.secrets)
    if listen[0] not in _LOCAL and not secrets:
        raise InputError(f"--listen {asked.listen}: everybody could send; name senders with --secrets FILE")
    keep_memory()
    config = read_config(asked)
    key = pseudonym_key(Path(asked.key), asked.epoch)
    door = Door(key)
    reading = Reading(
        config=config,
        door=door,
        log_format=asked.format,
        places=field_places(asked.map),
        trusted=trusted_networks(asked.trusted_proxy),
    )
    judge, corpus = terms_judge(asked.terms, asked.store, asked.rules), corpus_filter(asked.corpus)
    judging: Judge = judge or Observer()
    if asked.dossiers:
        judging = Recording(judging, DossierDays(Path(asked.dossiers)))

    def read() -> Watched:
        made = Watched(
            config,
            read_accounts(Path(asked.accounts), door) if asked.accounts else EMPTY,
            read_reference(asked.reference, 1),
            read_agreements(Path(asked.agreements), door) if asked.agreements else {},
            corpus,
            judging,
            joint_of(asked.exchange, on_one_word=asked.on_one_word),
        )
        if judge is not None:
            judge.terms = sound_terms(asked.terms)
        return made

    named = (asked.accounts, asked.agreements, asked.reference, asked.terms)
    files = Files([Path(one) for one in named if one], read)
    measures = Measures()
    watch = Watch(Path(asked.folder), key, files.watched, measures)
    pace = service.Pace(asked.examine_every, asked.campaigns_every, asked.checkpoint_every)
    if asked.once:
        service.once(watch, reading, measures, asked.follow, asked.spool)
        failure = None
    else:
        try:
            fetching = fetching_of(asked, reading, watch.spool, measures)
        except StillwatchError:
            watch.close()
            raise
        where = f"{listen[0]}:{listen[1]}"
        failure = service.serve(
            watch,
            Open(reading, secrets),
            measures,
            pace,
            listen,
            asked.follow,
            asked.spool,
            files,
            lambda: print(f"stillwatch: watching; events to {where}, state in {asked.folder}", file=sys.stderr),
            fetching,
        )
    _told(measures, asked.store, as_json=asked.json)
    if failure is not None:
        raise failure
    return CLEAN


def _told(measures: Measures, store: str | None, *, as_json: bool) -> None:
    taken = measures.taken()
    if as_json:
        print(json.dumps(taken))
        return
    table = Table(title="what the watch did", show_header=False)
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in taken.items():
        if value:
            table.add_row(name.replace("_", " "), f"{value:,.1f}" if isinstance(value, float) else f"{value:,}")
    Console().print(table)
    if store:
        where = shlex.quote(store)
        print(f"what was decided: stillwatch decisions list --store {where}")
        print(f"what waits for a person: stillwatch decisions waiting --store {where}")
