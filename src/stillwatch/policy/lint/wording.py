"""Notice and appeal: there, and with everything that must be filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.model.terms import Clause
    from stillwatch.policy.lint.remark import Looked, Remark

_BRACED: Final = re.compile(r"\{([^{}]*)\}")
NOTICE: Final = ("facts", "until", "appeal")
"""What is filled into a notice."""
APPEAL: Final = ("decision",)
"""What is filled into the address of an appeal."""


def _told(clause: Clause) -> bool:
    return clause.strictest >= Action.NOTIFY


def notice(looked: Looked) -> Iterator[Remark]:
    """Find missing notices, and notices that leave out why, how long or how to contest."""
    for clause in filter(_told, looked.terms.clauses):
        if not clause.notice:
            says = "has no notice: a customer would be acted on without a word"
            do = "write notice: with {facts}, {until} and {appeal}"
            yield looked.remark("notice", "error", clause, "actions", says, do)
            continue
        for name in NOTICE:
            if f"{{{name}}}" not in clause.notice:
                says = f"the notice does not say {{{name}}}"
                yield looked.remark("notice", "error", clause, "notice", says, f"add {{{name}}} to the notice")
        yield from _strange(looked, clause, "notice", clause.notice, NOTICE)


def appeal(looked: Looked) -> Iterator[Remark]:
    """Find clauses without a way to contest."""
    for clause in filter(_told, looked.terms.clauses):
        if not clause.appeal:
            says, do = "has no way to appeal", "write appeal: https://.../{decision}"
            yield looked.remark("appeal", "error", clause, "actions", says, do)
            continue
        if "{decision}" not in clause.appeal:
            says = "the address of the appeal does not name the decision"
            yield looked.remark("appeal", "error", clause, "appeal", says, "add {decision} to the address")
        yield from _strange(looked, clause, "appeal", clause.appeal, APPEAL)


def _strange(looked: Looked, clause: Clause, part: str, text: str, known: tuple[str, ...]) -> Iterator[Remark]:
    rest = _BRACED.sub(lambda found: "" if found[1] in known else found[0], text)
    if "{" in rest or "}" in rest:
        says = f"braces in {part} hold what is never filled in"
        do = f"write {', '.join(f'{{{name}}}' for name in known)} and no other braces"
        yield looked.remark(part, "error", clause, part, says, do)
