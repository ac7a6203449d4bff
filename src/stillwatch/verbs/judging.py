"""Terms and a store as the verbs take them: read, linted, opened."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.enforcement.rules import DEFAULT
from stillwatch.model.errors import InputError, TermsError
from stillwatch.policy.lint import lint
from stillwatch.store.database import Database
from stillwatch.verbs.terms import detector_classes, load_terms

if TYPE_CHECKING:
    from stillwatch.model.terms import Terms
    from stillwatch.serve.watch.acting import TermsJudge


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


def terms_judge(terms: str | None, store: str | None) -> TermsJudge | None:
    """Make the judge of ``--terms`` and ``--store``; None where neither is given.

    Raises
    ------
    InputError
        One is given without the other.
    """
    if not terms and not store:
        return None
    if not terms or not store:
        raise InputError("judging takes both: --terms FILE and --store FILE, where decisions are recorded")
    from stillwatch.serve.watch.acting import TermsJudge

    return TermsJudge(sound_terms(terms), Database(Path(store)), DEFAULT)
