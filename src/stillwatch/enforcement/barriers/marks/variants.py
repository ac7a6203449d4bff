"""Keyed wording variants (F1): of two equal wordings the one that a secret key picks.

A student of marked answers prefers the picked wordings; under the hypothesis that it never saw them the picks are
coin tosses of ours, so a test of it is exact. About four edits in a hundred words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from stillwatch.enforcement.barriers.marks.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.enforcement.barriers.base import Call

SLOTS: Final[tuple[tuple[str, str], ...]] = (
    ("for example", "for instance"),
    ("however,", "nevertheless,"),
    ("additionally,", "in addition,"),
    ("therefore,", "consequently,"),
    ("usually", "typically"),
    ("often", "frequently"),
    ("perhaps", "maybe"),
    ("nearly", "almost"),
    ("in general,", "generally,"),
    ("make sure that", "ensure that"),
    ("a large number of", "a great number of"),
    ("in order to", "so as to"),
    ("entirely", "completely"),
    ("approximately", "roughly"),
    ("quickly", "rapidly"),
    ("sometimes", "occasionally"),
    ("mainly", "primarily"),
    ("especially", "particularly"),
    ("anyone", "anybody"),
    ("everyone", "everybody"),
    ("someone", "somebody"),
    ("no one", "nobody"),
    ("toward", "towards"),
    ("among", "amongst"),
    ("afterward", "afterwards"),
    ("above all,", "most importantly,"),
    ("for this reason,", "because of this,"),
    ("as a result,", "as a consequence,"),
    ("in other words,", "put differently,"),
    ("first of all,", "to begin with,"),
    ("in the end,", "ultimately,"),
    ("a variety of", "a range of"),
)
"""Pairs that can stand for each other either way, 32: with fewer a test cannot reach small p-values."""
_WORD: Final = r"(?<![\w-])(?<!\ba )(?<!\ban )({})(?![\w-])"
"""A wording of its own; after an article an exchange might ask for the other article."""


@dataclass(frozen=True, slots=True)
class Variants(Mark):
    """The picks of a campaign, or of an account outside one, are always the same."""

    name: ClassVar[str] = "variants"
    costs: ClassVar[str] = "Four words in a hundred are exchanged for equals; style suffers a little."

    def bits(self, call: Call) -> tuple[bool, ...]:
        """Give the pick of every slot."""
        return tuple(self.drawn(call, i)[0] & 1 == 1 for i in range(len(SLOTS)))

    def change(self, call: Call, edits: list[str]) -> Callable[[str], str]:
        """Exchange wordings."""
        wanted = {
            there.lower(): here
            for pair, bit in zip(SLOTS, self.bits(call), strict=True)
            for here, there in [pair if bit else pair[::-1]]
        }
        pattern = re.compile(
            _WORD.format("|".join(map(re.escape, sorted(wanted, key=len, reverse=True)))), re.IGNORECASE
        )

        def exchanged(found: re.Match[str]) -> str:
            old = found.group()
            new = wanted[old.lower()]
            edits.append(f"{old.lower()} -> {new}")
            return new[0].upper() + new[1:] if old[0].isupper() else new

        return lambda prose: pattern.sub(exchanged, prose)
