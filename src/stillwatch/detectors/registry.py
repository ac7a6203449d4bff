"""The detectors there are, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.detectors.asked import (
    identity_override,
    provider_refusals,
    reasoning_elicitation,
    safety_rewrite,
    technique_sweep,
)
from stillwatch.detectors.content import (
    corpus_overlap,
    fixed_string,
    harvest_shape,
    judging,
    prompt_factory,
    recycled_outputs,
)
from stillwatch.detectors.habits import (
    bare_headers,
    canary_probing,
    credential_fanout,
    model_pivot,
    plan_ratio,
    ramp,
    relay_mixture,
    rhythm,
)
from stillwatch.detectors.probing import logit_probing
from stillwatch.detectors.provenance import artefact_replay, context_edit, provider_bindings
from stillwatch.detectors.purpose import (
    backfill,
    declared,
    key_theft,
    known_set,
    own_agent,
    person,
    retry_storm,
    short_answers,
    steady_history,
)

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.detectors.base import Detector
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

DETECTORS: Final[tuple[Detector, ...]] = (
    artefact_replay.DETECTOR,
    provider_bindings.DETECTOR,
    context_edit.DETECTOR,
    harvest_shape.DETECTOR,
    prompt_factory.DETECTOR,
    recycled_outputs.DETECTOR,
    judging.DETECTOR,
    fixed_string.DETECTOR,
    corpus_overlap.DETECTOR,
    provider_refusals.DETECTOR,
    technique_sweep.DETECTOR,
    reasoning_elicitation.DETECTOR,
    safety_rewrite.DETECTOR,
    identity_override.DETECTOR,
    logit_probing.DETECTOR,
    rhythm.DETECTOR,
    credential_fanout.DETECTOR,
    relay_mixture.DETECTOR,
    ramp.DETECTOR,
    plan_ratio.DETECTOR,
    bare_headers.DETECTOR,
    model_pivot.DETECTOR,
    canary_probing.DETECTOR,
    known_set.DETECTOR,
    short_answers.DETECTOR,
    backfill.DETECTOR,
    own_agent.DETECTOR,
    person.DETECTOR,
    declared.DETECTOR,
    key_theft.DETECTOR,
    retry_storm.DETECTOR,
    steady_history.DETECTOR,
)
"""Every detector, in the order reports show them: accusations by weight of their group, then what speaks for."""


def examine_all(profile: Profile, config: Config) -> tuple[Examined, ...]:
    """Ask every detector about every account."""
    return tuple(detector.examine(profile, config) for detector in DETECTORS)
