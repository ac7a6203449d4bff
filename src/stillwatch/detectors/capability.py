"""Which detectors could run on what was read, and why the others could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.detectors.registry import DETECTORS
from stillwatch.model.scan import Capability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.detectors.base import Detector
    from stillwatch.model.finding import Examined


def _why(detector: Detector, examined: Examined, absent: tuple[str, ...]) -> str:
    parts = []
    if absent:
        parts.append(f"the source gives no {', '.join(absent)}")
    untold = int(np.count_nonzero(examined.reason))
    if untold:
        times = np.bincount(examined.reason, minlength=len(examined.reasons))[1:]
        most = int(times.argmax())
        part = "" if times[most] == untold else f", {int(times[most]):,} of them"
        parts.append(f"could not tell for {untold:,} accounts{part}: {examined.reasons[most + 1]}")
    return "; ".join(parts) if parts else f"{detector.title}: judged every account"


def capabilities(examined: Sequence[Examined], fields_present: frozenset[str]) -> tuple[Capability, ...]:
    """Say for each detector whether it could run, for how many accounts, and what was missing.

    Parameters
    ----------
    examined
        Answers of the detectors.
    fields_present
        Names of event fields that held any value in any source.

    Returns
    -------
    tuple of Capability
        One for each answer, in order.
    """
    by_name = {detector.name: detector for detector in DETECTORS}
    made = []
    for one in examined:
        detector = by_name[one.detector]
        absent = tuple(name for name in detector.needs if name not in fields_present)
        told = int(np.count_nonzero(one.reason == 0))
        made.append(
            Capability(
                detector=one.detector,
                able=told > 0,
                accounts=told,
                reason=_why(detector, one, absent),
                needs=detector.needs,
                absent=absent,
                title=detector.title,
                group=detector.group,
                blind_spot=detector.blind_spot,
                would_change=detector.would_change,
            )
        )
    return tuple(made)
