"""``stillwatch gateway``: serve before a model API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.ingest.keys import read_key
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    import argparse

    from stillwatch.serve.gateway.settings import Settings


def gateway_verb(asked: argparse.Namespace) -> int:
    """Serve, or only check; see ``stillwatch gateway --help``."""
    try:
        from stillwatch.serve.gateway.read import read_settings
        from stillwatch.serve.gateway.run import assemble, make_server
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is missing: install stillwatch with its extra `serve`") from error
    file = Path(asked.config)
    settings = read_settings(file)
    # Paths in the configuration are meant from where it stands.
    key = read_key(file.parent / settings.key)
    parts = assemble(settings, key)
    server = make_server(parts)
    if asked.check:
        _show(settings, asked.json)
        return 0
    if not asked.json:
        print(f"stillwatch gateway listens on {settings.listen.host}:{settings.listen.port}", flush=True)
    server.run()
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
