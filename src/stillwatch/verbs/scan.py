"""``stillwatch scan`` and ``stillwatch calibrate``: logs to a report, or to what is ordinary in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from stillwatch.detectors.calibration.assure import refer
from stillwatch.detectors.calibration.own import permitted_share
from stillwatch.detectors.calibration.reference import to_json as to_reference_json
from stillwatch.detectors.weights.words import percent
from stillwatch.features import FEATURES
from stillwatch.ingest.sources import expand
from stillwatch.looking import Against
from stillwatch.model.errors import InputError, StoreError
from stillwatch.reports.files import write_atomically
from stillwatch.reports.html import render_html
from stillwatch.reports.summary import to_json
from stillwatch.reports.tables import write_findings_jsonl, write_findings_parquet
from stillwatch.reports.terminal import render_terminal
from stillwatch.verbs.campaigns import FEWEST, finder
from stillwatch.verbs.reading import (
    CLEAN,
    PARTIAL,
    exit_code,
    output_folder,
    read_config,
    read_reference,
    scanned,
)

if TYPE_CHECKING:
    import argparse

    from stillwatch.config import Config
    from stillwatch.model.scan import ScanResult


def _write(result: ScanResult, config: Config, folder: Path) -> list[str]:
    # No date on the page: equal input gives equal bytes, and the file system knows when it was written.
    page = render_html(result, config, None, features=FEATURES)
    write_findings_parquet(result, config, folder / "findings.parquet")
    write_findings_jsonl(result, config, folder / "findings.jsonl")
    write_atomically(folder / "report.html", page.encode())
    return [str(folder / name) for name in ("report.html", "findings.parquet", "findings.jsonl")]


def scan_verb(asked: argparse.Namespace) -> int:
    """Scan, show, write; see ``stillwatch scan --help``."""
    config = read_config(asked)
    against = read_reference(asked.reference, asked.look)
    sources = expand(asked.inputs)
    folder = output_folder(asked.out) if asked.out else None
    look = None if asked.no_campaigns else finder(fewest=FEWEST)
    result = scanned(asked, sources, config, against, look)
    written = _write(result, config, folder) if folder else []
    code = exit_code(result)
    if asked.json:
        print(json.dumps(to_json(result, config) | {"exit_code": code, "written": written}))
    else:
        render_terminal(result, Console(), config, exit_code=code, written=written)
    return code


def calibrate_verb(asked: argparse.Namespace) -> int:
    """Write down what is ordinary in a provider's own traffic; see ``stillwatch calibrate --help``."""
    config = read_config(asked)
    if not Path(asked.out).absolute().parent.is_dir():
        raise StoreError(f"could not write {asked.out}: the folder does not exist; make it first")
    today = datetime.now(tz=UTC).date()
    result = scanned(asked, expand(asked.inputs), config, Against(today=today))
    reference = refer(result.examined, result.ranking, result.profile, today)
    if not reference.whole.accounts:
        raise InputError("no account could be judged by any detector: there is nothing to call ordinary in these logs")
    write_atomically(Path(asked.out), to_reference_json(reference).encode())
    share, judged, together = permitted_share(reference), reference.whole.accounts, reference.rest.accounts
    made = {
        "accounts": judged,
        "cohorts": len(reference.cohorts),
        "in_small_cohorts": together,
        "smallest_p": 1.0 / (reference.vouching(reference.whole) + 1),
        "permitted_share": share,
        "written": asked.out,
    }
    if asked.json:
        print(json.dumps(made))
    else:
        print(
            f"{judged:,} of {len(result.profile):,} accounts could be judged: {judged - together:,} in "
            f"{len(reference.cohorts)} cohorts of their own plan and size,\n{together:,} of plans and sizes too small "
            f"for one, compared with each other.\nSmallest p-value {made['smallest_p']:.2g}; at most {percent(share)} "
            f"have the shape of a harvest.\nUse it: stillwatch scan LOGS --reference {asked.out}"
        )
    return PARTIAL if any(source.rejected or source.incomplete for source in result.sources) else CLEAN
