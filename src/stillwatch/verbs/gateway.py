"""``stillwatch gateway``: serve before a model API."""

from __future__ import annotations

import gc
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.ingest.keys import read_key
from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.verbs.reading import pseudonym_key

if TYPE_CHECKING:
    import argparse

    from stillwatch.serve.gateway.settings import Settings


def gateway_verb(asked: argparse.Namespace) -> int:
    """Serve, or only check; see ``stillwatch gateway --help``."""
    try:
        from stillwatch.serve.gateway.born import Born
        from stillwatch.serve.gateway.read import read_settings, settings_of
        from stillwatch.serve.gateway.recorder import Recorder
        from stillwatch.serve.gateway.run import assemble, make_server
        from stillwatch.serve.gateway.standing import StoreStandings
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is missing: install stillwatch with its extra `serve`") from error
    if asked.config:
        settings = read_settings(Path(asked.config))
        key = read_key(Path(settings.key))
    else:
        settings = settings_of({"upstreams": {"default": {"url": asked.upstream}}}, "--upstream")
        key = pseudonym_key(Path(settings.key), None)
    if settings.fail == "closed" and not asked.store:
        raise InputError(f"{asked.config}: fail: closed lets nobody through without a store; name it with --store FILE")
    if asked.check:
        make_server(assemble(settings, key))
        _show(settings, asked.json)
        return 0
    recorder = Recorder(Path(asked.spool), settings.records) if asked.spool else None
    try:
        standings = StoreStandings(Path(asked.store), settings.standings.stale_s) if asked.store else None
        owners = Born(settings.records.artefacts)
        server = make_server(assemble(settings, key, standings=standings, sink=recorder, owners=owners))
        if not asked.json:
            print(f"stillwatch gateway listens on {settings.listen.host}:{settings.listen.port}", flush=True)
        server.stop_on((signal.SIGTERM, signal.SIGINT))
        # What is there by now stays: a full collection would look through all of it, and every call would wait.
        gc.collect()
        gc.freeze()
        server.run()
    finally:
        if recorder is not None:
            recorder.close()
    return 0


def applied_verb(asked: argparse.Namespace) -> int:
    """Show what barriers changed; see ``stillwatch applied --help``."""
    try:
        from stillwatch.serve.gateway.recorder import APPLIED, read_applied
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is missing: install stillwatch with its extra `serve`") from error
    folder = Path(asked.spool)
    if not (folder / APPLIED).is_dir():
        raise InputError(f"--spool {asked.spool}: no gateway writes there")
    wanted = {name: value for name in ("decision", "account") if (value := getattr(asked, name))}
    for entry in read_applied(folder):
        if any(entry.get(name) != value for name, value in wanted.items()):
            continue
        if asked.call and asked.call not in {entry.get("call"), entry.get("answer_id")}:
            continue
        if asked.json:
            print(json.dumps(entry))
            continue
        at = moment(int(entry.get("ts_ms") or 0))
        print(f"{at}  {entry['call']}  {entry['account']}  {entry['tier']}  {entry['clause']}  {entry['decision']}")
        for change in entry["changes"]:
            times = f" x{change['times']}" if change["times"] > 1 else ""
            print(f"    {change['barrier']}: {change['what']}{times}")
    return 0


def _show(settings: Settings, as_json: bool) -> None:
    on = {one.name: one.least.name.lower() for one in settings.barriers if one.used}
    page = {
        "listen": f"{settings.listen.host}:{settings.listen.port}",
        "upstreams": {name: one.url for name, one in settings.upstreams.items()},
        "paths": sorted(settings.paths),
        "fail": settings.fail,
        "barriers": on,
        "exit_code": 0,
    }
    if as_json:
        print(json.dumps(page))
        return
    print(
        f"{page['listen']}: {len(settings.paths)} paths to {len(settings.upstreams)} upstream(s), fails {settings.fail}"
    )
    for name, least in on.items():
        print(f"  {name}: from {least}")
