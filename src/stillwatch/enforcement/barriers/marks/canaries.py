"""Random-choice canaries (F2): where an answer must invent a placeholder, one of many equally good ones, by key.

Only values that are fictional by their form are exchanged: mailboxes at ``example.com``, ``.org`` and ``.net``
(RFC 2606) and telephone numbers 555-01xx. Nothing false is ever said about the world.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from stillwatch.enforcement.barriers.marks.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.enforcement.barriers.base import Call

FIRST: Final = ("ada", "ben", "cleo", "dev", "elin", "finn", "gwen", "hugo")
LAST: Final = ("abel", "brook", "cole", "dunn", "ellis", "frost", "grant", "hale")
CHOICES: Final = len(FIRST) * len(LAST)
"""Equally good mailboxes; the chance that an uninvolved model matches one is at most 1 in this."""
_PLACE: Final = re.compile(
    r"\b(?P<box>[a-z][a-z0-9._-]{1,40})@(?P<host>example\.(?:com|org|net))\b|\b555-01(?P<number>\d\d)\b"
)


@dataclass(frozen=True, slots=True)
class Canaries(Mark):
    """The same placeholder of the same account is always exchanged for the same one."""

    name: ClassVar[str] = "canaries"
    costs: ClassVar[str] = "Placeholders look a little less familiar."

    def pick(self, call: Call, place: str) -> int:
        """Give the pick for one placeholder, 0 to 65,535."""
        return int.from_bytes(self.drawn(call, place)[:2])

    def change(self, call: Call, edits: list[str]) -> Callable[[str], str]:
        """Exchange placeholders."""

        def exchanged(found: re.Match[str]) -> str:
            old, box, host = found.group(), found["box"], found["host"]
            # What the user wrote is the user's, and a pick is not picked again.
            if old in call.prompt or (box and _picked(box)):
                return old
            if box:
                n = self.pick(call, f"mailbox@{host}") % CHOICES
                new = f"{FIRST[n // len(LAST)]}.{LAST[n % len(LAST)]}@{host}"
            else:
                new = f"555-01{self.pick(call, 'telephone') % 100:02}"
            if new != old:
                edits.append(f"{old} -> {new}")
            return new

        return lambda prose: _PLACE.sub(exchanged, prose)


def _picked(box: str) -> bool:
    first, _, last = box.partition(".")
    return first in FIRST and last in LAST
