"""Every rule of lint by a pair: terms that break it, and terms one word away that do not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from policy.drawn import NOW_MS
from policy.test_terms_lint import KNOWN, SECOND
from policy.written_terms import FINE, text
from stillwatch.policy import lint as linting
from stillwatch.policy.judge import judge_clause
from stillwatch.policy.language.load import load
from stillwatch.policy.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

Change = tuple[str, str]
EVIDENCE: Final = "{classes: 2, strength: substantial}"
Q: Final = "q_value: {at_most: 0.05}"
TOTAL: Final = "total_bits: {at_least: 3}"
LADDER: Final = "actions: [observe, notify, throttle, hold, suspend]\n    by_person: [hold, suspend]"
NOTICE: Final = '    notice: "We saw {facts}. Until {until}. To contest: {appeal}"\n'
APPEAL: Final = "    appeal: https://provider.example/appeals/{decision}\n"
RESELLER: Final = "all: [{agreement: {kind: reseller}}, {attributed_share: {at_least: 0.95}}]"
BELONGS: Final = "{campaign: {number: belongs, at_least: 0.5}}"
HARVEST: Final = "{campaign: {number: harvest_bits, at_least: 1}}"


def one(old: str, new: str) -> tuple[Change, ...]:
    return ((old, new),)


def conditions(*written: str) -> tuple[Change, ...]:
    """Ask for nothing but these."""
    both = f"      - {TOTAL}\n      - {Q}"
    return ((both, "\n".join(f"      - {condition}" for condition in written)),)


def evidence(written: str) -> tuple[Change, ...]:
    return one(EVIDENCE, written)


def second(*changes: Change) -> str:
    written = SECOND
    for old, new in changes:
        assert old in written, old
        written = written.replace(old, new)
    return written


def pigeons(number: int, holes: int) -> tuple[Change, ...]:
    """Ask that each of some numbers is the weight of one of fewer detectors: never so, and long to tell."""
    hole = "{{detector_bits: {{detector: d{hole}, class: habits, at_least: {bits}, at_most: {bits}}}}}".format
    alternatives = [[hole(hole=at, bits=bits) for at in range(holes)] for bits in range(number)]
    return conditions(*(f"any: [{', '.join(one)}]" for one in alternatives))


NONE, WEAK = evidence("{classes: 0}"), evidence("{classes: 1, strength: weak}")
MORE: Final = ("throttle, hold,", "throttle, restrict, hold,")
OTHER: Final = ("throttle, hold, suspend]", "restrict, hold, suspend]")
ANY_TIME: Final = (TOTAL, "requests: {at_least: 9}")

# rule, what breaks it, what does not: each as changes of the fine file and what follows it.
PAIRS: Final = [
    ("coordination-alone", NONE, "", evidence("{classes: 1}"), ""),
    ("coordination-alone", (*conditions("campaign_reported: true"), *NONE), "",
     (*conditions("campaign_reported: true", f"all: [{BELONGS}, {HARVEST}]"), *NONE), ""),
    ("coordination-alone",
     (*conditions("campaign: {number: log_p_rest, at_most: -90}", BELONGS[1:-1]), *NONE), "",
     (*conditions("campaign: {number: log_p_rest, at_most: -90}", BELONGS[1:-1]),
      *evidence("{classes: 1, among: [campaign], strength: strong}")), ""),
    ("coordination-alone", evidence("{classes: 2, strength: substantial, bits: 0.99}"), "",
     evidence("{classes: 2, strength: substantial, bits: 1}"), ""),
    ("coordination-alone", NONE, "", (*NONE, (LADDER, "actions: [observe]")), ""),
    ("weak-alone", evidence("{classes: 2, strength: weak}"), "", evidence("{classes: 2, strength: substantial}"), ""),
    ("weak-alone", evidence("{classes: 2, among: [asked, habits], strength: weak}"), "",
     evidence("{classes: 2, among: [asked, content], strength: weak}"), ""),
    ("weak-alone",
     (*conditions("any: [{class_bits: {class: content, at_least: 4}}, {class_bits: {class: asked, at_least: 4}}]"),
      *WEAK), "",
     (*conditions("any: [{class_bits: {class: content, at_least: 4}}, {class_bits: {class: probing, at_least: 4}}]"),
      *WEAK), ""),
    ("weak-alone", (*conditions("not: {class_bits: {class: content, at_least: 1}}"), *WEAK), "",
     (*conditions("not: {class_bits: {class: content, at_most: 1}}"), *WEAK), ""),
    ("weak-alone", (*WEAK, ("notify, throttle, hold, suspend]", "notify, throttle]"),
                    ("    by_person: [hold, suspend]\n", "")), "",
     (*WEAK, ("notify, throttle, hold, suspend]", "notify]"),
      ("    by_person: [hold, suspend]\n", "")), ""),
    ("place-or-language", one(Q, "plan: {in: [cn]}"), "", one(Q, "plan: {in: [cnc]}"), ""),
    ("place-or-language", one(Q, "plan: {in: [Trial_RU_2]}"), "", one(Q, "plan: {in: [Trial_RUN_2]}"), ""),
    ("place-or-language", one(Q, "not: {plan: {in: [pro, iran]}}"), "", one(Q, "not: {plan: {in: [pro, iron]}}"), ""),
    ("place-or-language", one("You may not", "Speakers of Urdu may not"), "",
     one("You may not", "Speakers may not"), ""),
    ("place-or-language", one("competing language model", "competing model in any language"), "",
     one("competing language model", "competing model in any programming language"), ""),
    ("place-or-language", one("We saw {facts}.", "Your nationality: {facts}."), "",
     one("We saw {facts}.", "Your rationality: {facts}."), ""),
    ("place-or-language", one("id: no-model-copying", "id: no-russian-copying"), "",
     one("id: no-model-copying", "id: no-rushed-copying"), ""),
    ("needs-person", one("by_person: [hold, suspend]", "by_person: [hold]"), "",
     (("hold, suspend]\n    by_person: [hold, suspend]", "hold]\n    by_person: [hold]"),), ""),
    ("unreachable", one(Q, "total_bits: {at_most: 2.999}"), "", one(Q, "total_bits: {at_most: 3}"), ""),
    ("unreachable", conditions("requests: {at_least: 5, at_most: 5}", "not: {requests: {at_least: 5}}"), "",
     conditions("requests: {at_least: 5, at_most: 5}", "not: {requests: {at_least: 6}}"), ""),
    ("unreachable", one(Q, "all: [{plan: {in: [free]}}, {plan: {in: [pro]}}]"), "",
     one(Q, "any: [{plan: {in: [free]}}, {plan: {in: [pro]}}]"), ""),
    ("unreachable", conditions("campaign_reported: false", "class_bits: {class: asked, at_most: 0}")
     + evidence("{classes: 1, among: [campaign, asked], strength: weak}"), "",
     conditions("campaign_reported: true", "class_bits: {class: asked, at_most: 0}")
     + evidence("{classes: 1, among: [campaign, asked], strength: weak}"), ""),
    ("unreachable", one(RESELLER, "total_bits: {at_least: 3}"), "", one(RESELLER, "total_bits: {at_least: 3.5}"), ""),
    ("contradiction", (), second(OTHER),
     (), second(OTHER, ("2026-12-01", "2027-06-01"), ("until: 2027-06-01", "until: 2027-09-01"))),
    ("contradiction", (), second(("by_person: [hold, suspend]", "by_person: [notify, hold, suspend]")),
     (), second(("mode: live", "mode: shadow"), OTHER)),
    ("milder-within", (), second(("at_least: 3}", "at_least: 9}"), (LADDER, "actions: [notify, step_up]")),
     (), second(("at_least: 3}", "at_least: 1}"), (LADDER, "actions: [notify, step_up]"))),
    ("overlap", (), second(ANY_TIME, MORE),
     (), second((TOTAL, "total_bits: {at_most: 2.9}"), MORE)),
    ("overlap", (), second(ANY_TIME, MORE),
     (), second(ANY_TIME, MORE, ("You may not", "Never"))),
    ("overlap", (), second(ANY_TIME, MORE),
     (), second(ANY_TIME)),
    ("shadowed", (), second(("at_least: 3}", "at_least: 4}")),
     (), second(("at_least: 3}", "at_least: 2}"), ("72h", "24h"))),
    ("notice", one(NOTICE, ""), "", ((NOTICE, ""), (LADDER, "actions: [observe]")), ""),
    ("notice", one("Until {until}.", "For a while."), "", one("Until {until}.", "No longer than {until}."), ""),
    ("notice", one("We saw {facts}.", "We saw {facts} {} ."), "", one("We saw {facts}.", "We saw ({facts})."), ""),
    ("appeal", one(APPEAL, ""), "", ((APPEAL, ""), (LADDER, "actions: [observe]")), ""),
    ("appeal", one("appeals/{decision}", "appeals/{Decision}"), "", one("appeals/{decision}", "a?d={decision}"), ""),
    ("expiry", one("2027-06-01", "2028-01-06"), "", one("2027-06-01", "2028-01-05"), ""),
    ("expiry", (("2026-12-01", "2026-10-01"), ("2027-06-01", "2026-12-01")), "",
     (("2026-12-01", "2026-10-01"), ("2027-06-01", "2026-12-01T00:01Z")), ""),
    ("outlives", one("72h", "183d"), "", one("72h", "90d"), ""),
    ("agreements", tuple((f"      - {spared}\n", "") for spared in ("agreement: {kind: research}", RESELLER))
     + one("agreement: {kind: red_team, longest: 31d}", "account_age_d: {at_least: 900}"), "",
     tuple((f"      - {spared}\n", "") for spared in ("agreement: {kind: research}", RESELLER)), ""),
    ("attribution", one(RESELLER, "agreement: {kind: reseller}"), "",
     one(RESELLER, "agreement: {kind: own_model}"), ""),
    ("red-team", one(", longest: 31d", ""), "", one("longest: 31d", "longest: 1h"), ""),
    ("warns-first", one("[observe, notify, throttle,", "[observe, throttle,"), "",
     (("[observe, notify, throttle, hold, suspend]\n    by_person: [hold, suspend]", "[observe]"),), ""),
    ("detector", one(Q, "detector_bits: {detector: artefact_reply, class: artefacts, at_least: 1}"), "",
     one(Q, "detector_bits: {detector: artefact_replay, class: artefacts, at_least: 1}"), ""),
    ("too-many-cases", pigeons(9, 8) + WEAK, "", pigeons(4, 3) + WEAK, ""),
]  # fmt: skip
"""Of a rule, one or more pairs."""


def rules(changes: tuple[Change, ...], more: str) -> set[str]:
    loaded = load(text(*changes, more=more).encode(), "t.yaml")
    known = KNOWN if "artefact" in text(*changes) else None
    return {remark.rule for remark in lint(loaded, NOW_MS, known)}


IDS = [f"{pair[0]}-{at}" for at, pair in enumerate(PAIRS)]


@pytest.mark.parametrize(("rule", "changes", "more", "_near", "_more"), PAIRS, ids=IDS)
def test_terms_that_break_a_rule_are_named(rule: str, changes, more: str, _near, _more) -> None:
    assert rule in rules(changes, more)


@pytest.mark.parametrize(("rule", "_changes", "_more", "near", "more"), PAIRS, ids=IDS)
def test_terms_one_word_away_are_not(rule: str, _changes, _more, near, more: str) -> None:
    assert rule not in rules(near, more)


def test_every_rule_has_a_pair(root: Path) -> None:
    sources = (root / "src" / "stillwatch" / "policy" / "lint").glob("*.py")
    named = {name for path in sources for name in re.findall(r'remark\(\s*"([a-z-]+)"', path.read_text("utf-8"))}

    assert {pair[0] for pair in PAIRS} == named
    assert len(linting.RULES) >= 15


def test_the_example_of_an_overlap_breaks_both_clauses() -> None:
    more = second(ANY_TIME, MORE)
    loaded = load((FINE + more).encode(), "t.yaml")

    [remark] = lint(loaded, NOW_MS)

    assert (remark.rule, remark.severity, remark.clause) == ("overlap", "warning", "second")
    assert "same sentence as no-model-copying" in remark.says
    assert remark.witness is not None
    outcomes = {judge_clause(remark.witness, one, "t@1", NOW_MS).outcome for one in loaded.terms.clauses}
    assert outcomes == {"broken"}
