"""The account of one member of an exchange as a page that a lawyer can read, in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_HEAD: Final = """# Account of {name}

Everything that {name} ever sent to this exchange or could read in it, drawn {when}; what is deleted after a time is
said to be. No other member is named. `log` is the number of the entry of the transparency log that tells of a row;
anybody can check the log against its signed checkpoint (`stillwatch hub audit`). `record.jsonl` holds the same rows
whole, one a line.
"""
_LEFT_OUT: Final = ("at", "object", "salt", "record", "sha256", "entry")
"""What is in the lines of JSON only."""
_LONGEST: Final = 160
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def account_page(
    name: str, when: str, sections: Iterable[tuple[str, str, Iterable[Mapping[str, Any]]]]
) -> Iterator[str]:
    """Write the page, a piece at a time.

    Parameters
    ----------
    name
        The member.
    when
        When the account was drawn.
    sections
        Name, sentence and rows of each.

    Notes
    -----
    What members wrote is shown as text: nothing of it is read as Markdown or HTML.
    """
    yield _HEAD.format(name=text(name), when=text(when))
    for title, says, rows in sections:
        yield f"\n## {text(title).capitalize()}\n\n{says}\n\n"
        count = 0
        for count, row in enumerate(rows, 1):
            shown = {key: value for key, value in row.items() if key not in _LEFT_OUT}
            if count == 1:
                yield f"| {' | '.join(map(text, shown))} |\n|{' --- |' * len(shown)}\n"
            yield f"| {' | '.join(text(_plain(value)) for value in shown.values())} |\n"
        yield f"\n{count:,} rows.\n" if count else "Nothing.\n"


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    return "" if value is None else str(value)


def text(value: str) -> str:
    """Write text that Markdown shows as it is, on one line, cut where it is long.

    Examples
    --------
    >>> print(text("a|b <i>") == chr(92).join(("a", "|b ", "<i", ">")))
    True
    """
    short = value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    return _SPECIAL.sub(r"\\\1", _BREAKS.sub(" ", short))
