"""The detectors there are, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.detectors.content import coverage_harvest
from stillwatch.detectors.habits import credential_fanout, rhythm
from stillwatch.detectors.provenance import artefact_replay, provider_native

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.detectors.base import Detector
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

DETECTORS: Final[tuple[Detector, ...]] = (
    artefact_replay.DETECTOR,
    provider_native.DETECTOR,
    coverage_harvest.DETECTOR,
    rhythm.DETECTOR,
    credential_fanout.DETECTOR,
)
"""Every detector, in the order reports show them."""


def examine_all(profile: Profile, config: Config) -> tuple[Examined, ...]:
    """Ask every detector about every account."""
    return tuple(detector.examine(profile, config) for detector in DETECTORS)
