"""Terms and a store as the verbs take them: read, linted, opened."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError, TermsError
from stillwatch.policy.lint import lint
from stillwatch.store.database import Database
from stillwatch.verbs.rules_file import read_rules
from stillwatch.verbs.terms import detector_classes, load_terms

if TYPE_CHECKING:
    from stillwatch.judging import TermsJudge
    from stillwatch.model.terms import Terms


def sound_terms(name: str) -> Terms:
    """Read terms that lint finds no error in: with others nobody is judged.

    Raises
    ------
    TermsError
        They are not well written, or a clause could restrict where none may.
    """
    loaded = load_terms(name)
    errors = [one for one in lint(loaded, int(time.time() * 1000), detector_classes()) if one.severity == "error"]
    if errors:
        first = errors[0]
        raise TermsError(
            f"{name}: line {first.line}: {first.clause}: {first.says}; {len(errors)} errors in all, see: "
            f"stillwatch terms lint {name}"
        )
    return loaded.terms


def terms_judge(terms: str | None, store: str | None, rules: str | None = None) -> TermsJudge | None:
    """Make the judge of ``--terms``, ``--store`` and ``--rules``; None where none is given.

    Raises
    ------
    InputError
        Terms are given without a store, or the other way round, or the rules are not well written.
    """
    set_rules = read_rules(rules)
    if not terms and not store and not rules:
        return None
    if not terms or not store:
        raise InputError("judging takes both: --terms FILE and --store FILE, where decisions are recorded")
    from stillwatch.judging import TermsJudge

    return TermsJudge(sound_terms(terms), Database(Path(store)), set_rules)
