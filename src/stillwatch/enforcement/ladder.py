"""The ladder: which step comes next for one account under one clause, and whether a person must take it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import HUMAN_ONLY, Action, moment
from stillwatch.model.dossier import STRENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.enforcement.rules import Ladder
    from stillwatch.enforcement.situation import Facts
    from stillwatch.model.decision import OnRecord
    from stillwatch.model.verdict import Verdict

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
STRONG, SUBSTANTIAL, WEAK = 3, 2, 1


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    action: Action
    """What comes next."""
    why: str
    """Why this one, one sentence."""
    person: str = ""
    """Why a person has to take it; "" where none has to."""


def ceiling(verdict: Verdict) -> Action:
    """Give the strictest action that a verdict's evidence carries.

    Weak evidence looks alike in honest work and never slows anybody down; one substantial kind slows down, two close
    features, a strong kind may stop requests until a person has looked. Coordination carries nothing. Belonging to a
    campaign tells, and beside evidence of the account's own it is a strong kind: whoever was taken for a member wrongly
    shares what members share and shows nothing of its own.
    """
    kinds = {item.evidence_class for item in verdict.evidence if item.bits > 0}
    if "campaign" in kinds and kinds <= {"campaign", "coordination"}:
        return Action.NOTIFY
    strengths = sorted((STRENGTH[kind] for kind in kinds), reverse=True)
    if not strengths or strengths[0] < WEAK:
        return Action.OBSERVE
    if strengths[0] == WEAK:
        return Action.NOTIFY
    if strengths[0] == SUBSTANTIAL:
        return Action.RESTRICT if strengths[1:2] == [SUBSTANTIAL] else Action.THROTTLE
    return Action.SUSPEND


def is_strong(verdict: Verdict) -> bool:
    """Say whether a strong kind of evidence speaks against the account."""
    return any(item.bits > 0 and STRENGTH[item.evidence_class] == STRONG for item in verdict.evidence)


def counted(past: Sequence[OnRecord], verdict: Verdict, ladder: Ladder, now_ms: int) -> tuple[OnRecord, ...]:
    """Pick what counts as earlier steps: same clause, not undone, not forgotten; shadow ones for shadow only."""
    oldest = now_ms - ladder.forgotten_days * DAY_MS
    return tuple(
        one
        for one in past
        if one.decision.clause == verdict.clause
        and one.decision.shadow == verdict.shadow
        and one.lifted_ms < 0
        and one.until_ms > oldest
    )


def next_steps(
    verdict: Verdict, past: Sequence[OnRecord], facts: Facts, ladder: Ladder, now_ms: int
) -> tuple[Step, ...]:
    """Say what comes next.

    Parameters
    ----------
    verdict
        A broken clause.
    past
        What counts as earlier steps, as :func:`counted` gives it; of a campaign all members' together.
    facts
        The account.
    ladder
        How steps follow each other.
    now_ms
        The moment (ms since 1970).

    Returns
    -------
    tuple of Step
        None where the last step still runs and was not ignored, or ended and nothing came after it. Two where a
        stricter one waits for a person and the last one, ended, is renewed meanwhile.

    Notes
    -----
    Whether a step was ignored is read off evidence in later requests. Where nobody measured it a person decides.
    """
    most = ceiling(verdict)
    open_to = tuple(sorted(action for action in set(verdict.permitted) if action <= most))
    if not open_to:
        return ()
    if not past:
        return (_marked(_first(verdict, open_to, ladder), verdict, ladder),)
    last = max(past, key=lambda one: (one.until_ms, one.decision.action))
    strictest = max(one.decision.action for one in past)
    ended = last.until_ms <= now_ms
    begun = last.decision.from_ms + ladder.grace_h * HOUR_MS
    if now_ms < begun or facts.last_ms < begun:
        return ()
    unmeasured = math.isnan(facts.fresh_bits)
    if not unmeasured and facts.fresh_bits < ladder.fresh_bits:
        return ()
    came = "what came after it was not measured" if unmeasured else f"{facts.fresh_bits:.1f} bits came after it"
    why = f"{strictest.name} {'ended' if ended else 'was ignored'}, {came}"
    stricter = [action for action in open_to if action > strictest]
    person = "whether the last step was ignored is not measured" if unmeasured else ""
    climb = [_marked(Step(stricter[0], why, person), verdict, ladder)] if stricter else []
    again = [action for action in open_to if action <= strictest]
    renewed = [_marked(Step(again[-1], f"{why}; renewed", person), verdict, ladder)] if again and ended else []
    if not climb or climb[0].person:
        return tuple(climb + renewed)
    return tuple(climb)


def _first(verdict: Verdict, open_to: tuple[Action, ...], ladder: Ladder) -> Step:
    if not is_strong(verdict):
        return Step(open_to[0], "the mildest permitted step comes first")
    # Strong evidence leaves steps out, but never as far as where a person has to decide.
    alone = [action for action in open_to if not _of_person(action, verdict, ladder)] or open_to[:1]
    at = min(ladder.strong_skips, len(alone) - 1)
    return Step(alone[at], "strong evidence leaves out the mildest step" if at else "the mildest permitted step")


def joining(verdict: Verdict, running: Action, ladder: Ladder) -> tuple[Step, ...]:
    """Give the step of a member that is found later: its campaign's, as far as its own evidence and clause go."""
    most = min(running, ceiling(verdict))
    within = [action for action in verdict.permitted if action <= most]
    if not within:
        return ()
    return (_marked(Step(max(within), f"its campaign stands on {running.name}"), verdict, ladder),)


def _of_person(action: Action, verdict: Verdict, ladder: Ladder) -> str:
    """Say why only a person may take an action; "" where a machine may."""
    if action in HUMAN_ONLY:
        return f"{action.name} is only ever a person's decision"
    if action >= ladder.person_from:
        return f"{action.name} is set to need a person"
    return f"clause {verdict.clause} leaves {action.name} to a person" if action in verdict.by_person else ""


def _marked(step: Step, verdict: Verdict, ladder: Ladder) -> Step:
    return step if step.person else replace(step, person=_of_person(step.action, verdict, ladder))


def wary(own: Sequence[OnRecord], campaign: Sequence[OnRecord], ladder: Ladder, now_ms: int) -> str:
    """Say why a person decides where it went wrong before; "" where it did not.

    It went wrong with an account where one of its decisions was undone, and with a campaign where all were. Under
    whatever clause that was: the same mistaken evidence may break another one, too.
    """
    recent = now_ms - ladder.wary_days * DAY_MS
    wrong = [*own, *(campaign if all(one.lifted_ms >= 0 for one in campaign) else ())]
    undone = [one.lifted_ms for one in wrong if one.lifted_ms > recent]
    return f"a decision about it was undone or declined on {moment(max(undone))}" if undone else ""
