"""Names of detectors that do not exist make conditions that are never met, in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.policy.conditions.evidence.detector import DetectorBits
from stillwatch.policy.language.reading import meant
from stillwatch.policy.lint.exempt import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.policy.lint.remark import Looked, Remark


def detectors(looked: Looked) -> Iterator[Remark]:
    """Find detectors that there are not, and those of another class."""
    known = looked.detectors
    for clause in looked.terms.clauses if known else ():
        for part in ("conditions", "exemptions"):
            for one in leaves(getattr(clause, part)):
                if not isinstance(one, DetectorBits):
                    continue
                if one.detector not in known:
                    do = meant(one.detector, known)
                    yield looked.remark("detector", "error", clause, part, f"no detector is called {one.detector}", do)
                elif known[one.detector] not in {one.evidence_class, None}:
                    says = f"{one.detector} is of class {known[one.detector]}, not {one.evidence_class}"
                    do = f"write class: {known[one.detector]}"
                    yield looked.remark("detector", "error", clause, part, says, do)
