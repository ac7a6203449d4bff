"""``stillwatch campaigns``: logs to accounts that work together, and what they do together."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from stillwatch.campaigns import find_campaigns
from stillwatch.coordination import identity
from stillwatch.coordination.coordinate import ALPHA
from stillwatch.coordination.layers.partition import CONCENTRATION
from stillwatch.ingest.sources import expand
from stillwatch.model.campaign import Campaigns
from stillwatch.model.errors import InputError
from stillwatch.reports.campaigns.html import render_campaigns_html
from stillwatch.reports.campaigns.members import members_csv
from stillwatch.reports.campaigns.summary import to_json
from stillwatch.reports.files import write_atomically
from stillwatch.reports.progress import WaitingLine
from stillwatch.reports.terminal import render_campaigns
from stillwatch.verbs.reading import exit_code, output_folder, read_config, read_reference, scanned

if TYPE_CHECKING:
    import argparse

    from stillwatch.config import Config
    from stillwatch.engine.local import LocalEngine
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.model.finding import Ranking
    from stillwatch.model.scan import ScanResult
    from stillwatch.pipeline import Finder

FEWEST: Final = 50
"""Accounts from which a scan looks for campaigns unasked: among fewer little can be called ordinary."""


def finder(
    *,
    fewest: int = 1,
    seed: int = 0,
    alpha: float = ALPHA,
    concentration: float = CONCENTRATION,
    keep: Path | None = None,
    now_ms: int = 0,
) -> Finder:
    """Make what looks for campaigns once a scan has ranked its accounts.

    Parameters
    ----------
    fewest
        Accounts from which it looks.
    seed, alpha, concentration
        As ``stillwatch.campaigns.find_campaigns`` takes them.
    keep
        File of what earlier runs found, written anew; none keeps no history.
    now_ms
        When this run is (ms since 1970).

    Returns
    -------
    Finder
        Shows on standard error that it is at work.
    """
    before = _history(keep) if keep else None

    def find(engine: LocalEngine, accounts: AccountFile, ranking: Ranking, config: Config) -> Campaigns | None:
        if len(engine) < fewest:
            return None
        with WaitingLine(Console(stderr=True), f"looking for campaigns among {len(engine):,} accounts"):
            found, after = find_campaigns(
                engine,
                accounts,
                ranking,
                config,
                seed=seed,
                alpha=alpha,
                concentration=concentration,
                history=before,
                now_ms=now_ms,
            )
        if keep:
            write_atomically(keep, identity.to_json(after).encode() + b"\n")
        return found

    return find


def _history(file: Path) -> identity.History:
    try:
        return identity.from_json(file.read_text())
    except FileNotFoundError:
        return identity.History()
    except OSError as error:
        raise InputError(f"--history {file}: {error.strerror}") from error


def _checked(asked: argparse.Namespace) -> None:
    if asked.alpha is not None and not 0 < asked.alpha < 1:
        raise InputError(f"--alpha {asked.alpha}: write a share of false groups between 0 and 1, such as 0.001")
    if asked.concentration is not None and not asked.concentration > 0:
        raise InputError(f"--concentration {asked.concentration}: write a number above 0, such as {CONCENTRATION:g}")
    if asked.seed < 0:
        raise InputError(f"--seed {asked.seed}: write a number from 0")


def campaigns_verb(asked: argparse.Namespace) -> int:
    """Find campaigns, show, write; see ``stillwatch campaigns --help``."""
    _checked(asked)
    config, against, sources = read_config(asked), read_reference(asked.reference, 1), expand(asked.inputs)
    folder = output_folder(asked.out) if asked.out else None
    alpha = ALPHA if asked.alpha is None else asked.alpha
    concentration = CONCENTRATION if asked.concentration is None else asked.concentration
    keep = Path(asked.history) if asked.history else None
    now_ms = int(datetime.now(tz=UTC).timestamp() * 1000)
    look = finder(seed=asked.seed, alpha=alpha, concentration=concentration, keep=keep, now_ms=now_ms)
    result = scanned(asked, sources, config, against, look)
    campaigns = result.campaigns or Campaigns((), len(result.profile), 0, alpha, (), (), 0.0)
    result = dataclasses.replace(result, campaigns=campaigns)
    page = to_json(campaigns, result.known)
    written = _write(result, campaigns, page, folder) if folder else []
    code = exit_code(result, accounts=False)
    if asked.json:
        print(json.dumps(page | {"exit_code": code, "written": written}, allow_nan=False))
    else:
        render_campaigns(result, Console(), exit_code=code, written=written)
    return code


def _write(result: ScanResult, campaigns: Campaigns, page: dict[str, object], folder: Path) -> list[str]:
    # No date on the page: equal input gives equal bytes, and the file system knows when it was written.
    files = {
        "report.html": render_campaigns_html(result).encode(),
        "campaigns.json": json.dumps(page, allow_nan=False, indent=1).encode() + b"\n",
        "members.csv": members_csv(campaigns),
    }
    for name, content in files.items():
        write_atomically(folder / name, content)
    return [str(folder / name) for name in files]
