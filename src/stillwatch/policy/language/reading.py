"""What reading a file of terms shares: where it is, what was wrong, and how far it goes on after something was."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stillwatch.model.terms import Condition
    from stillwatch.policy.language.nodes import Node

MOST_PROBLEMS: Final = 100
"""Problems listed; the rest would follow from these."""


class Unreadable(Exception):  # noqa: N818 - it never leaves this package
    """A value that could not be read; the problem is noted already."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not written as the language asks."""

    line: int
    """Line in the file, from 1."""
    clause: str
    """Clause it stands in, "" outside of any."""
    says: str
    """What is wrong and what to do."""


@dataclass(slots=True)
class Reading:
    """One file being read."""

    condition: Callable[[Node, Reading], Condition]
    """Reads a condition; conditions nest."""
    clause: str = ""
    """Clause being read."""
    problems: list[Problem] = field(default_factory=list)
    """Found so far, in order."""

    def note(self, line: int, says: str) -> None:
        """Write a problem down and go on."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(line, self.clause, says))

    def refuse(self, line: int, says: str) -> Unreadable:
        """Write a problem down and give what to raise."""
        self.note(line, says)
        return Unreadable()


def meant(word: str, known: Iterable[str]) -> str:
    """Name what was probably meant, or all there is.

    Examples
    --------
    >>> meant("evidnce", ("evidence", "notice"))
    "did you mean 'evidence'?"
    >>> meant("x", ("evidence", "notice"))
    'write one of: evidence, notice'
    """
    words: Sequence[str] = tuple(known)
    near = difflib.get_close_matches(word[:60], words, 1)
    return f"did you mean {near[0]!r}?" if near else f"write one of: {', '.join(words)}"
