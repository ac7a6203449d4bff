"""What every HTML page shares: its templates, its words, and the policy that forbids it scripts and requests."""

from __future__ import annotations

from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from stillwatch.reports import words

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
WORDS: Final = (
    *(words.amount, words.bits, words.clean, words.count, words.counted, words.day, words.did_more, words.odds),
    *(words.one_in, words.ordinary, words.percent, words.plain, words.rare, words.sentence, words.when, words.without),
)
"""What templates say numbers and strangers' strings with."""


@cache
def environment() -> Environment:
    """Give the templates; all of them escape what they are given."""
    made = Environment(
        loader=PackageLoader("stillwatch.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {word.__name__: word for word in WORDS}
    return made
