"""The statement of reasons: what was decided, under which sentence, on which facts, until when, how to contest it.

And what is not shown, and why. Pure values in, text or HTML out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import POLICY, Action, moment
from stillwatch.reports.pages import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.model.decision import Decision
    from stillwatch.model.verdict import Verdict

MEANS: Final = {
    Action.OBSERVE: "Nothing changes for you.",
    Action.NOTIFY: "You are told what was seen. Nothing else changes.",
    Action.THROTTLE: "Fewer requests a minute are accepted, and answers are delayed.",
    Action.STEP_UP: "Requests are answered with a request to verify your organisation, until that is done.",
    Action.RESTRICT: "Some features are closed: log-probabilities, visible reasoning, several answers to one request.",
    Action.HOLD: "No requests are accepted until a person has looked at it.",
    Action.SUSPEND: "The account is closed. A person decided this.",
}
"""What an action means to the customer."""
NOT_SHOWN: Final = (
    (
        "The exact limits and weights.",
        "Whoever knows them can stay just below; the facts they were applied to are all here.",
    ),
    ("Other accounts, where the decision names a group.", "They are other people's. You need not answer for them."),
    ("Your prompts and answers.", "They are not kept. The facts were counted while requests passed."),
)
"""What a statement leaves out, and why."""


@dataclass(frozen=True, slots=True)
class Contest:
    """An appeal, as the customer sees it."""

    id: str
    """Id of the appeal."""
    at_ms: int
    """When it came (ms since 1970)."""
    outcome: str
    """"" while it is open, else ``upheld`` or ``overturned``."""
    why: str
    """What the person who answered wrote."""
    answered_ms: int
    """When (ms since 1970), -1 while it is open."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons."""

    decision: str
    """Id of the decision."""
    state: str
    """``in force``, ``not begun``, ``over``, ``undone``."""
    action: str
    """Name of the action."""
    means: str
    """What it means."""
    since: str
    """When it begins."""
    until: str
    """When it ends by itself."""
    clause: str
    """Id of the clause, with the terms."""
    sentence: str
    """Sentence of the contract; "" where it was not recorded."""
    taken_by: str
    """Whether a person or the rules took it."""
    facts: tuple[str, ...]
    """Facts it stands on."""
    exemptions: tuple[str, ...]
    """Exemptions that were looked at, and why they did not apply."""
    group: bool
    """Whether it is one of several about accounts that were found to act together."""
    not_shown: tuple[tuple[str, str], ...]
    """What is left out, and why."""
    contests: tuple[Contest, ...]
    """Appeals so far."""
    may_contest: bool
    """Whether an appeal may be written now."""


def statement(
    decision: Decision,
    verdict: Verdict | None,
    sentence: str,
    contests: Sequence[Contest],
    *,
    lifted_ms: int,
    most: int,
    now_ms: int,
) -> Statement:
    """Put a statement together.

    Parameters
    ----------
    decision, verdict
        The decision and what it comes from.
    sentence
        Sentence of its clause as it read then.
    contests
        Appeals so far, oldest first.
    lifted_ms
        When it was undone (ms since 1970), -1 where it was not.
    most
        Appeals that may be written against one decision.
    now_ms
        The moment (ms since 1970).
    """
    open_one = any(not one.outcome for one in contests)
    tried = tuple(
        f"{one.condition}: {getattr(one, 'reason', '') or 'it holds'}"
        for one in (verdict.exemptions if verdict else ())
    )
    return Statement(
        decision=decision.id,
        state=_state(decision, lifted_ms, now_ms),
        action=decision.action.name.lower().replace("_", " "),
        means=MEANS[decision.action],
        since=moment(decision.from_ms),
        until=moment(decision.until_ms),
        clause=f"{decision.clause}, {decision.terms}",
        sentence=sentence,
        taken_by="by the rules, without a person" if decision.by == POLICY else "by a person",
        facts=decision.evidence,
        exemptions=tried,
        group=bool(decision.campaign),
        not_shown=NOT_SHOWN,
        contests=tuple(contests),
        may_contest=lifted_ms < 0 and not open_one and len(contests) < most,
    )


def _state(decision: Decision, lifted_ms: int, now_ms: int) -> str:
    if lifted_ms >= 0:
        return "undone"
    if now_ms < decision.from_ms:
        return "not begun"
    return "in force" if now_ms < decision.until_ms else "over"


def reasons_html(shown: Statement, *, style: str, action: str = "", said: str = "", longest: int = 0) -> str:
    """Render the page.

    Parameters
    ----------
    shown
        The statement.
    style
        Address of the style sheet.
    action
        Where the form is sent; "" leaves the form out.
    said
        What to tell about the last attempt to write.
    longest
        Characters that the form takes.
    """
    page = environment().get_template("reasons.html.j2")
    return page.render(shown=shown, style=style, action=action, said=said, longest=longest, moment=moment)


def reasons_text(shown: Statement) -> str:
    """Render as plain text, for a letter or the terminal."""
    return environment().overlay(autoescape=False).get_template("reasons.txt.j2").render(shown=shown, moment=moment)
