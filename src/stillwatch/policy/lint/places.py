"""Place, nationality and language: words that no terms may hold.

A dossier has no such field, so a condition cannot ask for one. What is left are names (of plans, detectors, clauses)
and wording: a plan called ``trial-cn``, a sentence that only some nationality would break.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.account.plan import PlanIn
from stillwatch.policy.conditions.evidence.detector import DetectorBits
from stillwatch.policy.lint.exempt import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillwatch.model.terms import Clause
    from stillwatch.policy.lint.remark import Looked, Remark

_HARMLESS: Final = re.compile(
    r"\b(?:(?:large|small)\s+)?(?:language|foundation)\s+(?:model|models|technology)\b"
    r"|\b(?:programming|markup|query|natural|plain|machine)[\s-]+languages?\b"
    r"|\brace\s+conditions?\b"
    r"|\b(?:foreign|other)\s+(?:key|keys|model|models|owner|owners|reasoning)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@cache
def _words() -> dict[str, frozenset[str]]:
    """Read the list: kind -> words, lower case but for names that are common words, too."""
    found: dict[str, set[str]] = {}
    kind = ""
    for line in files(__package__).joinpath("places.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind = line.strip("[]")
        elif line and not line.startswith("#"):
            words = line.split()
            found.setdefault(kind, set()).update(words if kind == "written-as-names" else map(str.lower, words))
    return {name: frozenset(words) for name, words in found.items()}


def _spoken(text: str, *, name: bool) -> Iterator[str]:
    """Give the words of a text, hyphenated ones whole, in pairs and apart."""
    rest = _HARMLESS.sub(" ", text.replace("_", "-"))
    for found in _WORD.finditer(rest):
        parts = found[0].split("-")
        yield from (found[0], *parts, *("-".join(pair) for pair in pairwise(parts)))
    if not name:
        apart = _WORD.findall(rest)
        yield from ("-".join(pair) for pair in pairwise(apart))


def named(text: str, *, name: bool = False) -> str:
    """Find the first word in a text that names a place, a people or a language; "" where there is none.

    Parameters
    ----------
    text
        A sentence, or a name made of words with dashes.
    name
        Whether it is a name: there codes of countries count as well.

    Examples
    --------
    >>> named("accounts of Brazilian customers"), named("a large language model"), named("trial-cn", name=True)
    ('Brazilian', '', 'cn')
    """
    known = _words()
    lower = known["ideas"] | known["countries"] | known["peoples"] | known["phrases"]
    for word in _spoken(text, name=name):
        if word.lower() in lower or word in known["written-as-names"] or (name and word.lower() in known["codes"]):
            return word
    return ""


def _names(clause: Clause) -> Iterator[tuple[str, str]]:
    yield "id", clause.id
    for part in ("conditions", "exemptions"):
        for one in leaves(getattr(clause, part)):
            names: Iterable[str] = one.names if isinstance(one, PlanIn) else ()
            names = (one.detector,) if isinstance(one, DetectorBits) else names
            yield from ((part, name) for name in names)


def _texts(clause: Clause) -> Iterator[tuple[str, str]]:
    yield "sentence", clause.sentence
    yield "notice", clause.notice


def places(looked: Looked) -> Iterator[Remark]:
    """Find names and wording about place, nationality or language."""
    do = "take it out: place, nationality and language are never weighed; jurisdictions only tags for reviewers"
    for clause in looked.terms.clauses:
        for part, text in _names(clause):
            word = named(text, name=True)
            if word:
                says = f"the name {text!r} in {part} speaks of a place, a nationality or a language ({word!r})"
                yield looked.remark("place-or-language", "error", clause, part, says, do)
        for part, text in _texts(clause):
            word = named(text)
            if word:
                says = f"the {part} speaks of a place, a nationality or a language ({word!r})"
                yield looked.remark("place-or-language", "error", clause, part, says, do)
