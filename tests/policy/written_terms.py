"""A file of terms that lint has nothing against, and pieces of it replaced."""

from __future__ import annotations

from stillwatch.policy.language.load import Loaded, load

FINE = """\
terms: test
version: 1
clauses:
  - id: no-model-copying
    sentence: You may not use outputs to train a competing language model.
    mode: live
    from: 2026-12-01
    until: 2027-06-01
    conditions:
      - total_bits: {at_least: 3}
      - q_value: {at_most: 0.05}
    evidence: {classes: 2, strength: substantial}
    exemptions:
      - agreement: {kind: research}
      - all: [{agreement: {kind: reseller}}, {attributed_share: {at_least: 0.95}}]
      - agreement: {kind: red_team, longest: 31d}
    actions: [observe, notify, throttle, hold, suspend]
    by_person: [hold, suspend]
    lasts: 72h
    notice: "We saw {facts}. Until {until}. To contest: {appeal}"
    appeal: https://provider.example/appeals/{decision}
    jurisdictions: [eu, us-ca]
"""
SECOND = FINE.split("clauses:\n")[1].replace("no-model-copying", "second")


def text(*changes: tuple[str, str], more: str = "") -> str:
    """The fine file with pieces replaced; each piece must be there."""
    written = FINE
    for old, new in changes:
        assert old in written, old
        written = written.replace(old, new)
    return written + more


def loaded(*changes: tuple[str, str], more: str = "") -> Loaded:
    return load(text(*changes, more=more).encode(), "test.yaml")
