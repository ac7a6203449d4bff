"""Lint: what is well written and still unfair, dead or incomplete. One function a rule, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.policy.lint.exempt import agreements, bounded
from stillwatch.policy.lint.expiry import ends, lasts
from stillwatch.policy.lint.names import detectors
from stillwatch.policy.lint.person import needs_person, warns_first
from stillwatch.policy.lint.places import places
from stillwatch.policy.lint.reach import contradicted, shadowed, unreachable
from stillwatch.policy.lint.remark import Looked
from stillwatch.policy.lint.restricts import coordination_alone, weak_alone
from stillwatch.policy.lint.wording import appeal, notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stillwatch.model.dossier import EvidenceClass
    from stillwatch.policy.language.load import Loaded
    from stillwatch.policy.lint.remark import Remark

RULES: Final[tuple[Callable[[Looked], Iterator[Remark]], ...]] = (
    coordination_alone,
    weak_alone,
    places,
    needs_person,
    unreachable,
    contradicted,
    shadowed,
    notice,
    appeal,
    ends,
    lasts,
    agreements,
    bounded,
    warns_first,
    detectors,
)
"""Every rule, what matters most first."""


def lint(
    loaded: Loaded, now_ms: int, detectors: Mapping[str, EvidenceClass | None] | None = None
) -> tuple[Remark, ...]:
    """Look for what is wrong with terms that are well written.

    Parameters
    ----------
    loaded
        Terms and where they stand.
    now_ms
        When (ms since 1970).
    detectors
        Detectors there are and their classes, None for any class; left out, their names are not checked.

    Returns
    -------
    tuple of Remark
        Errors first, then by line. That a clause cannot restrict on weak evidence or on coordination alone is proved,
        and an error about it comes with a dossier that the judge really judges broken.

    Notes
    -----
    Every pair of clauses is compared: O(clauses^2) searches of at most 20,000 steps. Blind spot: it trusts what the
    dossier calls evidence, and it does not understand sentences beyond single words.
    """
    looked = Looked(loaded.terms, now_ms, loaded.lines, detectors or {})
    found = [remark for rule in RULES for remark in rule(looked)]
    return tuple(sorted(found, key=lambda one: (one.severity != "error", one.line, one.clause, one.rule)))
