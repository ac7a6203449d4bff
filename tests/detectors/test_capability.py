from __future__ import annotations

import numpy as np

from stillwatch.config import DEFAULT
from stillwatch.detectors import DETECTORS, capabilities, examine_all
from stillwatch.features import profile_of

PROFILE = profile_of(
    np.arange(3),
    {
        "events": np.array([500.0, 500.0, 5.0]),
        "active_span_d": np.array([9.0, 9.0, 9.0]),
        "quiet_share": np.array([0.1, 0.1, 0.1]),
    },
)


def test_says_what_can_run_for_how_many_and_what_is_missing() -> None:
    found = {c.detector: c for c in capabilities(examine_all(PROFILE, DEFAULT), frozenset({"ts_ms", "account_id"}))}

    assert tuple(found) == tuple(detector.name for detector in DETECTORS)
    assert found["rhythm"].able
    assert found["rhythm"].accounts == 2
    assert "could not tell for 1 accounts" in found["rhythm"].reason
    assert not found["harvest_shape"].able
    assert found["harvest_shape"].accounts == 0
    assert "the source gives no prompt, tokens_out, n_turns" in found["harvest_shape"].reason
    assert found["harvest_shape"].absent == ("prompt", "tokens_out", "n_turns")
    assert found["rhythm"].absent == ()
    assert "org_id" in found["artefact_replay"].reason


def test_carries_what_a_report_says_of_each_detector() -> None:
    found = capabilities(examine_all(PROFILE, DEFAULT), frozenset({"ts_ms"}))

    for one, detector in zip(found, DETECTORS, strict=True):
        assert (one.title, one.group) == (detector.title, detector.group)
        assert (one.blind_spot, one.would_change) == (detector.blind_spot, detector.would_change)


def test_a_detector_that_judged_everybody_says_so() -> None:
    profile = profile_of(np.arange(1), {name: column[:1] for name, column in PROFILE.columns.items()})

    [rhythm] = [c for c in capabilities(examine_all(profile, DEFAULT), frozenset({"ts_ms"})) if c.detector == "rhythm"]

    assert rhythm.reason.endswith("judged every account")
