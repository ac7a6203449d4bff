"""A scan result as one JSON document, for ``--json`` and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.reports.campaigns.summary import to_json as campaigns_to_json
from stillwatch.reports.cohort import Cohorts
from stillwatch.reports.in_favour import in_favour
from stillwatch.reports.tables import account_record, assurance_record, number_or_none, step_record
from stillwatch.reports.view import account_view, shown_rows, totals
from stillwatch.reports.words import clean, probability

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.model.scan import ScanResult, SourceCount

LAYOUT: Final = "stillwatch.scan/1"
"""Name and version of the document's layout; a field that changes its meaning raises the version."""


def to_json(result: ScanResult, config: Config) -> dict[str, object]:
    """Put a scan into plain JSON values.

    Parameters
    ----------
    result
        The scan.
    config
        Settings; ``shown`` says how many accounts are listed.

    Returns
    -------
    dict
        What was read, what could run, and the accounts shown, most evidence first. No clock time and
        no content is in it, so the same input gives the same document.
    """
    summed = totals(result)
    return {
        "layout": LAYOUT,
        "read": {
            "records": summed.read,
            "events": summed.events,
            "rejected": summed.rejected,
            "duplicates": summed.duplicates,
            "unattributed": summed.unattributed,
            "incomplete_sources": summed.incomplete,
            "from_ms": number_or_none(summed.from_ms),
            "until_ms": number_or_none(summed.until_ms),
        },
        "sources": [_source(source) for source in result.sources],
        "rejects": [
            {"file": clean(r.file), "line": r.line, "field": clean(r.field), "reason": clean(r.reason)}
            for r in result.rejects
        ],
        "detectors": [
            {
                "detector": clean(c.detector),
                "able": c.able,
                "accounts": c.accounts,
                "reason": clean(c.reason) or None,
                "needs": [clean(need) for need in c.needs],
                "absent": [clean(name) for name in c.absent],
                "title": clean(c.title),
                "group": clean(c.group),
                "blind_spot": clean(c.blind_spot, 1000),
                "would_change": clean(c.would_change, 600),
            }
            for c in result.capabilities
        ],
        "ranking": {
            "accounts": summed.accounts,
            "reported": summed.reported,
            "prior_bits": result.ranking.prior_bits,
            "threshold_bits": result.ranking.threshold_bits,
            "weights_calibrated": False,
            "base_rate": result.assurance.base_rate,
            "reference": clean(result.assurance.reference),
            "look": result.assurance.look,
        },
        "accounts": _accounts(result, config),
        "campaigns": campaigns_to_json(result.campaigns, result.known) if result.campaigns else None,
    }


def _source(source: SourceCount) -> dict[str, object]:
    return {
        "path": clean(source.path, 1000),
        "reader": clean(source.provenance.reader),
        "identity": source.provenance.identity.name.lower(),
        "clock": source.provenance.clock.name.lower(),
        "read": source.read,
        "accepted": source.accepted,
        "rejected": source.rejected,
        "duplicates": source.duplicates,
        "unattributed": source.unattributed,
        "incomplete": clean(source.incomplete) or None,
        "blanked": {clean(field): number for field, number in source.blanked},
    }


def _accounts(result: ScanResult, config: Config) -> list[dict[str, object]]:
    cohorts = Cohorts(result)
    made = []
    for rank, row in enumerate(shown_rows(result, config), 1):
        view = account_view(result, row, rank)
        compared = cohorts.compare(view)
        made.append(
            {
                "rank": rank,
                **account_record(view),
                **assurance_record(view),
                "smallest_p": number_or_none(view.smallest_p),
                "probability_uncalibrated": probability(view.total_bits),
                "findings": [step_record(step) for step in view.steps],
                "speaks_for": [f.sentence for f in in_favour(view, result.ranking.threshold_bits, compared)],
                "beside_others": [
                    {"quantity": c.name, "value": c.value, "median": c.median, "more": c.more, "others": c.others}
                    for c in compared
                ],
            }
        )
    return made
