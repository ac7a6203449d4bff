"""Decisions and verdicts made up for the tests of the store."""

from __future__ import annotations

from dataclasses import replace

from stillwatch.model.decision import Action, Decision
from stillwatch.model.verdict import EvidenceItem, Met, NotMet, Verdict

NOW = 1_790_000_000_000
HOUR = 3_600_000

A_DECISION = Decision(
    id="d-1",
    account=7,
    action=Action.THROTTLE,
    clause="no-model-copying",
    terms="lab@1",
    campaign="",
    evidence=("640 prompts ask for the reasoning behind an answer, 3 are usual.",),
    notice="Your requests are slowed down.",
    appeal="https://lab.example/appeals/d-1",
    from_ms=NOW,
    until_ms=NOW + 24 * HOUR,
    by="policy",
    shadow=False,
    at_ms=NOW,
)

A_VERDICT = Verdict(
    account=7,
    clause="no-model-copying",
    terms="lab@1",
    outcome="broken",
    shadow=False,
    answers=(Met("total_bits >= 8", "14.2 bits speak for extraction."),),
    exemptions=(NotMet("agreement research", "no agreement is on file", unknown=True),),
    evidence=(EvidenceItem("probing", 6.5, "Probes."), EvidenceItem("asked", 2.25, "Asked for reasoning.")),
    permitted=(Action.NOTIFY, Action.THROTTLE, Action.RESTRICT),
    campaign="",
    at_ms=NOW,
    by_person=(Action.RESTRICT,),
    withheld=(Action.HOLD,),
)


def decision(id_: str, **changes: object) -> Decision:
    return replace(A_DECISION, id=id_, appeal=f"https://lab.example/appeals/{id_}", **changes)  # type: ignore[arg-type]
